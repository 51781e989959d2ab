"""Keeps of a model's answer what its evidence bears out: citations, names and numbers are looked up."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gnomon.context.catalog.enrich.evidence import Evidence, Item, TableInput
from gnomon.context.catalog.facts import Fact, FactKind, Origin
from gnomon.policy.untrusted import HIDDEN, as_data, defang

MAX_ANSWER_CHARS = 400_000
MAX_TEXT_CHARS = 400
MAX_STATEMENTS = 40
MAX_CITES = 12
_PLACES_SHOWN = 3

KINDS: dict[str, FactKind] = {
    "purpose": "meaning",
    "grain": "grain",
    "scope": "scope",
    "use_when": "use_when",
    "freshness": "freshness",
    "nulls": "derivation",
}
_SMALL = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen"),
)
_LARGE = {"twenty": "20", "thirty": "30", "sixty": "60", "ninety": "90", "hundred": "100", "thousand": "1000"}
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_SMALL, start=2)} | _LARGE
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_NAME = re.compile(r"`[^`]+`|\w+(?:\.\w+)+|\w*_\w+")
_TOKEN = re.compile(r"\w+")


@dataclass(slots=True)
class Verified:
    """What is kept of the answer for one table, and why the rest is not."""

    facts: tuple[Fact, ...] = ()
    dropped: Counter[str] = field(default_factory=Counter)


def verified(text: str, evidence: Evidence, model_id: str) -> dict[str, Verified]:
    """The proven statements of each table that the answer speaks of; empty if the answer is no JSON.

    A table that was not asked about is passed over.
    """
    asked = {as_data(table.table): table for table in evidence.tables}
    found: dict[str, Verified] = {}
    for entry in _entries(text):
        table = asked.get(str(entry.get("table", "")))
        statements = entry.get("statements")
        if table is not None and table.table not in found and isinstance(statements, list):
            found[table.table] = _of_table(table, statements, evidence, model_id)
    return found


def _of_table(table: TableInput, statements: list[Any], evidence: Evidence, model_id: str) -> Verified:
    result = Verified()
    kept: list[Fact] = []
    for statement in statements[:MAX_STATEMENTS]:
        checked = _checked(table, statement, evidence, model_id)
        if isinstance(checked, Fact):
            kept.append(checked)
        else:
            result.dropped[checked] += 1
    if len(statements) > MAX_STATEMENTS:
        result.dropped["too many statements"] += len(statements) - MAX_STATEMENTS
    result.facts = tuple(dict.fromkeys(kept))
    return result


def _checked(table: TableInput, statement: Any, evidence: Evidence, model_id: str) -> Fact | str:
    """The statement as a fact, or the reason why it is dropped."""
    if not isinstance(statement, dict):
        return "not an object"
    kind, text, column = (statement.get(name) for name in ("kind", "text", "column"))
    if not isinstance(kind, str) or kind not in KINDS:
        return "unknown kind"
    if not isinstance(text, str) or not text.strip():
        return "no text"
    text = " ".join(text.split())
    if len(text) > MAX_TEXT_CHARS:
        return "too long"
    if HIDDEN in as_data(text) or defang(text) != text:
        return "links or hidden characters"
    cited = _cited(table, statement.get("cites"), evidence)
    if isinstance(cited, str):
        return cited
    about = column if isinstance(column, str) and kind == "nulls" else ""
    spelled = {c.casefold(): c for c in table.columns}
    if kind == "nulls" and about.casefold() not in spelled:
        return "unknown column"
    if reason := _unproven(table, text, cited):
        return reason
    return Fact(table.table, KINDS[kind], text, _origin(cited, model_id), spelled.get(about.casefold(), ""))


def _cited(table: TableInput, cites: Any, evidence: Evidence) -> list[Item] | str:
    if not isinstance(cites, list) or not cites:
        return "cites nothing"
    items = [evidence.items.get(c) if isinstance(c, str) else None for c in cites[:MAX_CITES]]
    known = [item for item in items if item is not None]
    if len(known) < len(items) or any(item.table != table.table for item in known):
        return "cites what was not given"
    return known


def _unproven(table: TableInput, text: str, cited: Iterable[Item]) -> str:
    source = " ".join(item.text for item in cited)
    if not set(_numbers(text)) <= set(_numbers(source)):
        return "a number that is not in the evidence"
    known = {token.casefold() for token in _TOKEN.findall(" ".join([source, table.table, *table.columns]))}
    for name in _NAME.findall(text):
        if not {token.casefold() for token in _TOKEN.findall(name)} <= known:
            return "a name that is not in the evidence"
    return ""


def _numbers(text: str) -> Iterable[str]:
    for number in _NUMBER.findall(text):
        plain = number.replace(",", "").rstrip(".")
        yield plain.rstrip("0").rstrip(".") if "." in plain else plain.lstrip("0") or "0"
    for word in _WORD.findall(text):
        if word.casefold() in _NUMBER_WORDS:
            yield _NUMBER_WORDS[word.casefold()]


def _origin(cited: list[Item], model_id: str) -> Origin:
    places = list(dict.fromkeys(item.place for item in cited))
    more = f" and {len(places) - _PLACES_SHOWN} more" if len(places) > _PLACES_SHOWN else ""
    return Origin("model", f"{', '.join(places[:_PLACES_SHOWN])}{more}", model_id)


def _entries(text: str) -> list[dict[str, Any]]:
    """The tables of the answer; models like to put JSON between words or fences."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start or len(text) > MAX_ANSWER_CHARS:
        return []
    try:
        answer = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return []
    tables = answer.get("tables") if isinstance(answer, dict) else None
    return [entry for entry in tables if isinstance(entry, dict)] if isinstance(tables, list) else []
