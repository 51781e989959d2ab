"""A change of a YAML text touches its part and nothing else."""

from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.context.catalog.sources.annotations.change import (
    Append,
    Change,
    Drop,
    Path,
    Put,
    apply,
    put_column,
    removal,
    use_instead,
)
from gnomon.context.catalog.sources.annotations.edit import CannotEdit, edit, scalar

COMMENTED = """\
# Ours.
table: orders     # of record

owner:   "Ana"    # until May
caveats:          # mind these
  - one           # first
  # between
  - two
use_instead: {table: x, when: "y, z"}  # sometimes
columns:
  a:  Alpha   # the first
  b: {meaning: Beta}

# The end.
"""


def data_at(text: str, at: Path = ()) -> Any:
    found = yaml.safe_load(text)
    for step in at:
        found = found[step]
    return found


def edited(text: str, *changes: Change, at: Path = ()) -> str:
    """The text after the changes, having checked that it reads as the data after them."""
    wanted = data_at(text, at)
    for change in changes:
        text, wanted = edit(text, at, change), apply(wanted, change)
    assert data_at(text, at) == wanted
    return text


@pytest.mark.requirement("annotations:edit")
def test_an_edit_keeps_comments_order_and_layout_of_the_rest() -> None:
    after = edited(
        COMMENTED,
        Put(("owner",), "Bo"),
        Append("caveats", "three, and more"),
        Put(("columns", "a"), "First"),
        Put(("columns", "b", "meaning"), "Second"),
        Put(("columns", "c"), "Third"),
        Append("use_instead", "w"),
        Put(("said_at",), date(2026, 5, 2)),
        Put(("criticality",), "high"),
    )
    assert (
        after
        == """\
# Ours.
table: orders     # of record

owner:   Bo    # until May
criticality: high
caveats:          # mind these
  - one           # first
  # between
  - two
  - "three, and more"
use_instead: [{table: x, when: "y, z"}, w]  # sometimes
said_at: 2026-05-02
columns:
  a:  First   # the first
  b: {meaning: Second}
  c: Third

# The end.
"""
    )


@pytest.mark.requirement("annotations:edit")
def test_what_is_dropped_takes_its_lines_and_an_emptied_list_along() -> None:
    after = edited(
        COMMENTED,
        Drop(("caveats", 0)),
        Drop(("caveats", 0)),
        Drop(("columns", "a")),
        Drop(("owner",)),
        Drop(("use_instead",)),
    )
    assert after == "# Ours.\ntable: orders     # of record\n\ncolumns:\n  b: {meaning: Beta}\n\n# The end.\n"


@pytest.mark.requirement("annotations:edit")
def test_one_of_several_tables_in_a_file_is_changed_alone() -> None:
    text = "tables:\n- owner: o\n  table: x\n  use_instead:\n    table: a\n    # why\n    when: |\n      b\n"
    text += "\n# y\n- table: y\n"
    changes: tuple[Change, ...] = (Drop(("owner",)), Append("use_instead", "q"), Put(("meaning",), "m"))
    after = edited(text, *changes, at=("tables", 0))
    assert after.endswith("\n# y\n- table: y\n")
    assert data_at(after, ("tables", 1)) == {"table": "y"}
    assert "    - table: a\n      # why\n      when: |\n        b\n    - q\n" in after


