"""What is said about each column, asked at once, is what asking for one after the other finds."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.context.catalog.facts import LAYERS, Fact, FactKind, Origin
from gnomon.context.catalog.said import NOTHING_SAID, Said
from gnomon.domain.catalog import TableUsage

COLUMNS = ("", "a", "A", "b", "straße", "STRASSE")
KINDS = get_args(FactKind)
ORIGINS = st.builds(Origin, st.sampled_from(LAYERS), st.sampled_from(["x.yml:1", "y.sql:2"]))
FACTS = st.lists(
    st.builds(
        Fact,
        st.just("t"),
        st.sampled_from(KINDS),
        st.sampled_from(["one", "two"]),
        ORIGINS,
        st.sampled_from(COLUMNS),
    ),
    max_size=12,
)


@pytest.mark.requirement("ODA-14")
@given(FACTS)
def test_the_parts_say_what_the_whole_says(facts: list[Fact]) -> None:
    whole = Said(tuple(facts), TableUsage(1, 1), 0.5)
    parts = whole.by_column()
    own = parts[""]
    assert (own.usage, own.popularity) == (whole.usage, whole.popularity)
    for kind in KINDS:
        assert own.first(kind) is whole.first(kind)
        assert own.every(kind) == whole.every(kind)
        for column in COLUMNS[1:]:
            assert parts.get(column.casefold(), NOTHING_SAID).of_column(column, kind) is whole.of_column(
                column, kind
            )
