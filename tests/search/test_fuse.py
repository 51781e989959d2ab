"""Reciprocal rank fusion."""

import pytest

from gnomon.search.fuse import DAMPING, LEAST_BOOST, MOST_BOOST, boosted, fuse


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


@pytest.mark.requirement("search:boosts")
def test_a_boost_decides_between_neighbours() -> None:
    merged = fuse([["raw_orders", "orders", "refunds"]], k=DAMPING)
    assert [i for i, _ in boosted(merged, {"orders": 1.1})] == ["orders", "raw_orders", "refunds"]


@pytest.mark.requirement("search:boosts")
def test_no_boost_lifts_what_does_not_fit_over_what_does() -> None:
    ids = [f"rank {rank:02}" for rank in range(1, 31)]
    merged = fuse([ids, ids, ids], k=DAMPING)
    boosts = {**dict.fromkeys(ids[:9], 0.001), **dict.fromkeys(ids[9:], 1_000.0)}
    assert boosted(merged, boosts)[0][0] in ids[:10]
    assert boosted(merged, {ids[0]: LEAST_BOOST, ids[9]: MOST_BOOST})[0][0] == ids[1]


@pytest.mark.requirement("search:boosts")
def test_without_boosts_the_merged_list_stays_as_it_is() -> None:
    merged = fuse([["b", "a"], ["a", "c"]])
    assert boosted(merged, None) == boosted(merged, {}) == boosted(merged, {"x": 1.2}) == merged
