"""Blocks of `golden/trusted.txt`: trusted queries that are in sight together, and questions put to them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from grounded_businesses import GOLDEN, NOW, Business, one_line

from gnomon.domain.context import Context, TrustedQuery
from gnomon.models.grounded.trusted.adapt import Adapted, adapt

FILE = GOLDEN / "trusted.txt"
TODAY = NOW.date()
_assembled: dict[tuple[str, str], Context] = {}


@dataclass
class Block:
    """Trusted queries of a business, and the questions with what is expected of them."""

    business: str
    trusted: list[TrustedQuery] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)


def blocks() -> Iterator[Block]:
    """Every block of the file, in order."""
    for part in FILE.read_text(encoding="utf-8").split("\n\n"):
        lines = [x for x in part.splitlines() if x and not x.startswith("#")]
        if lines:
            yield _block(list(zip(lines[::2], lines[1::2], strict=True)))


def _block(pairs: list[tuple[str, str]]) -> Block:
    block = Block("")
    for head, below in pairs:
        if not head.startswith("["):
            block.asked.append((head, below.strip()))
            continue
        where, _, title = head.removeprefix("[").partition("] ")
        block.business, _, trust = where.partition(" ")
        origin = f"log.jsonl:{len(block.trusted) + 1}"
        block.trusted.append(TrustedQuery(title, below.strip(), float(trust or 0.8), origin=origin))
    return block


def context_of(business: Business, question: str, trusted: list[TrustedQuery]) -> Context:
    """What a model is shown for the question, with these trusted queries; the rest is assembled once."""
    key = (business.name, question)
    if key not in _assembled:
        _assembled[key] = business.context(question)
    return replace(_assembled[key], trusted=tuple(trusted))


def adapted(business: Business, question: str, trusted: list[TrustedQuery]) -> Adapted | None:
    """What the trusted queries make of the question."""
    return adapt(question, context_of(business, question, trusted), TODAY)


def say(business: Business, question: str, trusted: list[TrustedQuery]) -> str:
    """The statement on one line, or `none`."""
    found = adapted(business, question, trusted)
    return one_line(found.sql, business.engine) if found is not None else "none"
