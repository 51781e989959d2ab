"""Read a question: every word of it is accounted for, or the question is not read at all."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from gnomon.domain.catalog import TableRef
from gnomon.domain.context import Context
from gnomon.models.grounded.beside import is_theirs, refuse_lone_measure, show_theirs
from gnomon.models.grounded.blanks import read_present, read_stock, state_unlabelled
from gnomon.models.grounded.computed import read_computed, read_implied_sums, refuse_fixed_counts
from gnomon.models.grounded.contrast import read_contrast, settle_contrast
from gnomon.models.grounded.counted_rows import settle_counted
from gnomon.models.grounded.doers import refuse_doers_kept
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.filters import read_absence, read_comparisons, read_periods
from gnomon.models.grounded.flags import (
    WITH,
    happened,
    is_had,
    is_listed,
    is_noun,
    is_of_another,
    is_predicate,
    noun_behind,
    read_denied_flags,
    refuse_adjective,
    refuse_flag_as_noun,
    restrict_happened,
    state_unflagged,
)
from gnomon.models.grounded.focus import find_focus, names_rows
from gnomon.models.grounded.grouping import read_groups, read_order
from gnomon.models.grounded.handing import read_owning
from gnomon.models.grounded.heard import hear
from gnomon.models.grounded.kin import settle_kin
from gnomon.models.grounded.kinds_listed import list_kinds_once
from gnomon.models.grounded.lasting import part_verbs, read_lasting
from gnomon.models.grounded.nested import read_nested
from gnomon.models.grounded.occurred import read_occurred
from gnomon.models.grounded.ordinals import part_phrases, read_place
from gnomon.models.grounded.plain_verbs import read_verbs
from gnomon.models.grounded.ratios import read_ratio
from gnomon.models.grounded.reading import Condition, Linked, NotRead, Reading, Target
from gnomon.models.grounded.recent import read_recent
from gnomon.models.grounded.referring import read_links
from gnomon.models.grounded.refusals import (
    refuse_circles,
    refuse_compounds,
    refuse_contradiction,
    refuse_cut_off,
    refuse_like_tables,
    refuse_mixed,
    refuse_part_average,
    refuse_split_name,
    refuse_unclear_share,
    refuse_universals,
    refuse_unlike_entity,
    refuse_unused_noun,
    state_average_of_rows,
)
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.shortened import spell_out
from gnomon.models.grounded.shown_units import read_figures, refuse_mismeasured
from gnomon.models.grounded.spending import read_spending
from gnomon.models.grounded.stated import read_stated_numbers, state_slips
from gnomon.models.grounded.superlatives import read_best_selling, read_superlatives
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.trends import read_trend
from gnomon.models.grounded.universal import read_universal, settle_whether
from gnomon.models.grounded.values import read_value, read_values
from gnomon.models.grounded.whose_date import take_dated_words
from gnomon.models.grounded.words import name_words

EXTREMES = frozenset({"highest", "lowest", "largest", "smallest", "max", "min", "maximum", "minimum", "most"})
HARMLESS = frozenset({"fill", "list", "and", "all"})


def read_question(question: str, context: Context, today: date) -> Reading:
    """The reading of a question over the tables of a context.

    Raises:
        NotRead: A word that changes the meaning could not be placed, or could be placed in several ways.
    """
    schema = Schema(context, question)
    lexicon, items = hear(question, context, today)
    part_phrases(items)
    part_verbs(items, lexicon, today)
    draft = Draft(schema, items, today, alone=spell_out(items, schema))
    state_slips(draft)
    read_spending(draft)
    kin = read_links(draft)
    draft.focus = find_focus(draft)
    read_lasting(draft)
    read_verbs(draft)
    read_figures(draft)
    read_owning(draft)
    take_dated_words(draft)
    read_recent(draft)
    read_denied_flags(draft)
    read_occurred(draft)
    read_universal(draft)
    for read in (read_ratio, read_best_selling, read_place, read_nested, read_contrast, read_trend):
        read(draft)
    refuse_unknown(items)
    skip_names_of_columns(draft)
    refuse_like_tables(draft)
    refuse_compounds(draft)
    refuse_universals(draft)
    refuse_cut_off(draft)
    for read in (
        read_comparisons,
        read_absence,
        read_order,
        read_superlatives,
        read_implied_sums,
        read_groups,
        read_computed,
        read_periods,
        read_values,
        read_stated_numbers,
        read_rest,
    ):
        read(draft)
    refuse_leftovers(draft)
    refuse_mismeasured(draft)
    reading = refuse_fixed_counts(finish(draft))
    return settle_kin(draft, kin, reading) if kin is not None else settle_counted(draft, reading)


def refuse_unknown(items: Sequence[Item]) -> None:
    """Stop at words that are neither names, values nor steering words, and at those beyond this reader."""
    unknown = tuple(i.text for i in items if i.kind == "unknown" and not i.role)
    if unknown:
        words = ", ".join(f"`{w}`" for w in unknown)
        raise NotRead(f"I cannot place {words} in this data.", unknown)
    for item, following in pairwise(items):
        if item.text.lower() == "about" and following.number is not None:
            raise NotRead("I do not compare with an approximate number.", (item.text, following.text))
    beyond = tuple(i.text for i in items if i.is_cue("unsupported") and not i.role)
    if beyond:
        words = ", ".join(f"`{w}`" for w in beyond)
        raise NotRead(f"I do not read {words} yet.", beyond)


def skip_names_of_columns(draft: Draft) -> None:
    """`the names of the cities`, where a city is a column of text: the column says it."""
    for at in draft.open("name"):
        if name_words(draft.items[at].text) != ("name",) or at + 1 >= len(draft.items):
            continue
        following = draft.after(at)
        if draft.items[at + 1].text.lower() != "of" or following is None or not draft.is_name(following):
            continue
        if draft.as_table(draft.items[following]) is None:
            draft.take(at, f"the {draft.items[following].text} itself")


def read_rest(draft: Draft) -> None:
    """Place the names that are left: flags, listed columns, tables whose rows must exist."""
    for at in draft.cues("distinct"):
        following = draft.after(at)
        counted = following is not None and draft.items[following].role.startswith(("values of", "rows of"))
        if any(t.aggregate for t in draft.targets) and not counted:
            raise NotRead("I cannot tell what is to be different.", (draft.items[at].text,))
        draft.take(at, "distinct")
        draft.distinct = True
    for at in draft.open("name"):
        if draft.items[at].role:
            continue
        table = draft.as_table(draft.items[at])
        if table is not None:
            _place_table(draft, at, table)
        elif not _place_flag(draft, at):
            _place_column(draft, at)
    for at in draft.cues("yes_no"):
        draft.take(at, "yes or no")
        draft.exists_only = True
    for at in draft.cues("not"):
        raise NotRead("I cannot tell what `not` leaves out.", (draft.items[at].text,))


def _place_table(draft: Draft, at: int, table: TableRef) -> None:
    draft.take(at, f"table {table}")
    if is_theirs(draft, at):
        return show_theirs(draft, at, table)
    if _enumerated(draft, at):
        return _list_label(draft, at, table)
    in_use = {t.table for t in draft.targets} | {c.column.table for c in draft.conditions}
    in_use |= {g.column.table for g in draft.groups} | {k.table for k in draft.linked}
    in_use |= {t for t in (draft.focus, draft.entity) if t is not None}
    if draft.order is not None:
        in_use |= {t for t in (draft.order.linked, draft.order.target and draft.order.target.table) if t}
    if table in in_use:
        return
    if any(k.operator == "not exists" for k in draft.linked):
        raise NotRead(
            f"I cannot tell whether `{draft.items[at].text}` is absent too.", (draft.items[at].text,)
        )
    if at > 1 and draft.items[at - 1].text.lower() in ("of", "the") and _noun_before(draft, at):
        raise NotRead(f"I cannot tell how `{draft.items[at].text}` restricts it.", (draft.items[at].text,))
    refuse_doers_kept(draft, at, table)
    draft.linked.append(Linked(table))


def _noun_before(draft: Draft, at: int) -> bool:
    before = draft.before(at)
    return before is not None and draft.as_table(draft.items[before]) is not None


def _enumerated(draft: Draft, at: int) -> bool:
    """`the players and the years played`: a table's noun listed among columns."""
    for beside in (draft.before(at, skip=("fill", "all", "list")), draft.after(at)):
        if beside is None or not draft.items[beside].is_cue("and"):
            continue
        other = draft.before(beside) if beside < at else draft.after(beside)
        if other is None or draft.items[other].kind != "name":
            continue
        if draft.items[other].role.startswith(("column", "table")) or not draft.items[other].role:
            return True
    return False


