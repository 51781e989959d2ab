"""What a figure is in: `average duration in minutes` of `durationMin`, `total discount` of `discount_pct`."""

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.ages import read_ages
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import NotRead
from gnomon.models.grounded.shortened import PERCENT
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.units import SPOKEN, held_by, name_parts

ROLE = "the unit of what is shown"


def read_figures(draft: Draft) -> None:
    """Read what a figure is asked for in, and ages, which no column holds as they are."""
    _read_shown_units(draft)
    read_ages(draft)


def _read_shown_units(draft: Draft) -> None:
    """Give a role to `in minutes`; whether the figure is in minutes is seen once it is known."""
    for at, item in enumerate(draft.items):
        units = SPOKEN.get(item.text.lower(), ()) if _may_be_unit(item) else ()
        before = draft.items[at - 1].text.lower().split() if at else []
        if units and before[-1:] == ["in"] and all(u.dimension != "money" for u in units):
            draft.take(at, ROLE)
            draft.alone = True


def _may_be_unit(item: Item) -> bool:
    """Whether it names nothing, or no more than columns whose last word it is: `kg` of `wt_kg`."""
    unit = item.text.lower()
    ends = all(k.column is not None and name_parts(k.column)[1:][-1:] == (unit,) for k in item.links)
    return not item.role and (item.kind == "unknown" or (item.kind == "name" and ends))


def refuse_mismeasured(draft: Draft) -> None:
    """Refuse a figure in another unit than it is stored in, and a sum of what is a percentage.

    Raises:
        NotRead: It holds something else, or nobody says what it holds, or its values do not add up.
    """
    _refuse_other_units(draft)
    _refuse_added_shares(draft)


def _refuse_other_units(draft: Draft) -> None:
    """Nothing that is shown is converted."""
    for item in draft.items:
        if item.role != ROLE:
            continue
        words, asked = item.text, SPOKEN[item.text.lower()]
        shown = [t.ref for t in draft.targets if t.ref is not None and t.aggregate != "count"]
        shown = [c for c in shown if draft.schema.is_numeric(c)]
        if not shown:
            raise NotRead(f"I cannot tell what is wanted in {words}.", (words,), final=True)
        for column in shown:
            held = held_by(draft.schema.card(column.table), draft.schema.column(column))
            if held.unit not in asked or held.doubt:
                raise NotRead(
                    _reason(column, words, held.unit.name if held.unit is not None else None),
                    (words,),
                    final=True,
                )


def _reason(column: ColumnRef, words: str, held: str | None) -> str:
    if held is None:
        return f"Nobody says that {column} is in {words}."
    return f"{column} holds {held}, and figures in {words} are not worked out."


def _refuse_added_shares(draft: Draft) -> None:
    """`total discount` of what is a percentage, which the question does not call so."""
    added = {t.ref for t in draft.targets if t.aggregate == "sum"}
    if draft.order is not None and draft.order.target is not None and draft.order.target.aggregate == "sum":
        added.add(draft.order.target.ref)
    for item in draft.items:
        column = item.resolved
        if column is None or column not in added or item.kind != "name":
            continue
        if PERCENT & {*name_parts(column.column)} and not PERCENT & {*item.text.lower().split()}:
            raise NotRead(f"{column} is a percentage, which does not add up.", (item.text,), final=True)
