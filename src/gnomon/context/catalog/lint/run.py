"""Put the rules to the cards of a warehouse."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date

from gnomon.context.catalog.lint.finding import SEVERITIES, Finding, Ground
from gnomon.context.catalog.lint.rules import RULES
from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.sources.annotations.model import Annotation
from gnomon.context.catalog.sources.annotations.reader import Annotations
from gnomon.domain.catalog import TableCard, TableRef

_NOTHING_SAID = Annotations()


def lint(
    cards: Sequence[TableCard],
    problems: Sequence[tuple[str, str]],
    now: date,
    said: Annotations = _NOTHING_SAID,
    *,
    complete: bool = True,
    dialect: str = "",
    rules: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Everything to mend, the gravest first, and of these what most people use.

    Pure. The time it takes grows with the number of columns, not with that of pairs of tables.

    Args:
        cards: The tables, as the reader of the findings may see them.
        problems: Place and message of what the build of the index could not use.
        now: The day from which ages are counted.
        said: What owners say; without it, findings on what they say have no place.
        complete: The cards are all that there is; otherwise nothing is said of what seems to be missing.
        dialect: The warehouse's, in which conditions are written.
        rules: Ids of the rules to put; all by default.
    """
    ground = _ground(cards, problems, now, said, complete=complete, dialect=dialect)
    chosen = [rule for rule in RULES if not rules or rule.id in rules]
    return tuple(sorted((f for rule in chosen for f in rule.find(ground)), key=_rank))


def _ground(
    cards: Sequence[TableCard],
    problems: Sequence[tuple[str, str]],
    now: date,
    said: Annotations,
    *,
    complete: bool,
    dialect: str,
) -> Ground:
    names = Names(card.ref for card in cards)
    by_table: dict[TableRef, list[Annotation]] = defaultdict(list)
    strays: list[Annotation] = []
    for entry in said.entries:
        ref = names.find(entry.table)
        if ref is None:
            strays.append(entry)
        else:
            by_table[ref].append(entry)
    return Ground(
        cards=cards,
        now=now,
        annotations=by_table,
        strays=strays,
        broken=[(p.place, p.message) for p in said.problems],
        problems=problems,
        complete=complete,
        dialect=dialect,
        names=names,
    )


def _rank(finding: Finding) -> tuple[object, ...]:
    used = (-finding.users, -finding.queries)
    return (
        SEVERITIES.index(finding.severity),
        *used,
        finding.table,
        finding.column,
        finding.rule,
        finding.place,
    )