def _list_label(draft: Draft, at: int, table: TableRef) -> None:
    if table != draft.focus or any(t.aggregate for t in draft.targets):
        raise NotRead(f"I cannot tell what of `{draft.items[at].text}` is wanted.", (draft.items[at].text,))
    for column in draft.schema.label(table):
        draft.targets.insert(_listed_count(draft), Target(table, column))


def _place_flag(draft: Draft, at: int) -> bool:
    """`active customers`, `that are discontinued`: a yes-or-no column used as an adjective."""
    before, following = draft.before(at), draft.after(at)
    last = following is None or draft.items[following].kind == "period"
    linking = is_predicate(draft, at)
    if not (noun_behind(draft, at) or last or linking or is_noun(draft, at) or is_had(draft, at)):
        return False
    if is_listed(draft, at):
        return False
    column = draft.column(at, draft.schema.is_flag)
    dated = happened(draft, at) if column is None else None
    if column is None and dated is None:
        return False
    if column is not None and is_of_another(draft, at, column):
        read_value(draft, at)
        return True
    if following is not None and draft.items[following].kind == "period":
        words = f"{draft.items[at].text} {draft.items[following].text}"
        raise NotRead(f"I cannot tell whether `{words}` is one fact or two.", (words,), final=True)
    negated = before is not None and draft.items[before].is_cue("not") and not draft.items[before].role
    if negated and before is not None:
        draft.take(before, "not")
    if column is None:
        if dated is not None:
            restrict_happened(draft, at, dated, negated=negated)
        return True
    if negated:
        state_unflagged(draft, column)
    if column.table != draft.focus:
        draft.assume(f"`{draft.items[at].text}` is read as {column}.")
    draft.conditions.append(Condition(column, "false" if negated else "true", (), draft.items[at].text))
    draft.take(at, f"{column} is {'false' if negated else 'true'}")
    return True


