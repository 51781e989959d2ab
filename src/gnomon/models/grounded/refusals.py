"""Readings that would fit the words and yet may not be what is meant: refused, or said."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations, pairwise, permutations

from gnomon.domain.catalog import TableRef
from gnomon.domain.context import Context
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.fiscal import MENTION
from gnomon.models.grounded.flags import noun_behind
from gnomon.models.grounded.happening import is_row_date
from gnomon.models.grounded.heard import hear
from gnomon.models.grounded.pointing import refuse_pointing
from gnomon.models.grounded.reading import Condition, NotRead, Target
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import HARMLESS_MARKS, Item
from gnomon.models.grounded.universal import asks_whether
from gnomon.models.grounded.verbs import is_additive
from gnomon.models.grounded.words import name_words

DANGLING = frozenset({"which", "that", "whose", "with", "and"})
RELATIVE = frozenset({"which", "who", "whose", "whom", "that", "where"})
NAME_PARTS = frozenset({"first", "last", "middle", "family", "given", "surname", "forename"})
PRONOUNS = frozenset({"it", "them", "they", "those", "these", "this", "him", "he", "she"})


def refuse_universals(draft: Draft) -> None:
    """`doctors with all visits completed` is about every visit, which is not read."""
    refuse_pronouns(draft)
    refuse_pointing(draft)
    named = False
    for at, item in enumerate(draft.items):
        following = draft.after(at)
        other = draft.as_table(draft.items[following]) if following is not None else None
        if item.is_cue("all") and named and other != draft.focus:
            raise NotRead(f"I do not read `{item.text}` of something related.", (item.text,))
        named = named or draft.as_table(item) is not None


def refuse_unfinished(text: str, context: Context, today: date) -> None:
    """Stop at questions that no reader can finish: cut off, or about something that was not said."""
    _, items = hear(text, context, today)
    _refuse_fiscal(items)
    draft = Draft(Schema(context), items, today)
    refuse_cut_off(draft)
    refuse_pronouns(draft)
    refuse_pointing(draft)
    _refuse_whether(items)


def _refuse_whether(items: Sequence[Item]) -> None:
    """The composer lists what would be counted; yes or no is said by rules alone."""
    if asks_whether(items):
        raise NotRead(f"I cannot tell of what `{items[0].text}` is asked.", (items[0].text,))


def _refuse_fiscal(items: Sequence[Item]) -> None:
    """A fiscal year of which nobody has said when it begins."""
    said = [i.text for i in items if i.kind == "unknown" and MENTION.fullmatch(i.text.lower())]
    if said:
        reason = f"I do not know when the fiscal year of `{said[0]}` begins: no brief or memory says so."
        raise NotRead(reason, tuple(said), final=True)


def refuse_mixed(draft: Draft) -> None:
    """A figure of figures is asked for alone: unranked, not beside others, one of its kind."""
    figures = [f for f in (draft.outer, draft.compared, draft.trend) if f is not None]
    if draft.within is not None or draft.place is not None:
        _refuse_ranked_beside(draft, figures)
    if not figures and not draft.contrast:
        return
    asked = next((i.text for i in draft.items if {*i.text.lower().split()[:1]} & RELATIVE), "")
    if asked:
        raise NotRead(f"I cannot tell what `{asked}` asks for.", (asked,))
    others = (draft.order, draft.limit, draft.having, draft.share, draft.exists_only, draft.against_average)
    if len(figures) > 1 or any(others) or len(set(draft.targets)) != 1:
        raise NotRead("I compute one figure of other figures at a time.", ())
    if draft.trend is not None:
        _refuse_no_time(draft)
    if draft.compared is not None:
        _refuse_time_twice(draft)
    _refuse_described(draft)
    if draft.outer is not None and set(draft.outer.over.groups) & set(draft.groups):
        raise NotRead("I cannot tell over which groups it is.", ())


def _refuse_described(draft: Draft) -> None:
    """Companies, dated by when their row came about, have a revenue each; theirs is no event of that date."""
    over = draft.outer.over.groups if draft.outer is not None else ()
    dates = [g.column for g in (*draft.groups, *over) if g.bucket is not None]
    sides = draft.compared.sides if draft.compared is not None else ()
    dates += [c.column for s in sides for c in s.conditions if c.values and isinstance(c.values[0], date)]
    target = draft.targets[0]
    named = name_words(draft.schema.label(target.table)[-1])[-1:] in (("name",), ("title",))
    if target.aggregate == "sum" and named and any(d.table == target.table and is_row_date(d) for d in dates):
        raise NotRead(f"{target.ref} may be that of each row, whenever it came about.", (str(target.ref),))


def _refuse_ranked_beside(draft: Draft, figures: Sequence[object]) -> None:
    others = (draft.having, draft.then, draft.share, draft.exists_only, draft.contrast)
    if draft.order is None or draft.limit is None or any(others) or figures:
        raise NotRead("I cannot tell what is ranked.", ())


def _refuse_time_twice(draft: Draft) -> None:
    """`compare 2024 and 2025 by month` sets months of two years side by side, which is not read."""
    sides = draft.compared.sides if draft.compared is not None else ()
    dated = any(isinstance(v, date) for s in sides for c in s.conditions for v in c.values)
    if dated and any(g.bucket is not None for g in draft.groups):
        raise NotRead("I do not compare the buckets of two periods yet.", ())


def _refuse_no_time(draft: Draft) -> None:
    """Along time there is one unit of it; other groups each go their own way."""
    draft.groups.sort(key=lambda g: g.bucket is None)
    if [g.bucket is None for g in draft.groups[:2]] not in ([False], [False, True]):
        raise NotRead("I cannot tell along which time it goes; say, for example, `by month`.", ())


def refuse_pronouns(draft: Draft) -> None:
    """A pronoun before anything is named stands for something of another question."""
    for at, item in enumerate(draft.items):
        if item.text.lower() in PRONOUNS and not any(i.kind == "name" for i in draft.items[:at]):
            raise NotRead(f"I cannot tell what `{item.text}` stands for.", (item.text,))


def refuse_cut_off(draft: Draft) -> None:
    """A question that ends on `and` or `that` has lost its end."""
    if draft.items and draft.items[0].text.lower().startswith("where"):
        raise NotRead("I do not know which column says where.", (draft.items[0].text,))
    said = [i for i in draft.items if i.text not in HARMLESS_MARKS]
    words = said[-1].text.lower().split() if said else []
    if len(said) > 1 and said[-1].is_cue("fill", "list") and words[-1] in DANGLING:
        raise NotRead(f"The question breaks off after `{said[-1].text}`.", (said[-1].text,))


def refuse_compounds(draft: Draft) -> None:
    """`population density`, where only population and density are known: two names side by side are one."""
    for at, (first, second) in enumerate(pairwise(draft.items)):
        if not first.kind == second.kind == "name" or _describe_together(draft, at):
            continue
        tables = {draft.as_table(first), draft.as_table(second)}
        if tables == {None} or (None not in tables and len(tables) == 2):
            raise NotRead(f"I know no `{first.text} {second.text}`.", (first.text, second.text))


def _describe_together(draft: Draft, at: int) -> bool:
    """`premium active customers`: two flags, each said of the noun behind them."""
    if any(draft.as_table(draft.items[i]) is not None for i in (at, at + 1)):
        return False
    both = (draft.column(i, draft.schema.is_flag) for i in (at, at + 1))
    return noun_behind(draft, at) is not None and all(both)


def refuse_like_tables(draft: Draft) -> None:
    """A noun that several tables' names end in says none of them: `orders` for regular and actual orders."""
    for item in draft.items:
        table = draft.as_table(item)
        if table is None or draft.chosen(item.text):
            continue
        tables = [k for k in item.links if k.is_table]
        rivals = [k for k in tables[1:] if tables[0].score - k.score < 0.02]
        if rivals and tables[0].score < 0.9:
            options = tuple(str(k.table) for k in (tables[0], *rivals[:3]))
            raise NotRead(f"`{item.text}` could be {' or '.join(options)}.", (item.text,), options)


