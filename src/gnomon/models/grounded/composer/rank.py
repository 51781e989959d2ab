"""What is known of a whole reading: the features by which readings of one question are told apart."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from gnomon.models.grounded.composer.build import Variant
from gnomon.models.grounded.composer.slots import SKIP, Option, Question
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.schema import Schema
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

UNLIKELY = -20.0
"""Role score of a reading that has no roles: the careful reader alone has it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A reading in words' roles, with its statement.

    Args:
        found: The roles; None if the careful reader alone reads the question so.
        left: Words that it leaves without a place.
        relating: How many words it explains by what it joins.
        again: How many words say again what it says.
        far: Whether it takes a value of related rows whose table the question does not name.
        sideways: Whether it goes from a table to another only by a third that both refer to.
        once: Whether equal rows are listed once although no word says so.
        twin: The statement that differs from it in that alone; empty if there is none.
    """

    reading: Reading
    sql: str
    found: "Assignment | None" = None
    variant: Variant = "and"
    left: tuple[str, ...] = ()
    relating: int = 0
    again: int = 0
    far: bool = False
    sideways: bool = False
    once: bool = False
    twin: str = ""

    @property
    def score(self) -> float:
        """Sum of the log probabilities of its roles."""
        return self.found.score if self.found is not None else UNLIKELY


def describe(
    question: Question, draft: Draft, drafts: Sequence[Draft], careful: str, doubt: str
) -> dict[str, float]:
    """Named features of one reading.

    Args:
        drafts: All readings of the question, this one among them.
        careful: The careful reader's statement; empty if it has none.
        doubt: Why it has none.
    """
    view = ("same" if draft.sql == careful else "other") if careful else _kind_of(doubt)
    features: dict[str, float] = {
        f"careful={view}": 1.0,
        "read carefully": float(bool(careful)),
        "certainty": draft.reading.certainty if view == "same" else 0.0,
        "left": float(len(draft.left)),
        "relating": float(draft.relating),
        "again": float(draft.again),
        "far": float(draft.far),
        "sideways": float(draft.sideways),
        "once": float(draft.once),
        "repeated": _repeated(question, draft.reading),
    }
    features |= _compared(draft, drafts)
    features |= _asked(question)
    if draft.found is not None:
        features |= _of_roles(question, draft.found)
        for name in _odd(question, draft.reading, draft.found.roles, draft.variant):
            features[name] = 1.0
        features["elsewhere"] = float(_elsewhere(question, draft.found.roles))
        for name in _unsaid(question, draft.found.roles):
            features[name] = features.get(name, 0.0) + 1.0
    return features | dict.fromkeys(_together(question, draft), 1.0)


def may_repeat(reading: Reading, schema: Schema) -> bool:
    """Whether rows that are listed may be alike: no column of theirs is known to hold each value once."""
    profiles = [schema.column(t.ref).profile for t in reading.targets if t.ref is not None]
    return not any(p is not None and p.exact and p.distinct >= p.rows - p.nulls > 0 for p in profiles)


def _repeated(question: Question, reading: Reading) -> float:
    """Of the values that are listed, the share that come again: 0 where each is another, or none is known."""
    profiles = [question.schema.column(t.ref).profile for t in reading.targets if t.ref is not None]
    shares = [1 - p.distinct / max(p.rows - p.nulls, 1) for p in profiles if p is not None and p.rows]
    return min(shares, default=0.0)


def _compared(draft: Draft, drafts: Sequence[Draft]) -> dict[str, float]:
    """How the roles of a reading stand beside those of the others."""
    best = max(d.score for d in drafts)
    others = [d.score for d in drafts if d is not draft and d.found is not draft.found]
    total = sum(math.exp(d.score - best) for d in drafts)
    whole = [d.score for d in drafts if not d.left]
    return {
        "score": draft.score,
        "behind": best - draft.score,
        "ahead": draft.score - max(others, default=UNLIKELY),
        "likely": math.exp(draft.score - best) / total,
        "position": float(sum(s > draft.score for s in others)),
        "whole": float(len(whole)),
        "first whole": float(not draft.left and draft.score == max(whole)),
    }


def _asked(question: Question) -> dict[str, float]:
    """What the question is like, whatever the reading.

    How large the data is has no part in it: what is learned on databases of five tables has to hold for
    fifty.
    """
    items = question.items
    unknown = sum(i.kind == "unknown" for i in items)
    found = {
        "unknown words": float(unknown),
        "values": float(sum(i.kind in ("value", "quoted") for i in items)),
        "numbers": float(sum(i.kind == "number" for i in items)),
        "periods": float(sum(i.kind == "period" for i in items)),
    }
    for item in items:
        if item.cue is not None and item.cue.kind in WATCHED:
            found[f"q:{item.cue.kind}"] = found.get(f"q:{item.cue.kind}", 0.0) + 1.0
    return found


def _of_roles(question: Question, found: "Assignment") -> dict[str, float]:
    """How likely the roles are one by one, and how well the names fit."""
    logs = sorted(log for _, _, log in found.choices)
    links = sorted(o.link.score for o in found.roles.values() if o.link is not None)
    values = [o.value.score for o in found.roles.values() if o.value is not None]
    said = [log for _, o, log in found.choices if o.role != SKIP]
    rivals = [_rivals(question, at, o) for at, o in found.roles.items()]
    return {
        "worst": logs[0] if logs else 0.0,
        "second worst": logs[1] if len(logs) > 1 else 0.0,
        "worst said": min(said, default=0.0),
        "mean": sum(logs) / len(logs) if logs else 0.0,
        "weakest name": links[0] if links else 1.0,
        "second weakest name": links[1] if len(links) > 1 else 1.0,
        "weakest value": min(values, default=1.0),
        "rivals": float(max(rivals, default=0)),
        "all rivals": float(sum(rivals)),
    }


def _elsewhere(question: Question, roles: Mapping[int, Option]) -> int:
    """How many words are taken for columns of tables that nothing else speaks of, though others might do."""
    tables = [o.table for o in roles.values()]
    alone = [at for at, o in roles.items() if o.ref is not None and tables.count(o.table) == 1]
    options = {slot.at: slot.options for slot in question.slots}
    others = set(tables)
    return sum(any(o.table in others - {roles[at].table} for o in options[at]) for at in alone)


def _rivals(question: Question, at: int, chosen: Option) -> int:
    """How many other columns or tables fit the words as well."""
    least = chosen.fit - 0.02
    others = {meant for fit, meant in question.fits[at] if fit >= least}
    return len(others - {chosen.ref or chosen.table})


def _together(question: Question, draft: Draft) -> Iterator[str]:
    """Steering words that are heard or not by a reading of that shape."""
    cues = frozenset(i.cue.kind for i in question.items if i.cue is not None and i.cue.kind in WATCHED)
    for name in _shape(draft.reading, draft.variant):
        yield from _heard(name, cues)


@lru_cache(maxsize=4096)
def _heard(name: str, cues: frozenset[str]) -> tuple[str, ...]:
    here = (f"{kind}&{name}" for kind in cues)
    return (f"s:{name}", *here, *(f"-{kind}&{name}" for kind in WATCHED - cues))


@lru_cache(maxsize=4)
def _kind_of(doubt: str) -> str:
    """The first words of a reason, without names of the data."""
    return " ".join(re.sub(r"`[^`]*`|\S*[._]\S*", "X", doubt).split()[:5])


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