def _place_column(draft: Draft, at: int) -> None:
    column = draft.column(at)
    if column is None:
        return
    if any(g.column == column for g in draft.groups):
        return draft.take(at, f"group {column}")
    if _is_wanted(draft, at):
        return read_present(draft, at, column)
    refuse_adjective(draft, at, column)
    refuse_flag_as_noun(draft, at, column)
    first = draft.items[at].text.lower().split()[0]
    placed = any(names_rows(draft, c.column) for c in draft.conditions)
    own = draft.focus_named and column.table == draft.focus
    if first in EXTREMES and not own and not placed:
        raise NotRead(f"I cannot tell of what `{draft.items[at].text}` is wanted.", (draft.items[at].text,))
    if any(t.aggregate for t in draft.targets) and draft.groups and draft.schema.is_numeric(column):
        raise NotRead(
            f"I cannot tell how `{draft.items[at].text}` is to be added up.", (draft.items[at].text,)
        )
    if at > 0 and draft.items[at - 1].text.lower() in (
        "who are",
        "that are",
        "which are",
        "who is",
        "that is",
    ):
        raise NotRead(f"I cannot tell what `{draft.items[at].text}` restricts.", (draft.items[at].text,))
    draft.targets.insert(_listed_count(draft), Target(column.table, column.column))
    draft.take(at, f"column {column}")


def _is_wanted(draft: Draft, at: int) -> bool:
    """`with A DISCOUNT`, `with a total over 500 and A DISCOUNT`: rows that have such a thing."""
    if at < 2 or draft.items[at - 1].text.lower() not in ("a", "an"):
        return False
    before, rest = draft.items[at - 2], draft.items[: at - 2]
    compared = bool(rest) and rest[-1].kind == "number" and bool(rest[-1].role)
    also = before.is_cue("and") and compared and any(i.text.lower() in WITH for i in rest)
    return before.text.lower() in WITH or also


def _listed_count(draft: Draft) -> int:
    return sum(t.aggregate is None for t in draft.targets)


def refuse_leftovers(draft: Draft) -> None:
    """Every item has a role by now, or only steers."""
    left = tuple(
        i.text for i in draft.items if not i.role and not (i.cue is not None and i.cue.kind in HARMLESS)
    )
    if left:
        raise NotRead(f"I cannot place {', '.join(f'`{w}`' for w in left)} in this data.", left)


def finish(draft: Draft) -> Reading:
    """The reading, with the table it stands on."""
    settle_contrast(draft)
    refuse_mixed(draft)
    base = _base(draft)
    if base is None:
        raise NotRead("I see no table that this is about.", ())
    grouped = bool(draft.groups or draft.entity)
    computed = draft.share or any(t.aggregate for t in draft.targets)
    if grouped and draft.having is None and not computed:
        raise NotRead("I cannot tell what to compute for each group.", ())
    _show_what_is_listed(draft)
    refuse_lone_measure(draft)
    refuse_contradiction(draft)
    refuse_split_name(draft.conditions, draft.items)
    refuse_circles(draft)
    refuse_part_average(draft)
    state_average_of_rows(draft)
    refuse_unused_noun(draft)
    _list_with_counts(draft)
    read_stock(draft)
    state_unlabelled(draft)
    list_kinds_once(draft)
    settle_whether(draft)
    if draft.share:
        refuse_unclear_share(draft)
    if draft.entity is not None and (draft.share or any(t.aggregate == "count" for t in draft.targets)):
        draft.assume(f"Only rows of {draft.entity} that have any are listed.")
    return Reading(
        base=base,
        targets=tuple(dict.fromkeys(draft.targets)),
        conditions=tuple(draft.conditions),
        either=tuple(draft.either),
        against_average=tuple(draft.against_average),
        linked=tuple(draft.linked),
        groups=tuple(draft.groups),
        group_by_entity=draft.entity,
        order=draft.order,
        limit=draft.limit,
        then=tuple(draft.then),
        within=draft.within,
        place=draft.place,
        outer=draft.outer,
        compared=draft.compared,
        trend=draft.trend,
        having=draft.having,
        distinct=draft.distinct or _lists_kinds(draft),
        share=draft.share,
        kept=tuple(draft.kept),
        every=draft.every,
        exists_only=draft.exists_only,
        alone=draft.alone,
        mentioned=tuple(draft.mentioned()),
        assumptions=tuple(draft.assumptions),
        explained=tuple((i.text, i.role) for i in draft.items if i.role),
        certainty=draft.certainty,
    )


