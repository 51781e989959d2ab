"""Whether a reading accounts for every word: nothing left out, nothing unheard, nothing made up."""

from gnomon.models.grounded.composer.slots import Option, Question
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.words import name_words

HARMLESS = frozenset({"among", "compute", "correspond", "got", "serve", "use", "using", "word"})
"""Words without a role that ask for nothing. Questions leave others without one too, `female` and `before`
among them, where a gold says them in another way: each of these was judged by a person."""

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
        "neither",
        "nor",
    ]
) | {"rate of", "as many as", "standard deviation", "on average per", "per capita", "as a percentage of"}
"""Steering words that no role says: with one of them left over there is no reading."""


NEGATIVE = frozenset({"<>", "not in", "null", "false"})
TRACES: dict[str, frozenset[str]] = {
    "count": frozenset({"count", "computed"}),
    "agg sum": frozenset({"computed", "order"}),
    "agg avg": frozenset({"avg"}),
    "agg max": frozenset({"max", "min", "order"}),
    "agg min": frozenset({"max", "min", "order"}),
    "superlative": frozenset({"order", "computed"}),
    "common": frozenset({"order"}),
    "order": frozenset({"order"}),
    "direction asc": frozenset({"rising", "computed"}),
    "direction desc": frozenset({"falling"}),
    "not": frozenset({"negated"}),
    "without": frozenset({"negated"}),
    "or": frozenset({"either"}),
    "distinct": frozenset({"distinct", "computed"}),
    "share": frozenset(),
    "time_group": frozenset(),
    "yes_no": frozenset(),
}
"""What a reading must have of a kind of steering word: any of these; there is nothing for the last three."""

VALUED = frozenset({"agg", "direction"})
"""Kinds of steering words whose traces depend on their value."""

PLACES = frozenset(
    {
        "location",
        "place",
        "address",
        "city",
        "town",
        "country",
        "state",
        "county",
        "region",
        "street",
        "venue",
    }
    | {"headquarters", "headquarter", "building", "room", "area", "province", "nation", "site", "continent"}
)
"""In the name of a column that says where something is."""

TIMES = frozenset(
    {"date", "time", "year", "month", "day", "at", "on", "when", "start", "end", "since", "until"}
)
"""In the name of a column that says when something is, whatever it is stored as."""

LINKING = frozenset({"is", "are", "was", "were", "which are", "that are", "that is", "which is"})
"""Behind these, a name is what is said of something."""

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
    | {"recently", "top", "bottom"}
)
"""Words of which an order without any is nothing that the question asks for."""


ENDS = frozenset({"first", "last"})
"""Before what has rows: which of them, by some order."""

SORTING = frozenset({"order", "ordered", "ordering", "orders", "sort", "sorted", "sorting", "sorts"})
"""Said of an order that the reading has, these name nothing else."""


def left_over(
    question: Question, roles: dict[int, Option], reading: Reading, explained: frozenset[int] = frozenset()
) -> tuple[str, ...]:
    """Words that a reading leaves without a place and that may change its meaning.

    Args:
        explained: Positions of words that say how the tables of the reading belong together, or say again
            what it says.
    """
    quiet = HARMLESS | SORTING if reading.order is not None else HARMLESS
    # Only the careful reader says what it takes a slip of the pen for.
    slips = tuple(item.text for item in question.items if item.meant)
    return slips + tuple(
        item.text
        for at, item in enumerate(question.items)
        if at not in roles
        and at not in explained
        and (
            item.kind in NEVER_SKIPPED
            or _is_said_of(question, at)
            or _describes(question, at)
            or item.text.lower() in BEYOND
            or (item.kind == "unknown" and item.text.lower() not in quiet)
        )
    )


def _is_said_of(question: Question, at: int) -> bool:
    """`customers are companies`: what a verb says of the noun before it is not dropped."""
    before = question.items[at - 1] if at else None
    linked = before is not None and before.is_cue("fill") and before.text.lower() in LINKING
    return linked and question.items[at].kind == "name" and at > 1


