"""The closed class of words that steer a question: what to compute, compare, group, order, leave out."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, cast

CueKind = Literal[
    "count", "agg", "superlative", "group", "time_group", "order", "direction", "distinct", "compare",
    "between", "not", "without", "share", "list", "common", "and", "or", "fill", "suffix_compare",
    "unsupported", "yes_no", "null", "contains", "each", "all",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cue:
    """A steering word or phrase. `value` depends on the kind: an aggregate, an operator, a direction."""

    kind: CueKind
    value: str = ""


def _read() -> dict[tuple[str, ...], Cue]:
    """The table of cues.txt: phrases, word by word, to what they steer."""
    text = (files("gnomon.models.grounded") / "cues.txt").read_text(encoding="utf-8")
    entries = [line for line in text.replace("\n ", " ").splitlines() if line and not line.startswith("#")]
    table: dict[tuple[str, ...], Cue] = {}
    for entry in entries:
        head, _, phrases = entry.partition(" :: ")
        kind, value = head.split()
        cue = Cue(cast(CueKind, kind), "" if value == "-" else value)
        table |= {tuple(p.split()): cue for p in phrases.split(" | ")}
    return table


CUES = _read()
LONGEST_CUE = max(map(len, CUES))

DIMENSIONS = {
    "price": ("price", "cost", "fee", "rate"),
    "age": ("age",),
    "birth": ("birth", "born", "dob", "birthday", "birthdate"),
    "length": ("length", "duration", "runtime", "minute"),
    "height": ("height",),
    "weight": ("weight",),
    "speed": ("speed", "velocity"),
}
"""Words of a column's name that an adjective such as `cheapest` or `oldest` asks for."""
