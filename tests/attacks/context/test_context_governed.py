"""What the layers of context tell a person of whom a part of the warehouse is hidden.

Owners, code, dashboards, logs and lineage speak of everything, and whoever reads them through `GovernedIndex`
is to learn nothing of a hidden table or column: no name, value, count, person, filter, title or place. Each
planted text holds a canary, so that a text that came through is found even if no hidden name stands in it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from attacks.context.context_world import OWNER, SPELLINGS, ContextWorld, Kind, everything, leaks
from gnomon.domain.catalog import TableCard, TableRef
from gnomon.models.minilm.embedder import MiniLmEmbedder

Worlds = Callable[[Kind], ContextWorld]
Record = Callable[[str, Counter[str]], None]


@pytest.mark.requirement("attacks:context-hidden")
def test_nothing_that_the_index_tells_names_what_is_hidden(
    world_of: Worlds, embedder: MiniLmEmbedder, record_context: Record
) -> None:
    told = everything(world_of("loud").governed(), embedder)
    found = {part: leaks(repr(_values(value))) for part, value in told.items()}
    record_context("index, loud", Counter("escaped" if f else "harmless" for f in found.values()))
    assert {part: f for part, f in found.items() if f} == {}


def _values(told: Any) -> Any:
    """What was told, without what was asked for."""
    return [*told.values()] if isinstance(told, dict) else told


@pytest.mark.requirement("attacks:context-hidden")
def test_the_owner_reads_all_of_what_was_planted(world_of: Worlds, embedder: MiniLmEmbedder) -> None:
    """The attack bites: every spelling and every kind of fact is in the index."""
    told = repr(everything(world_of("loud").governed(OWNER), embedder))
    planted = [f"CANARY-caveat-{n}." for n in range(len(SPELLINGS))]
    planted += ["owner", "criticality", "freshness", "instead", "made", "meaning", "column", "board", "dash"]
    planted += ["CANARY-name", "CANARY-name-place", "CANARY-also_called"]
    planted += ["as", "literal", "badge", "mail@acme", "place", "tag", "downstream", "grain", "Most queries"]
    planted += [f"CANARY-{kind}-place" for kind in ("owner", "criticality", "freshness")]
    assert [p for p in planted if p not in told] == []


@pytest.mark.requirement("attacks:context-hidden")
def test_what_is_no_secret_is_still_told(world_of: Worlds) -> None:
    """Leaving out all that anyone says would keep secrets too."""
    card = world_of("loud").governed().card(TableRef("orders"))
    assert card is not None
    assert card.purpose == "One row per order that a customer placed."
    assert (card.owner, card.owner_from) == ("finance", "notes.yaml:1 by Ines")
    assert [s.text for s in card.statements if s.kind == "use_when"] == [
        "Unlike `old_orders`, it is loaded every day."
    ]
    assert "Status of test orders is open." in [c.text for c in card.caveats]
    status, placed = card.column("status"), card.column("placed")
    assert status is not None
    assert placed is not None
    assert (status.meaning, placed.meaning, placed.meaning_from) == ("Where the order stands.", "Fine.", "")
    old = world_of("loud").governed().card(TableRef("old_orders"))
    assert old is not None
    assert old.purpose == "One row per old order. Never changed."
    assert old.use_instead == "orders when you need new ones"
    assert (old.owner, old.owner_from, old.criticality_from, old.freshness_from) == ("", "", "", "")
    made = world_of("loud").governed().card(TableRef("made_orders"))
    assert made is not None
    assert (made.owner, made.criticality, made.freshness) == ("finance", "high", "daily")
    assert (made.owner_from, made.criticality_from, made.freshness_from) == ("", "", "")


@pytest.mark.requirement("attacks:context-without")
@pytest.mark.parametrize("part", ["cards", "brief", "lineage", "trusted", "found", "values", "catalog"])
def test_a_hidden_table_moves_nothing_of_what_is_told_of_the_others(
    world_of: Worlds, embedder: MiniLmEmbedder, part: str
) -> None:
    """The hidden tables are the most used ones by far, freshest, and queried in words of the questions."""
    quiet, bare = (everything(world_of(kind).governed(), embedder) for kind in ("quiet", "bare"))
    kept = [quiet[part], bare[part]]
    if isinstance(kept[0], dict):
        kept = [{k: v for k, v in each.items() if k in bare[part]} for each in kept]
    assert kept[0] == kept[1]


@pytest.mark.requirement("attacks:context-restricted")
@pytest.mark.parametrize("table", ["sales", "staff", "customers"])
def test_of_a_table_that_is_seen_in_part_no_use_is_told(world_of: Worlds, table: str) -> None:
    card = world_of("loud").governed().card(TableRef(table))
    assert card is not None
    assert card.usage is None
    assert [c.text for c in card.caveats if "queries" in c.text] == []


@pytest.mark.requirement("attacks:context-hidden")
def test_the_page_of_people_is_told_without_its_items_on_what_is_hidden(world_of: Worlds) -> None:
    lines = [f"- Orders are paid. Beside {s} is CANARY-{n}. Read orders." for n, s in enumerate(SPELLINGS)]
    lines += [
        "- customers: the zq margin is net.",
        "",
        "Start from orders.",
        "",
        "- customers.mail is hashed.",
    ]
    told = world_of("loud").governed(page="\n".join(lines)).brief()
    assert leaks(told) == []
    assert "Start from orders." in told
    assert "- customers.mail is hashed." in told
    assert "Orders are paid." not in told, "an item goes whole"


@pytest.mark.requirement("attacks:context-hidden")
def test_every_text_of_a_card_was_attacked() -> None:
    """A new field has to be planted above, and governed."""
    assert {f.name for f in fields(TableCard)} == {
        *("ref", "columns", "row_count", "is_view", "purpose", "keys", "joins", "owner", "always_filter"),
        *("freshness_column", "caveats", "use_instead", "purpose_from", "criticality", "freshness"),
        *("produced_by", "tags", "statements", "usage", "owner_from", "criticality_from", "freshness_from"),
        "also_called",
    }