def refuse_unused_noun(draft: Draft) -> None:
    """`total fee of members`, where the fee is one of plans: each plan once, or once for each member."""
    computed = [t.table for t in draft.targets if t.aggregate is not None]
    if not draft.focus_named or draft.focus is None or not computed or draft.focus == computed[0]:
        return
    used = {c.column.table for c in draft.conditions} | {k.table for k in draft.linked}
    used |= {g.column.table for g in draft.groups} | {t.table for t in draft.targets}
    ordered = draft.order.linked if draft.order else None
    if draft.focus in (*used, draft.entity, ordered):
        return
    if draft.schema.paths(draft.focus, computed[0], many=False) or _alone(draft, computed[0]):
        raise NotRead(
            f"I cannot tell how {computed[0]} is computed per row of {draft.focus}.", (str(draft.focus),)
        )


def _alone(draft: Draft, computed: TableRef) -> bool:
    """`attendance season`: one of what the rows belong to, which nothing says."""
    apart = draft.conditions or draft.outer or draft.compared or draft.within or draft.against_average
    return (
        not apart and draft.focus is not None and bool(draft.schema.paths(computed, draft.focus, many=False))
    )


def state_average_of_rows(draft: Draft) -> None:
    """`average revenue per voyage` may be the average of the voyages' totals; it is read as that of rows."""
    buckets = [g.bucket for g in draft.groups if g.bucket is not None]
    for target in draft.targets:
        if target.aggregate != "avg" or target.ref is None or target.aged_on is not None:
            continue
        words = " ".join(name_words(target.ref.column))
        if draft.entity not in (None, target.table):
            draft.assume(
                f"The average is over rows of {target.table}, not over totals per {draft.entity}.",
                f"say `average total {words} per {draft.entity.name if draft.entity else ''}`",
            )
        elif buckets and is_additive(draft, target.ref):
            draft.assume(
                f"The average is over rows of {target.table}, not over totals per {buckets[0]}.",
                f"say `average total {words} per {buckets[0]}`",
            )


