"""Whether a reading accounts for every word: nothing left out, nothing unheard, nothing made up."""

from gnomon.models.grounded.composer.slots import Option, Question
from gnomon.models.grounded.reading import Reading

REVIEWED = frozenset(
    {"among", "compute", "correspond", "got", "serve", "take", "taken", "use", "using", "word"}
)
"""Of the words that training finds without a role, those that ask for nothing, as a person has judged.
`female` and `before` are found without one too, where the gold says them in another way."""

NEVER_SKIPPED = frozenset({"number", "period", "quoted", "value"})
"""Kinds of items that always say something."""

BEYOND = frozenset(
    [
        "median",
        "mode",
        "versus",
        "vs",
        "growth",
        "change",
        "difference",
        "ratio",
        "trend",
        "correlation",
        "running",
        "cumulative",
        "consecutive",
        "previous",
        "prior",
        "twice",
        "half",
        "double",
        "variance",
        "percentile",
        "forecast",
        "predict",
        "why",
        "moving",
        "increase",
        "decrease",
        "weekday",
        "weekend",
        "typical",
        "nearest",
        "closest",
        "almost",
        "around",
        "roughly",
        "nearly",
        "compared",
        "compare",
        "respectively",
    ]
) | {"rate of", "as many as", "standard deviation", "on average per", "per capita", "as a percentage of"}
"""Steering words that no role says: with one of them left over there is no reading."""


NEGATIVE = frozenset({"<>", "not in", "null", "false"})
TRACES: dict[str, frozenset[str]] = {
    "count": frozenset({"count", "computed"}),
    "agg": frozenset({"computed", "order"}),
    "superlative": frozenset({"order", "computed"}),
    "common": frozenset({"order"}),
    "not": frozenset({"negated"}),
    "without": frozenset({"negated"}),
    "share": frozenset(),
    "time_group": frozenset(),
    "yes_no": frozenset(),
}
"""What a reading must have of a kind of steering word: any of these; there is nothing for the last three."""

ORDERING = frozenset({"order", "direction", "superlative", "common"})
ORDERING_WORDS = frozenset(
    {
        "order",
        "ordered",
        "sort",
        "sorted",
        "alphabetical",
        "alphabetically",
        "popular",
        "first",
        "last",
        "best",
    }
    | {
        "worst",
        "rank",
        "ranked",
        "maximum",
        "minimum",
        "max",
        "min",
        "often",
        "frequently",
        "common",
        "recent",
    }
    | {"recently", "top", "bottom", "by"}
)
"""Words of which an order without any is nothing that the question asks for."""


def left_over(question: Question, roles: dict[int, Option], harmless: frozenset[str]) -> tuple[str, ...]:
    """Words that a reading leaves without a place and that may change its meaning."""
    return tuple(
        item.text
        for at, item in enumerate(question.items)
        if at not in roles
        and (
            item.kind in NEVER_SKIPPED
            or item.text.lower() in BEYOND
            or (item.kind == "unknown" and item.text.lower() not in harmless & REVIEWED)
        )
    )


def unheard(question: Question, roles: dict[int, Option], reading: Reading) -> tuple[str, ...]:
    """Steering words without a trace in a reading: an average that nothing averages, a `not` of nothing."""
    traces = _traces(reading)
    return tuple(
        item.text
        for at, item in enumerate(question.items)
        if at not in roles
        and item.cue is not None
        and item.cue.kind in TRACES
        and not traces & TRACES[item.cue.kind]
    )


def _traces(reading: Reading) -> set[str]:
    computed = {t.aggregate for t in reading.targets if t.aggregate is not None}
    found = {"count"} if "count" in computed else set()
    found |= {"computed"} if computed or reading.against_average else set()
    if reading.having is not None or any(k.operator not in ("exists", "not exists") for k in reading.linked):
        found |= {"count", "computed"}
    if reading.order is not None:
        found |= {"order"}
        counted = reading.order.linked is not None or (
            reading.order.target is not None and reading.order.target.aggregate == "count"
        )
        found |= {"count", "computed"} if counted else set()
    negative = any(c.operator in NEGATIVE for c in (*reading.conditions, *reading.either))
    if (
        negative
        or any(k.operator == "not exists" for k in reading.linked)
        or any(t.negated for t in reading.tests)
    ):
        found |= {"negated"}
    return found


def asks_for_order(question: Question, reading: Reading) -> bool:
    """Whether an order has a word that asks for it."""
    if reading.order is None:
        return True
    cues = {i.cue.kind for i in question.items if i.cue is not None}
    words = {w for i in question.items for w in i.text.lower().split()}
    return bool(cues & ORDERING) or bool(words & ORDERING_WORDS)
