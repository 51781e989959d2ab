"""Reciprocal rank fusion."""

import pytest

from gnomon.search.fuse import fuse


@pytest.mark.requirement("ODA-15")
def test_an_entry_high_in_both_lists_leads_one_that_leads_a_single_list() -> None:
    assert next(i for i, _ in fuse([["a", "b", "c"], ["d", "b", "e"]])) == "b"


@pytest.mark.requirement("ODA-15")
def test_scores_follow_the_published_formula() -> None:
    assert dict(fuse([["a"], ["b", "a"]], weights=[2, 1], k=60)) == {"a": 2 / 61 + 1 / 62, "b": 1 / 61}


@pytest.mark.requirement("ODA-15")
def test_equal_scores_are_ordered_by_id() -> None:
    assert [i for i, _ in fuse([["b"], ["a"]])] == ["a", "b"]


@pytest.mark.requirement("ODA-15")
@pytest.mark.parametrize(
    ("rankings", "weights", "k"), [([["a", "a"]], None, 60), ([["a"]], None, 0), ([["a"]], [1.0, 2.0], 60)]
)
def test_malformed_rankings_are_refused(
    rankings: list[list[str]], weights: list[float] | None, k: int
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each case has its own words
        fuse(rankings, weights=weights, k=k)
