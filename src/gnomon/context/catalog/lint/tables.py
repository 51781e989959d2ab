"""Tables that are taken for each other, and tables that point at others."""

import re
from collections.abc import Iterator, Mapping

from gnomon.context.catalog.lint.finding import Finding, Ground, annotate, of_card
from gnomon.context.catalog.sources.annotations.model import instead_of_text
from gnomon.domain.catalog import TableCard, TableRef

_LOOKS_LIKE = re.compile(r"Looks like `([^`]+)`")
"""How `caveats.look_alikes` words it, with the provenance `shared columns`."""


def look_alikes(ground: Ground) -> Iterator[Finding]:
    """Pairs of tables with almost the same columns where no owner says when to use which."""
    cards = {card.ref: card for card in ground.cards}
    told: set[frozenset[TableRef]] = set()
    for card in sorted(ground.cards, key=_least_used_last):
        for other in _alike(card, ground):
            pair = frozenset((card.ref, other))
            if pair in told or other not in cards or _told_apart(card, cards[other], ground):
                continue
            told.add(pair)
            message = f"it looks like `{other}`, and nobody says when to use which"
            mend = annotate(card.ref, "--use-instead", str(other), "--when", "'...'")
            yield of_card("look-alike", "warning", card, message, mend)


def instead_cycles(ground: Ground) -> Iterator[Finding]:
    """Tables that send people round in a circle: each says always to use the next one."""
    edges = {card.ref: tuple(_always_instead(card, ground)) for card in ground.cards if card.use_instead}
    cards = {card.ref: card for card in ground.cards}
    for cycle in _cycles(edges):
        card = cards[cycle[0]]
        path = " -> ".join(f"`{ref}`" for ref in (*cycle, cycle[0]))
        message = f"`use_instead` goes round in a circle: {path}"
        mend = f"say `when` each is better, or end it: {annotate(card.ref, '--remove', 'use_instead')}"
        place = ground.place(card.ref, "use_instead")
        yield of_card("use-instead-cycle", "error", card, message, mend, place=place)


def instead_missing(ground: Ground) -> Iterator[Finding]:
    """Tables for which a better one is named that does not exist."""
    if not ground.complete:
        return
    for card in ground.cards:
        for better in instead_of_text(card.use_instead):
            if better.table and ground.names.find(better.table) is None:
                message = f"`use_instead` names `{better.table}`, and there is no such table"
                mend = f"name one that exists, or end it: {annotate(card.ref, '--remove', 'use_instead')}"
                place = ground.place(card.ref, "use_instead")
                yield of_card("use-instead-missing", "error", card, message, mend, place=place)


def _least_used_last(card: TableCard) -> tuple[int, int, TableRef]:
    users, queries = (card.usage.users, card.usage.queries) if card.usage else (0, 0)
    return (-users, -queries, card.ref)


def _alike(card: TableCard, ground: Ground) -> Iterator[TableRef]:
    for caveat in card.caveats:
        found = _LOOKS_LIKE.match(caveat.text) if caveat.provenance == "shared columns" else None
        ref = ground.names.find(found[1]) if found else None
        if ref is not None and ref != card.ref:
            yield ref


def _told_apart(one: TableCard, two: TableCard, ground: Ground) -> bool:
    """Whether one of the two sends to the other, or says when it is the better one."""
    better = {ground.names.find(i.table) for card in (one, two) for i in instead_of_text(card.use_instead)}
    if better & {one.ref, two.ref}:
        return True
    return any(s.kind == "use_when" for card in (one, two) for s in card.statements)


def _always_instead(card: TableCard, ground: Ground) -> Iterator[TableRef]:
    for better in instead_of_text(card.use_instead):
        ref = ground.names.find(better.table) if better.table and not better.when else None
        if ref is not None:
            yield ref


def _cycles(edges: Mapping[TableRef, tuple[TableRef, ...]]) -> Iterator[list[TableRef]]:
    """Every circle that a walk along the edges closes, each once, its first table by name in front."""
    done: set[TableRef] = set()
    for start in sorted(edges):
        path: list[TableRef] = []
        position: dict[TableRef, int] = {}
        todo: list[tuple[TableRef, int]] = [(start, 0)]
        while todo:
            ref, depth = todo.pop()
            for left in path[depth:]:
                del position[left]
            del path[depth:]
            if ref in position:
                yield _from_first(path[position[ref] :])
            elif ref not in done:
                done.add(ref)
                position[ref] = depth
                path.append(ref)
                todo += [(after, depth + 1) for after in reversed(edges.get(ref, ()))]


def _from_first(cycle: list[TableRef]) -> list[TableRef]:
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]
