"""Answers as pages: golden files at two widths, without colour, in Unicode and ASCII."""

import os
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from rich.console import Console

from gnomon.domain.answer import Answer
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.page import answer_page
from gnomon.surfaces.cli.terminal import face_of, print_lines
from surfaces.cli import answers

pytestmark = pytest.mark.requirement("cli:answers-readable")

GOLDEN = Path(__file__).parent / "golden"
ANSWERS = {
    "single": answers.single(),
    "line": answers.monthly("line"),
    "bar": answers.monthly("bar"),
    "wide": answers.wide(),
    "abstained": answers.abstained(),
    "unclear": answers.unclear(),
}
FACES = {
    "80": Face(80),
    "120": Face(120),
    "80-terminal": Face(80, large=True),
    "80-ascii": Face(80, unicode=False),
    "40": Face(40),
}


def rendered(answer: Answer, face: Face, *, explain: bool = False) -> str:
    return "".join(f"{line.plain}\n" for line in answer_page(answer, face, explain=explain))


def assert_golden(name: str, text: str) -> None:
    """Set UPDATE_GOLDEN to write what is rendered now, and read the difference before committing it."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.requirement("ODA-03")
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_reads_as_its_golden_file_says(answer: str, face: str) -> None:
    assert_golden(f"{answer}-{face}", rendered(ANSWERS[answer], FACES[face]))


def test_explaining_adds_reasoning_steps_and_the_sql_of_checks() -> None:
    assert_golden("single-explained", rendered(ANSWERS["single"], Face(80), explain=True))


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("answer", ANSWERS)
def test_no_line_is_wider_than_the_terminal_except_sql(answer: str, face: str) -> None:
    from rich.cells import cell_len

    sql = {"  " + line for line in ANSWERS[answer].sql.splitlines()}
    lines = rendered(ANSWERS[answer], FACES[face]).splitlines()
    assert [line for line in lines if cell_len(line) > FACES[face].width and line not in sql] == []


@pytest.mark.parametrize("answer", ANSWERS)
def test_ascii_output_holds_no_other_glyph_than_the_data_brings(answer: str) -> None:
    text = rendered(ANSWERS[answer], Face(80, unicode=False))
    foreign = {c for c in text if not c.isascii()}
    assert foreign <= set("日本語の名前ŁŻ")


def encoded(answer: Answer, encoding: str) -> bytes:
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding=encoding, errors="backslashreplace")
    console = Console(file=stream, width=80, highlight=False, markup=False, emoji=False)
    print_lines(console, answer_page(answer, face_of(console)))
    stream.flush()
    return raw.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_any_encoding_can_print_any_answer(encoding: str) -> None:
    for answer in ANSWERS.values():
        encoded(answer, encoding).decode(encoding)


def test_a_stream_that_is_no_terminal_gets_no_escape_sequence() -> None:
    assert all(b"\x1b" not in encoded(answer, "utf-8") for answer in ANSWERS.values())


def test_no_color_leaves_a_terminal_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = TextIOWrapper(BytesIO(), encoding="utf-8")
    console = Console(file=stream, force_terminal=True, width=80)
    assert face_of(console).colour is False
    print_lines(console, answer_page(ANSWERS["single"], face_of(console)))
    stream.seek(0)
    colours = [code for code in ("\x1b[3", "\x1b[9", "\x1b[4m\x1b[3", "\x1b[38") if code in stream.read()]
    assert colours == []


def test_sql_is_highlighted_where_colour_reaches_the_reader_and_reads_the_same() -> None:
    coloured = answer_page(ANSWERS["single"], Face(80, colour=True))
    plain = answer_page(ANSWERS["single"], Face(80))
    assert [line.plain for line in coloured] == [line.plain for line in plain]
    assert any(span for line in coloured if "SELECT" in line.plain for span in line.spans)


@pytest.mark.requirement("cli:hostile-text")
def test_nothing_in_an_answer_acts_on_the_terminal() -> None:
    text = rendered(ANSWERS["wide"], Face(200), explain=True)
    assert not any(c in text for c in "\x1b\x07\x9b\u202e\u202c\r")
    assert "\\x1b[31mred" in text
    assert "[bold]Bo[/bold]" in text
