"""Cards, profiles and catalogs come back as they were written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.context.catalog import codec
from gnomon.domain.catalog import Catalog, TableCard, TableProfile, TableSchema

st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


@pytest.mark.requirement("index:codec")
@settings(derandomize=True, deadline=None)
@given(st.from_type(TableCard))
def test_any_card_survives_the_codec(card: TableCard) -> None:
    assert codec.card_from_json(codec.card_to_json(card)) == card


@pytest.mark.requirement("index:codec")
@settings(derandomize=True, deadline=None)
@given(st.from_type(TableProfile))
def test_any_profile_survives_the_codec(profile: TableProfile) -> None:
    assert codec.profile_from_json(codec.profile_to_json(profile)) == profile


@pytest.mark.requirement("index:codec")
@settings(derandomize=True, deadline=None)
@given(st.from_type(Catalog))
def test_any_catalog_survives_the_codec(catalog: Catalog) -> None:
    assert codec.catalog_from_json(codec.catalog_to_json(catalog)) == catalog


@pytest.mark.requirement("index:codec")
@settings(derandomize=True, deadline=None)
@given(st.from_type(TableSchema), st.from_type(TableSchema))
def test_schemas_have_equal_texts_only_if_they_are_equal(one: TableSchema, two: TableSchema) -> None:
    assert (codec.schema_to_json(one) == codec.schema_to_json(two)) == (one == two)
