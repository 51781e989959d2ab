"""The helpers for those who look at statements."""

import duckdb
import pytest

from gnomon.domain.errors import Refused, Retry
from gnomon.policy.sql import parse_one_statement, quote_identifier, quote_text, referenced_columns


@pytest.mark.requirement("policy:rewrite")
def test_columns_are_listed_once_in_order() -> None:
    tree = parse_one_statement("SELECT c.a, sum(b), c.a, * FROM t c WHERE d = 1", "duckdb")
    assert referenced_columns(tree) == (("c", "a"), ("", "b"), ("", "d"))


@pytest.mark.requirement("policy:rewrite")
@pytest.mark.parametrize("name", ["plain", 'a "b"', "it's; --", "Größe", "a.b"])
def test_quoted_names_and_texts_come_back_as_they_were(name: str) -> None:
    cursor = duckdb.execute(f"SELECT {quote_text(name)} AS {quote_identifier(name)}")
    assert (cursor.description[0][0], cursor.fetchone()) == (name, (name,))


@pytest.mark.requirement("policy:deny-by-default")
def test_only_a_single_read_is_parsed() -> None:
    with pytest.raises(Refused):
        parse_one_statement("DROP TABLE x", "sqlite")
    with pytest.raises(Retry):
        parse_one_statement("SELECT 1; SELECT 2", "sqlite")
