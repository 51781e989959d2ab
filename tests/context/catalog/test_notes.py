"""Owner notes are read from TOML and laid over what is drafted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gnomon.context.catalog.build import BuildReport
from gnomon.context.catalog.notes import Note, load_notes
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.catalog import TableRef
from gnomon.domain.errors import Misconfigured

ORDERS = """
table = "orders"
owner = "finance"
meaning = "One row per order that a customer placed in the web shop."
caveats = ["Orders of the old shop are missing."]
always_filter = ["deleted_at is null"]
use_instead = "products"
[columns]
status = "Where the order stands"
state = { meaning = "Two-letter state it was shipped to" }
"""


@pytest.mark.requirement("ODA-08")
def test_a_note_reaches_the_card_with_its_source(
    build: Callable[..., BuildReport], shop: Path, index_path: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "orders.toml").write_text(ORDERS)
    build(shop, notes=load_notes(tmp_path / "notes"))
    index = CatalogIndex.open(index_path)
    card = index.card(TableRef("orders"))
    assert card is not None
    assert (card.owner, card.always_filter, card.use_instead) == (
        "finance",
        ("deleted_at is null",),
        "products",
    )
    assert card.purpose == "One row per order that a customer placed in the web shop."
    state = card.column("state")
    assert state is not None
    assert state.meaning == "Two-letter state it was shipped to"
    assert (card.caveats[0].text, card.caveats[0].provenance) == (
        "Orders of the old shop are missing.",
        "notes/orders.toml",
    )
    assert index.retrieve("web shop", None, 1)[0].ref == TableRef("orders")
    index.close()


@pytest.mark.requirement("ODA-08")
def test_a_changed_note_rewrites_its_card_without_reading_data_again(
    build: Callable[..., BuildReport], shop: Path
) -> None:
    build(shop)
    report = build(shop, notes=(Note("orders", meaning="Purchases"),))
    assert (report.profiled, report.embedded, report.unchanged) == (0, 1, False)


@pytest.mark.requirement("ODA-08")
def test_a_note_on_an_unknown_table_is_reported(build: Callable[..., BuildReport], shop: Path) -> None:
    report = build(shop, notes=(Note("ordres", source="notes/x.toml"),))
    assert report.problems == (("notes/x.toml", "there is no table 'ordres'"),)


@pytest.mark.requirement("ODA-08")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("table = ", "Invalid value"),
        ('owner = "x"', "`table` is missing"),
        ('table = "t"\nmeening = "x"', "unknown field 'meening'"),
        ('table = "t"\nowner = 3', "`owner` must be a text"),
        ('table = "t"\ncaveats = "x"', "`caveats` must be a list of texts"),
        ('table = "t"\ncolumns = 1', "`columns` must be a table"),
        ('table = "t"\n[columns]\na = 1', "the meaning of column 'a' must be a text"),
    ],
)
def test_a_malformed_note_is_refused_with_its_file_and_reason(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "n.toml").write_text(text)
    with pytest.raises(Misconfigured) as refused:
        load_notes(tmp_path)
    assert dict(refused.value.facts)["file"].endswith("n.toml")
    assert reason in dict(refused.value.facts)["reason"]


@pytest.mark.requirement("ODA-08")
def test_no_folder_of_notes_is_no_notes(tmp_path: Path) -> None:
    assert load_notes(tmp_path / "notes") == ()
