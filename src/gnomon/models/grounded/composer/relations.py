"""Words that only say how things belong together: `students who attend courses`, `films directed by her`.

A verb is explained by a reading if the reading uses what the data calls after it (`directed` a column
`director`), or if the verb says no more than that two things go together and the reading joins the two
tables that are named around it. What a verb says of an outcome (`won`, `cancelled`, `returned`) is
explained by the data alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.composer.accounting import SORTING
from gnomon.models.grounded.composer.outcomes import leaves_open
from gnomon.models.grounded.composer.slots import Option, Question
from gnomon.models.grounded.handing import OWNED, OWNERS, OWNS, leaves_whose
from gnomon.models.grounded.joins import JoinPlan
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.words import MIN_ROOT, name_words, root, stem


@lru_cache(maxsize=1)
def linking_verbs() -> frozenset[str]:
    """The stems and irregular forms of the verbs in relations.txt."""
    text = (files("gnomon.models.grounded.composer") / "relations.txt").read_text(encoding="utf-8")
    words = [w for line in text.splitlines() if not line.startswith("#") for w in line.split()]
    return frozenset(words) | {stem(w) for w in words}


def links(word: str) -> bool:
    """Whether a word is a verb that only says that two things go together."""
    return bool({word.lower(), stem(word)} & linking_verbs())


def relating(
    question: Question, roles: Mapping[int, Option], reading: Reading, plan: JoinPlan
) -> frozenset[int]:
    """Positions of words without a role that the reading explains by what it joins or uses."""
    used = used_by(reading, plan)
    joined = {u for u in used if isinstance(u, TableRef)}
    return frozenset(
        at
        for at, item in enumerate(question.items)
        if item.kind == "unknown" and at not in roles and _explained(question, roles, at, used, joined)
    )


def _explained(
    question: Question, roles: Mapping[int, Option], at: int, used: set[TableRef | ColumnRef],
    joined: set[TableRef],
) -> bool:  # fmt: skip
    word = question.items[at].text.lower()
    called = called_after(word, question.schema)
    if called:
        return bool(called & used)
    around = _around(roles, at)
    if (
        not links(word)
        or _is_listed(question, at)
        or not around <= joined
        or leaves_open(word, used, question.schema)
    ):
        return False
    if leaves_whose(word, around, used, question.schema):
        return False
    return len(around) == 2 or (len(around) == 1 and _within_one(roles, at))


def _is_listed(question: Question, at: int) -> bool:
    """`dates, places and names`: one of a series of nouns, though there is a verb of that form."""
    beside = question.items[at - 1 : at] if at else ()
    behind = question.items[at + 1 : at + 2]
    return all(i.is_cue("and") for i in (*beside, *behind)) and bool(beside) and bool(behind)


def _within_one(roles: Mapping[int, Option], at: int) -> bool:
    """`payment methods used by customers`, where the method is a column of the customers."""
    before = next((roles[i] for i in sorted(roles, reverse=True) if i < at), None)
    # `used by more than 3 parties`: the number says nothing of its own.
    behind = next(
        (roles[i] for i in sorted(roles) if i > at and not roles[i].role.startswith("having:")), None
    )
    sides = [o for o in (before, behind) if o is not None and o.link is not None]
    return len(sides) == 2 and any(o.ref is not None for o in sides)


def unspoken(
    question: Question, roles: Mapping[int, Option], reading: Reading, plan: JoinPlan
) -> tuple[str, ...]:
    """Names of the data without a role, of which the reading uses no table: `students who have votes`.

    So are words that name an owner, where what is joined may say something else.
    """
    used = used_by(reading, plan)
    tables = {u.table if isinstance(u, ColumnRef) else u for u in used}
    quiet = SORTING if reading.order is not None else frozenset()
    named = [i for at, i in enumerate(question.items) if at not in roles and i.kind == "name"]
    open_ = [i for i in named if i.text.lower() not in quiet]
    owned = [at for at, i in enumerate(question.items) if i.is_cue("fill") and i.text.lower() == OWNED]
    whose = [at for at in owned if leaves_whose("own", _around(roles, at), used, question.schema)]
    unnamed = (i.text for i in open_ if not any(k.table in tables for k in i.links))
    return (*unnamed, *(question.items[at].text for at in whose))


def called_after(word: str, schema: Schema) -> set[TableRef | ColumnRef]:
    """Tables and columns that have a word of the same root in their names."""
    own = root(word)
    if len(own) < MIN_ROOT and word not in OWNS:
        return set()
    roots = OWNERS if word in OWNS else {own}
    found: set[TableRef | ColumnRef] = set()
    for table in schema.tables():
        if any(root(w) in roots for w in name_words(table.name)):
            found.add(table)
        found |= {
            ColumnRef(table, c.name)
            for c in schema.card(table).columns
            if any(root(w) in roots for w in name_words(c.name))
        }
    return found


def _around(roles: Mapping[int, Option], at: int) -> set[TableRef]:
    """The two tables that are spoken of nearest to a position, one on each side where there is one."""
    before = _tables(roles[i] for i in sorted(roles, reverse=True) if i < at)
    behind = _tables(roles[i] for i in sorted(roles) if i > at)
    if before and behind:
        return {before[0], behind[0]}
    return set((before or behind)[:2])


def _tables(options: Iterable[Option]) -> list[TableRef]:
    return list(dict.fromkeys(o.table for o in options if o.table is not None))


def used_by(reading: Reading, plan: JoinPlan) -> set[TableRef | ColumnRef]:
    """Tables and columns that a reading computes, shows, compares or joins by."""
    return {plan.root, *_columns(reading), *_hops(plan)}


def _columns(reading: Reading) -> Iterator[ColumnRef]:
    for target in (*reading.targets, *([reading.order.target] if reading.order else []),
                   *([reading.having[0]] if reading.having else [])):  # fmt: skip
        if target is not None and target.ref is not None:
            yield target.ref
    for condition in (*reading.conditions, *reading.either, *(t.condition for t in reading.tests)):
        yield condition.column
    yield from (g.column for g in reading.groups)
    yield from (a.column for a in reading.against_average)


def _hops(plan: JoinPlan) -> Iterator[TableRef | ColumnRef]:
    inner = [hop for related in plan.related for _, further in related.inner for hop in further]
    for hop in (*plan.hops, *(h for related in plan.related for h in related.path), *inner):
        yield hop.target
        for source, target in hop.pairs:
            yield ColumnRef(hop.source, source)
            yield ColumnRef(hop.target, target)
