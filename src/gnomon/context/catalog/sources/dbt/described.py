"""Parts of a description that a manifest's entry and a property file's entry write alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gnomon.context.catalog.sources.dbt.fields import clean, is_false, listing, mapping, mappings, text, texts
from gnomon.context.catalog.sources.dbt.nodes import Constraint, NodeColumn, Test

_OWNER_KEYS = ("owner", "owners", "model_owner", "data_owner")


def person(owner: object) -> str:
    """An owner as one text: a text, a list of them, or a mapping with `name` and `email`."""
    if isinstance(owner, list):
        return ", ".join(said for each in owner if (said := person(each)))
    if not isinstance(owner, Mapping):
        return clean(owner, 200)
    name, emails = text(owner, "name", limit=200), ", ".join(texts(owner.get("email")))
    return f"{name} <{emails}>" if name and emails else name or emails


def owner_of(meta: Mapping[str, Any]) -> str:
    """The owner that `meta` names, or nothing."""
    return next((said for key in _OWNER_KEYS if (said := person(meta.get(key)))), "")


def meta_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """`meta` as the entry and its `config` have it; the entry's own wins."""
    return {**mapping(entry, "config", "meta"), **mapping(entry, "meta")}


def tags_of(*entries: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags of entries and of their `config`, each once."""
    return tuple(
        dict.fromkeys(
            tag
            for entry in entries
            for tags in (entry.get("tags"), mapping(entry, "config").get("tags"))
            for tag in texts(tags)
        )
    )


def freshness_of(entry: Mapping[str, Any], *fallbacks: Mapping[str, Any]) -> str:
    """How fresh a table is expected to be, in words; empty if nothing is.

    The `config` of an entry goes before the entry itself, as in dbt, and an entry before the fallbacks.
    An explicit null turns the expectation off.
    """
    places = [place for each in (entry, *fallbacks) for place in (mapping(each, "config"), each)]
    stated = next((place for place in places if "freshness" in place), {})
    rule = mapping(stated, "freshness")
    warn, error = _span(mapping(rule, "warn_after")), _span(mapping(rule, "error_after"))
    if not warn and not error:
        return ""
    field = next((said for place in places if (said := text(place, "loaded_at_field", limit=100))), "")
    by = f", by `{field}`" if field else ""
    late = f"; over {error} is an error" if warn and error and warn != error else ""
    return f"loaded at least every {(warn or error).removeprefix('1 ')}{by}{late}"


def _span(rule: Mapping[str, Any]) -> str:
    count, period = clean(rule.get("count"), 20), clean(rule.get("period"), 20)
    if not count or not period:
        return ""
    return f"1 {period}" if count == "1" else f"{count} {period}s"


def constraints_of(entry: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> tuple[Constraint, ...]:
    """The constraints of a model and of its columns."""
    found = [_constraint(each, texts(each.get("columns"))) for each in mappings(entry, "constraints")]
    for column in columns:
        name = text(column, "name")
        found += [_constraint(each, (name,)) for each in mappings(column, "constraints") if name]
    return tuple(found)


def _constraint(entry: Mapping[str, Any], columns: tuple[str, ...]) -> Constraint:
    to, to_columns = text(entry, "to"), texts(listing(entry, "to_columns"))
    expression = text(entry, "expression")
    if not to and "(" in expression:
        to, _, rest = expression.partition("(")
        to_columns = tuple(part.strip(' `"') for part in rest.rstrip(") ").split(","))
        to = to.removeprefix("references ").strip()
    return Constraint(text(entry, "type"), columns, to, to_columns)


def described_columns(
    columns: Sequence[Mapping[str, Any]], place_of: Callable[[Mapping[str, Any]], str]
) -> tuple[NodeColumn, ...]:
    """The columns that have a name, in order, each with the place where it is described."""
    return tuple(
        NodeColumn(name, text(column, "description"), place_of(column))
        for column in columns
        if (name := text(column, "name", limit=300))
    )


def test_of(node: str, column: str, entry: Mapping[str, Any], place: str) -> Test | None:
    """A test from `name`, `arguments` and `config`, as both readers put it; None if it is switched off."""
    config = mapping(entry, "config")
    if is_false(config.get("enabled")):
        return None
    arguments = mapping(entry, "arguments")
    return Test(
        node=node,
        name=text(entry, "name").rpartition(".")[2],
        column=column or text(arguments, "column_name"),
        arguments=arguments,
        where=text(config, "where", limit=300),
        only_warns=text(config, "severity").casefold() == "warn",
        place=place,
    )


def enabled(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is switched on, which it is if nothing is said."""
    return not is_false(mapping(entry, "config").get("enabled")) and not is_false(entry.get("enabled"))


def filters_of(value: object) -> Iterator[str]:
    """The conditions of a metric's or measure's `filter`: a text, a list of them, or `where_filters`."""
    if isinstance(value, Mapping):
        value = [text(each, "where_sql_template") for each in mappings(value, "where_filters")]
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):  # dbt before 1.6: {field, operator, value}
            each = " ".join(text(each, key) for key in ("field", "operator", "value"))
        if said := clean(each, 500):
            yield said
