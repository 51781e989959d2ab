"""What tests and constraints prove of a table: keys, joins, and the values a column may have."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gnomon.context.catalog.facts import Fact, Item, JoinClaim, KeyClaim, Origin
from gnomon.context.catalog.sources.dbt.fields import clean, text, texts
from gnomon.context.catalog.sources.dbt.jinja import reference
from gnomon.context.catalog.sources.dbt.nodes import Constraint, Lookup, Node, Project, Test

MAX_VALUES = 12
"""Accepted values that are told; a longer list is a domain of its own, which the index of values knows."""

_MAX_VALUE_CHARACTERS = 200

PLAIN_COLUMN = re.compile(r"[^\W\d][\w$]*")
"""A column's name, as against an expression over columns."""

_KEY_TESTS: Mapping[str, tuple[str, ...]] = {
    "unique": ("column_name", "field"),
    "expect_column_values_to_be_unique": ("column_name",),
    "unique_combination_of_columns": ("combination_of_columns",),
    "expect_compound_columns_to_be_unique": ("column_list",),
    "primary_key": ("column_names", "column_name"),
    "unique_key": ("column_names", "column_name"),
}
"""Tests that pass only if the columns named in one of these arguments identify a row: dbt's own, and those of
dbt_utils, dbt_expectations and dbt_constraints."""

_JOIN_TESTS: Mapping[str, tuple[str, str, str]] = {
    "relationships": ("column_name", "to", "field"),
    "foreign_key": ("fk_column_name", "pk_table_name", "pk_column_name"),
}
"""Tests of a link, with their arguments for child columns, parent and parent columns."""


class Claims:
    """Draws claims from a project's tests, constraints and entities.

    Args:
        source: The source's name in origins.
    """

    def __init__(self, project: Project, lookup: Lookup, source: str) -> None:
        self._project = project
        self._lookup = lookup
        self._source = source
        self._never_null = {
            (test.node, test.column.casefold())
            for test in project.tests
            if test.name == "not_null" and not test.where and not test.only_warns
        }

    def of_tests(self) -> Iterator[Item]:
        """Claims of every test on a table, in the order of the tests."""
        for test in self._project.tests:
            node = self._project.nodes.get(test.node)
            if node is None or not node.is_table:
                continue
            if test.name in _KEY_TESTS:
                yield from self._key(node, test)
            elif test.name in _JOIN_TESTS:
                yield from self._join(node, test)

    def of_constraints(self, node: Node) -> Iterator[Item]:
        """Claims of a model's contract."""
        origin = self._origin(node.place)
        for each in node.constraints:
            if each.kind in ("primary_key", "unique") and each.columns:
                yield KeyClaim(node.table, each.columns, origin)
            elif each.kind == "foreign_key" and each.to:
                yield from self._foreign_key(node, each, origin)

    def accepted_values(self) -> dict[str, dict[str, str]]:
        """By node, then by column: the values that a test accepts, in words."""
        found: dict[str, dict[str, str]] = {}
        for test in self._project.tests:
            said = _accepted(test)
            if said:
                found.setdefault(test.node, {})[test.column] = said
        return found

    def _key(self, node: Node, test: Test) -> Iterator[Item]:
        columns = _columns(test, _KEY_TESTS[test.name])
        if not columns:
            return
        origin, listed = self._origin(test.place), _listed(columns)
        if test.where:
            said = f"{listed} is tested to be unique only where {test.where}"
            yield Fact(node.table, "caveat", said, origin)
        elif test.only_warns:
            said = f"{listed} should be unique, but a test of it may fail without stopping the pipeline"
            yield Fact(node.table, "caveat", said, origin)
        else:
            yield KeyClaim(node.table, columns, origin)
            if test.name == "primary_key" or self._is_never_null(node, columns):
                said = f"One row per {listed} (tested: unique and never null)."
                yield Fact(node.table, "grain", said, origin)

    def _is_never_null(self, node: Node, columns: tuple[str, ...]) -> bool:
        constrained = {
            column.casefold()
            for each in node.constraints
            if each.kind in ("not_null", "primary_key")
            for column in each.columns
        }
        return all(
            c.casefold() in constrained or (node.id, c.casefold()) in self._never_null for c in columns
        )

    def _join(self, node: Node, test: Test) -> Iterator[Item]:
        child_argument, parent_argument, parent_columns_argument = _JOIN_TESTS[test.name]
        child_columns = _columns(test, (child_argument,))
        parent = self._parent(text(test.arguments, parent_argument), node)
        parent_columns = _names(test.arguments.get(parent_columns_argument))
        if parent and child_columns and len(child_columns) == len(parent_columns):
            origin = self._origin(test.place)
            yield JoinClaim(node.table, child_columns, parent, parent_columns, origin)
            if test.where:
                said = f"{_listed(child_columns)} is tested against `{parent}` only where {test.where}"
                yield Fact(node.table, "caveat", said, origin)

    def _foreign_key(self, node: Node, constraint: Constraint, origin: Origin) -> Iterator[Item]:
        parent = self._parent(constraint.to, node)
        there = tuple(column.strip('`" ') for column in constraint.to_columns)
        if parent and constraint.columns and len(there) == len(constraint.columns):
            yield JoinClaim(node.table, constraint.columns, parent, there, origin)

    def _parent(self, said: str, node: Node) -> str:
        """The table that `ref('x')`, `source('x', 'y')` or a relation's own name means; empty if none."""
        wanted = reference(said)
        if wanted is None:
            return "" if "(" in said else said.replace('"', "").replace("`", "").strip()
        found = self._lookup.find(wanted, node.package)
        return found.table if found is not None and found.is_table else ""

    def _origin(self, place: str) -> Origin:
        return Origin("documentation", place, self._source)


def _columns(test: Test, arguments: tuple[str, ...]) -> tuple[str, ...]:
    named = next((test.arguments[name] for name in arguments if test.arguments.get(name)), test.column)
    return _names(named)


def _names(value: object) -> tuple[str, ...]:
    """Column names; none if one of them is an expression."""
    named = tuple(each.strip('`" ') for each in texts(value))
    return named if all(PLAIN_COLUMN.fullmatch(each) for each in named) else ()


def _listed(columns: tuple[str, ...]) -> str:
    return " and ".join(f"`{column}`" for column in columns)


def _accepted(test: Test) -> str:
    values: Any = test.arguments.get("values")
    if test.name != "accepted_values" or not test.column or not isinstance(values, list):
        return ""
    listed = ", ".join(clean(each, 60) for each in values[: MAX_VALUES + 1])
    if not values or len(values) > MAX_VALUES or len(listed) > _MAX_VALUE_CHARACTERS:
        return ""
    where = f" where {test.where}" if test.where else ""
    return f"One of {listed}{where}." if len(values) > 1 else f"Always {listed}{where}."