def _list_with_counts(draft: Draft) -> None:
    """`the names of stores and the number of orders`: listed columns are those of the things counted for."""
    listed = [t for t in draft.targets if t.aggregate is None]
    computed = [t for t in draft.targets if t.aggregate is not None]
    if draft.order is not None and draft.order.linked is not None:
        ranked = draft.order.linked
        draft.targets = [t for t in draft.targets if t.table != ranked or t.aggregate != "count"]
        return
    grouped = {g.column for g in draft.groups}
    if draft.limit and grouped and computed and not {t.ref for t in listed} <= grouped:
        raise NotRead("I cannot show more than what is ranked.", tuple(t.column or "" for t in listed))
    order = draft.order.target if draft.order else None
    if order is not None and order.aggregate and order not in draft.targets and not (grouped or draft.entity):
        raise NotRead("I cannot order single rows by something computed over many.", ())
    plain_order = order is not None and order.aggregate is None
    if computed and plain_order and draft.limit and not (grouped or draft.entity):
        raise NotRead("I do not compute over the first few rows of a ranking.", ())
    if draft.entity is not None:
        return refuse_unlike_entity(draft, listed, computed)
    if _lists_focus_with_counts(draft, listed, computed):
        draft.entity = draft.focus
    if not listed or not computed or draft.groups:
        return
    owners = {t.table for t in listed}
    one_figure = draft.items[0].is_cue("count") and not any(i.is_cue("and", "each") for i in draft.items)
    if one_figure or len(owners) != 1 or owners & {t.table for t in computed}:
        raise NotRead("I cannot list single rows and compute over them at once.", ())
    draft.entity = owners.pop()


def _lists_focus_with_counts(draft: Draft, listed: list[Target], computed: list[Target]) -> bool:
    """`list members with their number of loans`: a row a member, though no column of it is named."""
    first = next((i for i in draft.items if i.kind == "name"), None)
    asked = draft.items[0].is_cue("list") and first is not None and draft.as_table(first) == draft.focus
    counts = [t for t in computed if t.aggregate == "count" and t.table != draft.focus]
    return asked and bool(counts) and not listed and not draft.groups and draft.order is None


def _lists_kinds(draft: Draft) -> bool:
    """`what are the payment methods`: a column listed without its table means its different values."""
    named = any(draft.as_table(i) is not None for i in draft.items)
    plain = len(draft.targets) == 1 and draft.targets[0].aggregate is None
    opener = " ".join(i.text.lower() for i in draft.items[:2])
    asked_which = opener.startswith(("which", "in which", "what different")) and _first_is_column(draft)
    if not asked_which and (named or draft.conditions):
        return False
    return plain and draft.order is None


def _first_is_column(draft: Draft) -> bool:
    first = next((i for i in draft.items if i.kind == "name"), None)
    return first is not None and draft.as_table(first) is None


def _show_what_is_listed(draft: Draft) -> None:
    """`the cities and their population`: the noun that comes first is asked for too."""
    first = next((i for i in draft.items if i.kind == "name"), None)
    plain = draft.targets and all(t.aggregate is None for t in draft.targets)
    if (
        first is None
        or not plain
        or draft.distinct
        or draft.as_table(first) != draft.focus
        or not draft.focus
    ):
        return
    label = [Target(draft.focus, c) for c in draft.schema.label(draft.focus)]
    draft.targets = [*(t for t in label if t not in draft.targets), *draft.targets]


def _base(draft: Draft) -> TableRef | None:
    computed = [t.table for t in draft.targets if t.aggregate is not None]
    if computed and len(set(computed)) > 1:
        raise NotRead("I compute from one table at a time.", tuple(map(str, dict.fromkeys(computed))))
    if computed:
        return computed[0]
    owners = {t.table for t in draft.targets}
    if len(owners) == 1 and not draft.focus_named:
        return owners.pop()
    return draft.focus or (draft.targets[0].table if draft.targets else None)