def _describes(question: Question, at: int) -> bool:
    """`hazardous containers`: a flag right before a noun, which says which of its rows are meant."""
    item, behind = question.items[at], question.items[at + 1 : at + 2]
    if item.kind != "name" or not behind or not any(k.is_table for k in behind[0].links[:1]):
        return False
    first = item.links[0] if item.links else None
    return first is not None and not first.is_table and question.schema.is_flag(first.ref)


def unheard(
    question: Question, roles: dict[int, Option], reading: Reading, explained: frozenset[int] = frozenset()
) -> tuple[str, ...]:
    """Steering words without a trace in a reading: an average that nothing averages, a `not` of nothing."""
    traces = _traces(reading)
    found = []
    for at, item in enumerate(question.items):
        if at in roles or at in explained or item.cue is None:
            continue
        kind = f"{item.cue.kind} {item.cue.value}" if item.cue.kind in VALUED else item.cue.kind
        if kind in TRACES and not traces & TRACES[kind]:
            found.append(item.text)
    for judge in (_contrary, _turned, _counted_twice, _made_up, _placeless, _timeless, _unordered):
        found += judge(question, reading)
    return (*found, *_borrowed(question, roles), *_shown_behind_order(question, roles))


def _borrowed(question: Question, roles: dict[int, Option]) -> tuple[str, ...]:
    """`which runs are insured`, of a flag that only rows of another table have, of which nothing is said."""
    named = {k.table for i in question.items for k in i.links if k.is_table}
    flags = [(at, o) for at, o in roles.items() if o.ref is not None and question.schema.is_flag(o.ref)]
    return tuple(question.items[at].text for at, o in flags if o.table not in named)


def _contrary(question: Question, reading: Reading) -> tuple[str, ...]:
    """`the oldest and the youngest`: one order, or one extreme, gives one of them."""
    said = {
        i.cue.value.partition(":")[0]: i.text
        for i in question.items
        if i.cue is not None and i.cue.kind == "superlative"
    }
    both = {"min", "max"} <= {t.aggregate for t in reading.targets}
    return tuple(said.values()) if len(said) > 1 and not both else ()


def _turned(question: Question, reading: Reading) -> tuple[str, ...]:
    """`higher than the average` of a reading that takes what is lower."""
    said: dict[str, str] = {}
    for item in question.items:
        if item.is_cue("compare", "suffix_compare") and item.cue is not None:
            said.setdefault(item.cue.value[0], item.text)
    wanted = {sign for sign in said if sign in "<>"}
    used = {a.operator[0] for a in reading.against_average}
    used |= {k.operator[0] for k in reading.linked if k.operator[0] in "<>"}
    used |= {reading.having[1][0]} & {"<", ">"} if reading.having is not None else set()
    one_way = len(wanted) == 1 and not any(i.is_cue("between", "not", "without") for i in question.items)
    return tuple(said[sign] for sign in wanted) if one_way and used and used != wanted else ()


def _counted_twice(question: Question, reading: Reading) -> tuple[str, ...]:
    """`how many` of a reading that counts two things."""
    said = [i.text for i in question.items if i.is_cue("count")]
    counts = [t for t in reading.targets if t.aggregate == "count"]
    return tuple(said) if len(said) == 1 and len(counts) > 1 and reading.order is None else ()


def _shown_behind_order(question: Question, roles: dict[int, Option]) -> tuple[str, ...]:
    """`ordered by year and class`, of a reading that shows the class and orders by the year alone."""
    items = question.items
    order = next((at for at, i in enumerate(items) if i.is_cue("order")), len(items))
    shown = [at for at, o in roles.items() if at > order and o.role.startswith(("show", "label"))]
    return tuple(items[at].text for at in shown if _joined(question, order, at))