def refuse_part_average(draft: Draft) -> None:
    """Above the average of all rows, or of those that the question is about: only said apart."""
    grouped = any(a.within is not None for a in draft.against_average)
    beside = draft.conditions or draft.linked or (grouped and len(draft.against_average) > 1)
    if draft.against_average and beside:
        raise NotRead("I cannot tell over which rows the average is.", ("average",), final=True)
    if any(a.column.table != draft.focus for a in draft.against_average):
        raise NotRead("I compare with an average of the rows that are asked for.", ("average",))


def refuse_split_name(conditions: Sequence[Condition], items: Sequence[Item]) -> None:
    """`Ada Lind`, of whom Ada is a customer and Lind an employee: one name is one person's."""
    text = " ".join(i.text for i in items)
    parts = [c for c in conditions if c.operator == "=" and NAME_PARTS & set(name_words(c.column.column))]
    for first, second in permutations(parts, 2):
        together = f"{first.words} {second.words}"
        if first.column.table != second.column.table and first.words and together in text:
            raise NotRead(f"I cannot tell whose name `{together}` is.", (together,))


def refuse_circles(draft: Draft) -> None:
    """A column both asked for and given, or a noun that restricts itself, means more than is read here."""
    asked = [t.ref for t in draft.targets if t.aggregate is None]
    given = {c.column for c in draft.conditions if c.operator == "="}
    if len(asked) == 1 and asked[0] in given:
        raise NotRead(f"{asked[0]} is asked for and given at once.", (str(asked[0]),))
    nouns = [i for i, item in enumerate(draft.items) if draft.as_table(item) is not None]
    for first, second in pairwise(nouns):
        same = draft.as_table(draft.items[first]) == draft.as_table(draft.items[second])
        between = {i.text.lower() for i in draft.items[first:second]}
        if same and between & {"that", "which", "whose", "who"}:
            raise NotRead(f"`{draft.items[second].text}` is said of itself.", (draft.items[second].text,))


def refuse_contradiction(draft: Draft) -> None:
    """Over 9 and under 5 at once, or two periods, is about two rows, which one condition cannot say."""
    dated = [c.column for c in draft.conditions if c.operator == ">=" and isinstance(c.values[0], date)]
    if len(dated) > len(set(dated)):
        raise NotRead("I read one period at a time.", tuple(c.words for c in draft.conditions))
    for one, other in excluding(draft.conditions):
        words = (one.words, other.words)
        raise NotRead(f"`{words[0]}` and `{words[1]}` exclude each other.", words, final=True)
    for low in draft.conditions:
        for high in draft.conditions:
            crossed = (
                low.operator in (">", ">=") and high.operator in ("<", "<=") and low.column == high.column
            )
            if crossed and low.values[0] >= high.values[0]:  # type: ignore[operator]
                raise NotRead(
                    f"`{low.words}` and `{high.words}` exclude each other.", (low.words, high.words)
                )


def refuse_unclear_share(draft: Draft) -> None:
    """A share is of all rows, or of an amount of theirs, in each group if there are groups."""
    if not (draft.conditions or draft.either or draft.linked or draft.against_average):
        raise NotRead("I cannot tell which part of the whole is meant.", ("share",))
    if draft.order is not None or draft.limit is not None:
        raise NotRead("I do not rank by a share yet.", ("share",))
    listed = [t.column for t in draft.targets if t.aggregate is None and t.column is not None]
    if listed:
        raise NotRead(f"I cannot tell whether the share is that of rows or of {listed[0]}.", (listed[0],))
    grouped = {g.column for g in draft.groups} & {c.column for c in draft.conditions}
    for column in grouped:
        raise NotRead(f"I cannot tell whether {column} is the part or the groups.", (column.column,))


def refuse_unlike_entity(draft: Draft, listed: list[Target], computed: list[Target]) -> None:
    """Each row of a group stands for one entity, which is not one of the rows that are added up."""
    tables = {t.table for t in computed}
    # `average salary per driver` is that of all drivers; `by driver` asks for a line each.
    if draft.entity in tables and any(_stands_behind_by(draft, i) for i in range(len(draft.items))):
        reason = f"A row of {draft.entity} has one such figure: I cannot tell what is computed by it."
        raise NotRead(reason, (str(draft.entity),), final=True)
    if tables == {draft.entity} and not listed and {t.aggregate for t in computed} == {"avg"}:
        draft.entity = None
        return
    if draft.entity in tables or tables & {t.table for t in listed}:
        raise NotRead(f"I cannot tell what is computed per {draft.entity}.", (str(draft.entity),))


def _stands_behind_by(draft: Draft, at: int) -> bool:
    """Whether it is the entity's noun, and grouped by."""
    before = draft.before(at) if draft.as_table(draft.items[at]) == draft.entity else None
    return (
        before is not None and draft.items[before].is_cue("group") and draft.items[before].role == "group by"
    )


def excluding(conditions: Sequence[Condition]) -> Iterator[tuple[Condition, Condition]]:
    """Conditions that no row meets at once: one column is to hold two different values."""
    given = [c for c in conditions if c.operator in ("=", "in")]
    for one, other in combinations(given, 2):
        if one.column == other.column and one.by == other.by and not set(one.values) & set(other.values):
            yield one, other
