"""What is said is written into the right file, whole or not at all."""

import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.sources.annotations.change import Append, Change, Put
from gnomon.context.catalog.sources.annotations.draft import draft
from gnomon.context.catalog.sources.annotations.reader import read_annotations, read_text
from gnomon.context.catalog.sources.annotations.writer import Plan, Prepared, entry_of, prepare
from gnomon.domain.catalog import CardColumn, Column, ColumnProfile, Statement, TableCard, TableRef
from gnomon.domain.errors import Misconfigured

ORDERS = TableRef("orders", "marts")
OTHERS = TableRef("others", "marts")
TABLES = Names((ORDERS, OTHERS))


def always(*changes: Change) -> Plan:
    def plan(data: dict[str, Any]) -> Sequence[Change]:
        return changes

    return plan


def say(folder: Path, ref: TableRef, *changes: Change) -> Prepared:
    entry = entry_of(read_annotations(folder), ref, TABLES) if folder.is_dir() else None
    ready = prepare(folder, entry, ref, always(*changes))
    ready.write()
    return ready


@pytest.mark.requirement("annotations:write")
def test_a_first_word_on_a_table_makes_its_file(tmp_path: Path) -> None:
    ready = say(tmp_path / "new", ORDERS, Put(("owner",), "Ana"))
    assert ready.created
    assert ready.path == tmp_path / "new" / "marts.orders.yaml"
    assert ready.path.read_text() == "table: marts.orders\nowner: Ana\n"


@pytest.mark.requirement("annotations:write")
def test_a_table_is_changed_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "team.yaml"
    file.write_text("# ours\ntables:\n  - table: orders  # short\n  - table: marts.others\n    owner: Bo\n")
    ready = say(tmp_path, ORDERS, Put(("owner",), "Ana"), Append("tags", "gold"))
    assert (ready.path, ready.created) == (file, False)
    assert file.read_text() == (
        "# ours\ntables:\n  - table: orders  # short\n    owner: Ana\n    tags:\n      - gold\n"
        "  - table: marts.others\n    owner: Bo\n"
    )
    assert [*tmp_path.iterdir()] == [file]


@pytest.mark.requirement("annotations:write")
def test_what_cannot_be_changed_rightly_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "orders.yaml"
    anchored = "table: orders\nmeaning: &m text\ngrain: *m\n"
    file.write_text(anchored)
    with pytest.raises(Misconfigured, match="written in a way that Gnomon does not change"):
        say(tmp_path, ORDERS, Put(("grain",), "other"))
    assert file.read_text() == anchored


@pytest.mark.requirement("annotations:write")
def test_what_does_not_fit_an_annotation_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_text("table: orders\ntag: wrong but there before\n")
    with pytest.raises(Misconfigured, match="does not fit") as caught:
        say(tmp_path, ORDERS, Put(("criticality",), "urgent"))
    assert [value for _, value in caught.value.facts] == [
        "`criticality` is one of low, medium, high, critical"
    ]
    say(tmp_path, ORDERS, Put(("criticality",), "high"))
    assert "criticality: high" in (tmp_path / "orders.yaml").read_text()


@pytest.mark.requirement("annotations:write")
def test_a_broken_file_in_the_place_of_a_new_one_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "marts.orders.yaml"
    file.write_text("table: [")
    with pytest.raises(Misconfigured, match="is there already"):
        say(tmp_path, ORDERS, Put(("owner",), "Ana"))
    assert file.read_text() == "table: ["


@pytest.mark.requirement("annotations:write")
def test_names_that_no_file_can_bear_are_written_otherwise(tmp_path: Path) -> None:
    for ref, name in ((TableRef("../../x", "a/b"), "a_b..._.._x.yaml"), (TableRef(".x y"), "_.x_y.yaml")):
        ready = prepare(tmp_path, None, ref, always(Put(("owner",), "Ana")))
        assert (ready.path.parent, ready.path.name) == (tmp_path, name)
        assert read_text(ready.content, name).entries[0].table == str(ref)


@pytest.mark.requirement("annotations:write")
def test_a_byte_order_mark_and_line_ends_stay(tmp_path: Path) -> None:
    file = tmp_path / "orders.yaml"
    file.write_bytes("\ufefftable: orders\r\nowner: Ana\r\n".encode())
    say(tmp_path, ORDERS, Put(("owner",), "Bo"), Put(("columns", "a"), "x"))
    assert file.read_bytes() == "\ufefftable: orders\r\nowner: Bo\r\ncolumns:\r\n  a: x\r\n".encode()


@pytest.mark.requirement("annotations:write")
@pytest.mark.skipif(sys.platform == "win32", reason="rights are set otherwise there")
def test_others_may_read_what_they_could_read_before(tmp_path: Path) -> None:
    file = tmp_path / "orders.yaml"
    file.write_text("table: orders\n")
    file.chmod(0o664)
    say(tmp_path, ORDERS, Put(("owner",), "Ana"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o664
    made = say(tmp_path, OTHERS, Put(("owner",), "Bo")).path
    reference = tmp_path / "reference"
    reference.touch()
    assert made.stat().st_mode == reference.stat().st_mode


def card(**more: Any) -> TableCard:
    looks = ColumnProfile("amount", 10, 0, 5, "0", "9\n# x")
    columns = (
        CardColumn(Column("amount", "decimal", "DECIMAL(10, 2)"), looks, "Gross\nowner: injected"),
        CardColumn(Column("yes", "text", "VARCHAR")),
    )
    return TableCard(ORDERS, columns, **more)


@pytest.mark.requirement("annotations:draft")
def test_a_draft_is_valid_as_it_stands_and_says_nothing() -> None:
    caveats = (Statement("Two\nlines: {x}\x1b[31m", "profile"),)
    text = draft(card(owner="Ana", purpose="p" * 500, caveats=caveats), "2026-05-02")
    found = read_text(text.encode(), "x.yaml")
    assert found.problems == ()
    (entry,) = found.entries
    assert (entry.table, entry.owner, entry.columns) == ("marts.orders", "", ())
    assert "So far: Ana" in text
    assert text.isprintable() or set(text) - {"\n"} == {c for c in text if c.isprintable()}


@pytest.mark.requirement("annotations:draft")
def test_columns_of_a_draft_count_once_their_mark_is_gone() -> None:
    text = draft(card(), "2026-05-02").replace("\n#  ", "\n  ").replace("amount:  #", "amount: Gross #")
    found = read_text(text.encode(), "x.yaml")
    assert found.problems == ()
    assert found.entries[0].columns == (("amount", "Gross"),)
