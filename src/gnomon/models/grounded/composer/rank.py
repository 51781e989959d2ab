"""What is known of a whole reading: the features by which readings of one question are told apart."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gnomon.models.grounded.composer.build import Variant
from gnomon.models.grounded.composer.slots import SKIP, Option, Question
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.tagging import Item

if TYPE_CHECKING:
    from gnomon.models.grounded.composer.search import Assignment

WATCHED: frozenset[str] = frozenset(
    [
        "count",
        "agg",
        "superlative",
        "group",
        "time_group",
        "order",
        "direction",
        "distinct",
        "compare",
        "between",
        "not",
        "without",
        "share",
        "common",
        "or",
        "suffix_compare",
        "unsupported",
        "yes_no",
        "null",
        "contains",
        "each",
    ]
)
"""Kinds of steering words that leave a trace in a reading that has heard them."""


def describe(
    question: Question,
    found: "Assignment",
    reading: Reading,
    variant: Variant,
    best: float,
    position: int,
    careful: str,
) -> dict[str, float]:
    """Named features of one candidate reading.

    Args:
        best: The score of the likeliest assignment of the question.
        position: How many candidates come before.
        careful: What the careful reader makes of it: the `same` statement, an `other` one, or why none.
    """
    features: dict[str, float] = {"bias": 1.0}
    roles = found.roles
    logs = [log for _, _, log in found.choices]
    features["score"] = max(found.score, -12.0) / 4
    features["behind"] = min(best - found.score, 8.0) / 4
    features["worst"] = max(min(logs, default=0.0), -5.0) / 2
    features[f"worst~{_bin(-min(logs, default=0.0))}"] = 1.0
    features[f"score~{_bin(-found.score)}"] = 1.0
    features[f"behind~{_bin(best - found.score)}"] = 1.0
    features[f"pos~{min(position, 5)}"] = 1.0
    features["slots"] = min(len(logs), 12) / 6
    shape = _shape(reading, variant)
    for name in shape:
        features[f"s:{name}"] = 1.0
    cues: set[str] = {i.cue.kind for i in question.items if i.cue is not None and i.cue.kind in WATCHED}
    for kind in cues:
        features[f"q:{kind}"] = 1.0
        for name in shape:
            features[f"{kind}&{name}"] = 1.0
    for name in shape:
        for kind in WATCHED - cues:
            features[f"-{kind}&{name}"] = 1.0
    for name in _unsaid(question, roles):
        features[name] = features.get(name, 0.0) + 1.0
    features[f"careful={_kind_of(careful)}"] = 1.0
    features["read carefully"] = float(careful in ("same", "other"))
    features[f"alike~{careful == 'same'}~{_bin(-found.score)}"] = 1.0
    for name in _odd(question, reading, roles, variant):
        features[name] = 1.0
    return features


def _kind_of(doubt: str) -> str:
    """The first words of a reason, without names of the data."""
    return " ".join(re.sub(r"`[^`]*`|\S*[._]\S*", "X", doubt).split()[:5])


def _bin(value: float) -> str:
    for edge in (0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.0, 3.0, 4.5, 6.0, 9.0):
        if value < edge:
            return f"<{edge}"
    return "more"


def _shape(reading: Reading, variant: Variant) -> list[str]:
    plain = sum(t.aggregate is None for t in reading.targets)
    computed = sorted({t.aggregate for t in reading.targets if t.aggregate})
    negated = any(k.operator == "not exists" for k in reading.linked) or any(t.negated for t in reading.tests)
    counted = any(k.operator in (">", ">=", "<", "<=", "=") for k in reading.linked)
    known = {
        f"plain{min(plain, 3)}": True,
        f"agg{min(len(computed), 2)}": True,
        f"groups{min(len(reading.groups) + (reading.group_by_entity is not None), 2)}": True,
        "order": reading.order is not None and reading.limit is None,
        "top": reading.limit is not None,
        "linkedtop": reading.order is not None and reading.order.linked is not None,
        "having": reading.having is not None,
        "counted": counted,
        "negated": negated,
        "exists": any(k.operator == "exists" for k in reading.linked),
        "average": bool(reading.against_average),
        f"conditions{min(len(reading.conditions) + len(reading.either) + len(reading.tests), 3)}": True,
        "unequal": any(c.operator in ("<>", "not in") for c in reading.conditions),
        variant: variant != "and",
        "distinct": reading.distinct,
    }
    return [name for name, here in known.items() if here] + [f"is-{a}" for a in computed]


def _unsaid(question: Question, roles: Mapping[int, Option]) -> Iterator[str]:
    """Words that no role says."""
    tables = {o.table for o in roles.values()}
    for slot in question.slots:
        if slot.at in roles:
            continue
        item = slot.item
        best = max((o.link.score for o in slot.options if o.link is not None), default=0.0)
        touched = any(o.table in tables for o in slot.options if o.role != SKIP)
        yield f"skip:{item.kind}"
        yield f"skip:{item.kind}:{round(best, 1)}:{touched}"
    for at, item in enumerate(question.items):
        if at in roles:
            continue
        if item.kind == "unknown" or item.is_cue("unsupported"):
            yield "unknown"
            yield f"unknown={item.text.lower()}"
        elif item.kind in ("number", "period", "quoted"):
            yield f"unsaid:{item.kind}"
        elif item.cue is not None and item.cue.kind in WATCHED:
            yield f"cue={item.text.lower()}"


def _odd(
    question: Question, reading: Reading, roles: Mapping[int, Option], variant: Variant
) -> Iterator[str]:
    tables = {o.table for o in roles.values() if o.table is not None}
    yield f"tables~{min(len(tables), 4)}"
    yield f"targets~{min(len(reading.targets), 4)}"
    yield f"related~{min(sum(k.operator == 'exists' for k in reading.linked), 3)}"
    scores = [o.link.score for o in roles.values() if o.link is not None]
    yield f"weak~{round(min(scores, default=1.0), 1)}"
    refs = [o.ref for o in roles.values() if o.ref is not None and o.role.startswith("show")]
    yield f"again~{len(refs) > len(set(refs))}"
    words = {i.text.lower() for i in question.items}
    for word in ("both", "or", "and", "not", "each", "either", "but", "all", "only", "same", "than"):
        if any(word in w.split() for w in words):
            yield f"word:{word}:{variant}"
    shown_first = next((o.role for _, o in sorted(roles.items())), "-")
    yield f"first:{_word(question.items)}:{shown_first.partition(':')[0]}"
    if not reading.targets and not reading.groups:
        yield "lists nothing"


def _word(items: tuple[Item, ...]) -> str:
    return items[0].text.lower() if items else ""
