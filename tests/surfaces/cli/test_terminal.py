"""What a person at a terminal sees: colour, large figures, choices."""

import io
import sys
from pathlib import Path

import pytest

from gnomon.domain.answer import Clarification
from gnomon.surfaces.cli.asking import Talk, _choose, pick_option
from gnomon.surfaces.cli.terminal import Terminal
from pseudo_terminal import on_a_terminal

DATES = Clarification("Which date counts?", ("order date", "ship date"), "order date")


@pytest.mark.requirement("cli:answers-readable")
def test_a_person_sees_colour_and_a_large_figure(indexed: Path, folder: Path) -> None:
    shown = on_a_terminal(folder, "ask", "how many orders are there")
    assert "\x1b[" in shown
    assert "█ █ █▀█ █▀█" in shown or "█ █ █ █ █ █" in shown


@pytest.mark.requirement("cli:answers-readable")
def test_no_color_takes_the_colour_away(indexed: Path, folder: Path) -> None:
    shown = on_a_terminal(folder, "ask", "how many orders are there", NO_COLOR="1")
    assert not any(f"\x1b[{code}" in shown for code in ("3", "9", "1;3", "38"))


def test_a_chat_at_a_terminal_ends_with_ctrl_d_and_says_how_to_go_on(indexed: Path, folder: Path) -> None:
    shown = on_a_terminal(folder, "chat", typed=("how many orders are there\n", "\x04"))
    assert "400" in shown
    assert "gnomon chat --resume c" in shown
    assert (indexed / "chat_history").read_text().strip() == "how many orders are there"


@pytest.mark.requirement("cli:ask-back")
@pytest.mark.parametrize(
    ("typed", "chosen"),
    [
        ("2\n", "ship date"),
        ("\n", "order date"),
        ("ship\n", "ship date"),
        ("7\nnope\n1\n", "order date"),
        ("7\n8\n9\n", None),
        ("", None),
    ],
)
def test_a_choice_is_made_by_number_by_text_or_by_enter(
    typed: str, chosen: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert _choose(DATES, Terminal()) == chosen
    shown = capsys.readouterr().err
    assert "1. order date  (default)" in shown
    assert "2. ship date" in shown


@pytest.mark.requirement("cli:ask-back", "X-04")
def test_nobody_is_asked_where_nobody_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("2\n"))
    assert Talk(Terminal()).ask_person(DATES) is None


@pytest.mark.requirement("cli:ask-back")
def test_an_option_is_named_only_where_one_fits() -> None:
    assert pick_option("o", ("order date", "ordered at")) is None
    assert pick_option("0", ("a", "b")) is None
    assert pick_option("²", ("a", "b")) is None
