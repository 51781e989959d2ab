"""A catalogue of any size from real metadata: the same for the same seed.

The real tables come first, as they are. Every further table is made of two, its subject and its donor:

- Name: the subject's, in front of it a layer (`stg`, `fct`, ...), behind it a region, a team or a year, in a
  schema of the donor's; a number is added where the name is taken.
- Description: the subject's sentences, each replaced with one of the donor's with a chance of one half, and a
  sentence that says what part of the subject it holds.
- Columns: each of the subject's is kept with a chance of 0.7, and as many of the donor's come in as were left
  out.

So a large catalogue is like a grown warehouse: every table has look-alikes that share its words and columns,
and none is a copy. A question's own tables stay in; whether a search finds them among their look-alikes is
measured.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gnomon.domain.catalog import CardColumn, TableCard, TableRef

SEED = 7
LAYERS = ("raw", "stg", "int", "fct", "dim", "agg", "mart", "snap", "tmp", "rpt", "ods", "hist")
PARTS = (
    *("emea", "apac", "amer", "nordics", "dach", "iberia", "benelux", "japan", "india", "brazil", "canada"),
    *("finance", "marketing", "logistics", "support", "legal", "sales", "research", "security", "payroll"),
    *("mobile", "web", "retail", "wholesale", "partners", "internal", "trial", "enterprise", "legacy"),
    *(str(year) for year in range(2015, 2027)),
)
KEPT = 0.7
SWAPPED = 0.5


@dataclass(frozen=True, slots=True)
class ScaledTable:
    """A table of the catalogue.

    Args:
        subject: Position of the real table it is made from, among the real ones.
        donor: Position of the other one; the subject's where it is real itself.
    """

    card: TableCard
    subject: int
    donor: int

    @property
    def is_real(self) -> bool:
        """Whether it is a real table as it is."""
        return self.subject == self.donor


def scaled(base: Sequence[TableCard], tables: int, seed: int = SEED) -> Iterator[ScaledTable]:
    """`tables` tables with names of their own: the real ones first, then made ones.

    A larger catalogue begins with the tables of a smaller one.
    """
    rng = random.Random(seed)
    taken: set[str] = set()
    for place, card in enumerate(base[:tables]):
        taken.add(str(card.ref).casefold())
        yield ScaledTable(card, place, place)
    for number in range(max(0, tables - len(base))):
        subject = number % len(base)
        donor = (subject + rng.randrange(1, len(base))) % len(base)
        card = _made(base[subject], base[donor], rng)
        ref = _free(card.ref, taken)
        taken.add(str(ref).casefold())
        yield ScaledTable(replace(card, ref=ref), subject, donor)


def changed(card: TableCard, day: int) -> TableCard:
    """The table on another day: its description says something new."""
    return replace(card, purpose=f"{card.purpose} Reworked on day {day}.")


def _made(subject: TableCard, donor: TableCard, rng: random.Random) -> TableCard:
    part = rng.choice(PARTS)
    name = "_".join((rng.choice(LAYERS), subject.ref.name, part))
    return TableCard(
        ref=TableRef(name, donor.ref.schema),
        columns=_columns(subject.columns, donor.columns, rng),
        purpose=_purpose(subject.purpose, donor.purpose, part, rng),
        purpose_from=subject.purpose_from,
    )


def _purpose(subject: str, donor: str, part: str, rng: random.Random) -> str:
    own, others = _sentences(subject), _sentences(donor)
    mixed = [rng.choice(others) if others and rng.random() < SWAPPED else sentence for sentence in own]
    return " ".join([*mixed, f"Holds the {part} part."])


def _columns(
    own: Sequence[CardColumn], others: Sequence[CardColumn], rng: random.Random
) -> tuple[CardColumn, ...]:
    kept = [c for c in own if rng.random() < KEPT]
    names = {c.name.casefold() for c in kept}
    new = [c for c in others if c.name.casefold() not in names]
    return (*kept, *rng.sample(new, min(len(new), len(own) - len(kept))))


def _sentences(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.!?])\s+", text) if s]


def _free(ref: TableRef, taken: set[str]) -> TableRef:
    name, number = ref, 1
    while str(name).casefold() in taken:
        number += 1
        name = replace(ref, name=f"{ref.name}_{number}")
    return name