ODD = [
    "table: x",
    "{table: x, caveats: []}\n",
    "{table: x}",
    '{"table": "x", "owner": "o", "columns": {"a": "b"}}',
    "table: x\ncaveats: only one\n",
    "table: x\r\nowner: o\r\ncaveats:\r\n- a\r\n",
    "table: x\nowner:   # who\ncolumns:\n",
    "table: x\nmeaning: >\n  folded\n  text\n\n\nowner: o\n",
    "table: x\nmeaning: |-\n  kept\n   as is\n# end",
    "table: x\nmeaning: plain\n  over lines\ncaveats:\n- indentless\n- 'quoted: yes'\n",
    'table: x\ncaveats: [\n  "a",  # one\n  "b",\n]\n',
    "table: x\nuse_instead:\n  table: y\n  when: now\n",
    "---\ntable: x\nowner: ~\n...\n",
    "# only\ntable: größe\ncolumns:\n    wide: indent\n    'quoted key': v\n",
]
MANY: list[Change] = [
    Put(("owner",), "Ana: she, her"),
    Put(("meaning",), "yes"),
    Put(("said_at",), date(2026, 1, 1)),
    Put(("columns", "new one"), "# not a comment"),
    Append("caveats", 'it\'s [in] {brackets}, "quoted"'),
    Append("use_instead", {"table": "t", "when": "a: b, c"}),
    Append("tags", "é — ü"),
    Drop(("caveats",)),
    Drop(("owner",)),
]


@pytest.mark.requirement("annotations:edit")
@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("change", MANY, ids=lambda change: type(change).__name__)
def test_every_usual_way_of_writing_is_changed_rightly(text: str, change: Change) -> None:
    if isinstance(change, Drop) and str(change.path[0]) not in yaml.safe_load(text):
        with pytest.raises(CannotEdit):
            edit(text, (), change)
    else:
        edited(text, change)


TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co", "Zl", "Zp"), exclude_characters="\ufeff")
)


@pytest.mark.requirement("annotations:edit")
@given(TEXTS)
def test_any_text_reads_back_as_itself_alone_and_in_brackets(text: str) -> None:
    assert yaml.safe_load(f"a: {scalar(text)}") == {"a": text}
    assert yaml.safe_load(f"a: [{scalar(text)}, {{b: {scalar(text)}}}]") == {"a": [text, {"b": text}]}


@pytest.mark.requirement("annotations:edit")
@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ODD), st.lists(st.sampled_from(MANY), max_size=5), TEXTS.map(str.strip).filter(bool))
def test_changes_in_a_row_come_out_right_or_are_refused(text: str, changes: list[Change], said: str) -> None:
    wanted = yaml.safe_load(text)
    for change in [Put(("grain",), said), *changes, Append("caveats", said)]:
        if isinstance(change, Drop) and change.path[0] not in wanted:
            continue
        text, wanted = edit(text, (), change), apply(wanted, change)
    assert yaml.safe_load(text) == wanted


@pytest.mark.requirement("annotations:edit")
def test_a_column_is_found_in_any_case_and_in_the_form_it_has() -> None:
    assert put_column({"columns": {"Amount": "x"}}, "amount", "y") == Put(("columns", "Amount"), "y")
    assert put_column({"columns": {"a": {"meaning": "x"}}}, "a", "y") == Put(("columns", "a", "meaning"), "y")
    assert put_column({}, "a", "y") == Put(("columns", "a"), "y")


@pytest.mark.requirement("annotations:edit")
def test_a_better_table_takes_the_place_of_what_was_said_of_it() -> None:
    entry = {"use_instead": ["`A` when x", {"table": "b"}]}
    assert use_instead(entry, "a", "") == (Drop(("use_instead", 0)), Append("use_instead", "a"))
    assert use_instead({"use_instead": "a"}, "a", "z")[0] == Drop(("use_instead",))
    assert use_instead(entry, "c", "z") == (Append("use_instead", {"table": "c", "when": "z"}),)


@pytest.mark.requirement("annotations:edit")
def test_a_removal_names_a_field_an_item_or_a_column() -> None:
    entry = {"table": "t", "caveats": ["a", "b"], "tags": "x", "columns": {"Amount": "y"}}
    assert removal(entry, "caveats") == Drop(("caveats",))
    assert removal(entry, "caveats.2") == Drop(("caveats", 1))
    assert removal(entry, "tags.1") == Drop(("tags",))
    assert removal(entry, "columns.amount") == Drop(("columns", "Amount"))
    for wrong in ("table", "owner", "caveats.0", "caveats.3", "caveats.x", "columns.z", "tags.2", "nonsense"):
        with pytest.raises(KeyError):
            removal(entry, wrong)
