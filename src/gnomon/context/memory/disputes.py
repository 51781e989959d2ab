"""What a memory contradicts of that which holds, and what a person decides about it.

Of two that contradict each other for the same people the newer one would be applied in silence, so a person
says which one holds before the newer one does. Against a memory for more people the narrower one holds, as is
its purpose: such a pair may be decided about, and need not.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from gnomon.context.memory.compare import Likeness
from gnomon.domain.errors import Retry
from gnomon.domain.memory import Memory

MAX_TOLD = 10
"""An error names so many contradicted memories at most."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says of memories that another one contradicts, as they saw them.

    Args:
        replaced: They end, and the other one takes their place.
        beside: They are kept with it.
    """

    replaced: tuple[Memory, ...] = ()
    beside: tuple[Memory, ...] = ()


UNDECIDED = Decision()


def contradicted(alike: Iterable[Likeness], now: datetime) -> tuple[Likeness, ...]:
    """Of what a memory is like, that which holds and says the opposite."""
    held = (a for a in alike if a.other.status == "active" and not a.other.expired(now))
    return tuple(a for a in held if a.relation == "contradiction")


def disputed(
    memory: Memory, alike: Iterable[Likeness], now: datetime, replaced: Collection[Memory] = ()
) -> tuple[Likeness, ...]:
    """What a memory contradicts for the very same people, beyond what it replaces: a person has to decide."""
    ended, place = {m.id for m in replaced}, (memory.scope, memory.place)
    return tuple(
        a
        for a in contradicted(alike, now)
        if (a.other.scope, a.other.place) == place and a.other.id not in ended
    )


def decide(
    memory: Memory,
    alike: Iterable[Likeness],
    now: datetime,
    replaced: tuple[Memory, ...] = (),
    *,
    keep_both: bool = False,
) -> Decision:
    """What a person said of what a memory contradicts; nothing is changed yet.

    Args:
        alike: What the memory is like (`MemoryBook.alike`).
        replaced: What it shall take the place of, whether it is found to contradict that or not.
        keep_both: Keep it with all the rest that it contradicts.

    Raises:
        Retry: It contradicts something for the same people that nobody decided about, or replaces itself.
    """
    alike = tuple(alike)
    if any(old.id == memory.id for old in replaced):
        raise Retry(f"`{memory.id}` cannot take its own place", hint="name the memory that it replaces")
    open_ = disputed(memory, alike, now, replaced)
    if open_ and not keep_both:
        raise _undecided(memory, open_)
    ended = {m.id for m in replaced}
    rest = tuple(a.other for a in contradicted(alike, now) if a.other.id not in ended)
    return Decision(replaced, rest if keep_both else ())


def _undecided(memory: Memory, open_: tuple[Likeness, ...]) -> Retry:
    told = open_[:MAX_TOLD]
    facts = [(a.other.id, f"«{a.other.text}»: {a.why}") for a in told]
    if len(open_) > len(told):
        facts.append(("and", f"{len(open_) - len(told)} more"))
    replace = " ".join(f"--replace {a.other.id}" for a in told)
    return Retry(
        f"«{memory.text}» contradicts what is remembered already; nothing is changed",
        facts=tuple(facts),
        hint=f"say which one holds: `{replace}` retires the old, `--keep-both` keeps all",
    )
