"""Look-alikes that are looked for among changed tables are those that are looked for among all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.context.catalog import alike
from gnomon.context.catalog.alike import find_alike

Columns = dict[str, frozenset[str]]

CATALOGUES = st.dictionaries(
    st.sampled_from("abcdefghij"),
    st.frozensets(st.sampled_from(("id", "at", "of", "by", "to")), min_size=3),
    max_size=9,
)


@pytest.mark.requirement("build:night-equals-full")
@settings(max_examples=400, deadline=None)
@given(before=CATALOGUES, after=CATALOGUES, kept=st.booleans())
def test_pairs_of_unchanged_tables_are_kept_and_the_others_found(
    before: Columns, after: Columns, kept: bool
) -> None:
    """Names become too common to count, and cease to be, also where a table that has them did not change."""
    after = {**before, **after} if kept else after
    changed = [table for table, columns in after.items() if before.get(table) != columns]
    with pytest.MonkeyPatch.context() as small:
        small.setattr(alike, "COMMON_COLUMN", 5)
        assert find_alike(after, changed, find_alike(before)) == find_alike(after)