def _joined(question: Question, order: int, at: int) -> bool:
    """Whether an `and` behind the order leads to the word, and no new clause begins between."""
    between = question.items[order + 1 : at]
    before = next((i for i in reversed(between) if not i.is_cue("fill")), None)
    return before is not None and before.is_cue("and") and not any(i.is_cue("list") for i in between)


def _made_up(question: Question, reading: Reading) -> tuple[str, ...]:
    """`average price of courses`, of a reading that counts the courses too."""
    asked = any(i.is_cue("count", "common", "superlative", "share") for i in question.items)
    others = [t for t in reading.targets if t.aggregate not in (None, "count")]
    counts = any(t.aggregate == "count" for t in reading.targets)
    names = [i.text for i in question.items if i.kind == "name"]
    return tuple(names[-1:]) if counts and others and not asked and reading.order is None else ()


def _unordered(question: Question, reading: Reading) -> tuple[str, ...]:
    """`growers whose last delivery was in 2024` of a reading that takes any delivery."""
    if reading.order is not None:
        return ()
    behind = (i.links[0] if i.kind == "name" and i.links else None for i in question.items[1:])
    pairs = zip(question.items, behind, strict=False)
    return tuple(i.text for i, k in pairs if i.text.lower() in ENDS and k is not None and k.is_table)


def _placeless(question: Question, reading: Reading) -> tuple[str, ...]:
    """`where` of a reading that shows no place."""
    shown = {w for t in reading.targets if t.column for w in name_words(t.column)}
    grouped = {w for g in reading.groups for w in name_words(g.column.column)}
    asked = [i.text for i in question.items[:1] if i.text.lower().startswith("where")]
    return tuple(asked) if not (shown | grouped) & PLACES else ()


def _timeless(question: Question, reading: Reading) -> tuple[str, ...]:
    """`when` of a reading that shows no time."""
    shown = [t.ref for t in reading.targets if t.ref is not None] + [g.column for g in reading.groups]
    timed = any(question.schema.is_temporal(c) or TIMES & set(name_words(c.column)) for c in shown)
    asked = [i.text for i in question.items[:1] if i.text.lower().split()[0] == "when"]
    return () if timed else tuple(asked)


def _traces(reading: Reading) -> set[str]:
    computed = {t.aggregate for t in reading.targets if t.aggregate is not None}
    ranked = reading.order.target if reading.order is not None else None
    beside = [t for t in (ranked, reading.having[0] if reading.having else None) if t is not None]
    computed |= {t.aggregate for t in beside if t.aggregate is not None}
    found: set[str] = {*computed, *({"computed"} if computed or reading.against_average else set())}
    found |= {"avg"} if reading.against_average else set()
    if reading.having is not None or any(k.operator not in ("exists", "not exists") for k in reading.linked):
        found |= {"count", "computed"}
    if reading.order is not None:
        found |= {"order"} | ({"count", "computed"} if reading.order.linked is not None else set())
    if reading.order is not None:
        found |= {"falling" if reading.order.descending else "rising"}
    found |= {"distinct"} if reading.distinct else set()
    found |= {"either"} if _gives_a_choice(reading) else set()
    return found | ({"negated"} if _negates(reading) else set())


def _gives_a_choice(reading: Reading) -> bool:
    several = any(len(c.values) > 1 for c in reading.conditions)
    return bool(reading.either or reading.tests or several)


def _negates(reading: Reading) -> bool:
    return (
        any(c.operator in NEGATIVE for c in (*reading.conditions, *reading.either))
        or any(k.operator == "not exists" for k in reading.linked)
        or any(t.negated for t in reading.tests)
    )


def asks_for_order(question: Question, reading: Reading) -> bool:
    """Whether an order has a word that asks for it."""
    if reading.order is None:
        return True
    cues = {i.cue.kind for i in question.items if i.cue is not None}
    words = {w for i in question.items for w in i.text.lower().split()}
    return bool(cues & ORDERING) or bool(words & ORDERING_WORDS)
