"""Foreign text made safe, cells made readable."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gnomon.domain.result import ResultColumn
from gnomon.surfaces.cli.cells import fit, format_column, neutralise, wrap
from gnomon.surfaces.cli.face import Face

FACE = Face()


@pytest.mark.requirement("cli:hostile-text")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("\x9b31m", "\\x9b31m"),
        ("two\nlines\r\n", "two\\nlines\\r\\n"),
        ("a\tb\x00", "a\\tb\\x00"),
        ("\u202eevil\u202c", "\\u202eevil\\u202c"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("line\u2028sep", "line\\u2028sep"),
        ("\U000e0041tag", "\\U000e0041tag"),
        ("\ud800lone", "\\ud800lone"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("[red]markup[/red]", "[red]markup[/red]"),
    ],
)
def test_what_could_act_on_a_terminal_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert neutralise(text) == shown


@pytest.mark.requirement("cli:hostile-text")
@given(st.text())
def test_no_text_at_all_gets_a_control_character_through(text: str) -> None:
    safe = neutralise(text)
    assert all(c.isprintable() or c in "\u200c\u200d" or c.isspace() or ord(c) > 0xFF for c in safe)
    assert not set(safe) & set("\x1b\x9b\n\r\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.requirement("cli:answers-readable")
@given(st.text(), st.integers(10, 60))
def test_wrapped_lines_fit(text: str, width: int) -> None:
    assert all(cell_len(line) <= width for line in wrap(text, width))


@pytest.mark.requirement("cli:answers-readable")
@given(st.text(), st.integers(1, 40))
def test_cut_text_fits(text: str, width: int) -> None:
    assert cell_len(fit(text, width, FACE)) <= width


def shown(kind: str, name: str, *values: object) -> list[str]:
    return format_column(ResultColumn(name, kind), list(values))  # type: ignore[arg-type]


@pytest.mark.requirement("cli:answers-readable")
@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("integer", (1234567, -5, None), ["1,234,567", "-5", "NULL"]),
        ("decimal", (Decimal("1.50"), Decimal("2"), 3), ["1.50", "2.00", "3.00"]),
        ("decimal", (0.1 + 0.2, 1.5), ["0.3", "1.5"]),
        ("decimal", (1 / 3, 1000.0), ["0.3333", "1,000.0000"]),
        ("decimal", (1e-7,), ["1e-07"]),
        ("decimal", (1e20, float("nan"), float("inf")), ["1e+20", "NaN", "Infinity"]),
        ("decimal", (Decimal("NaN"), Decimal("-Infinity")), ["NaN", "-Infinity"]),
        ("text", ("", "NULL", " x ", "x"), ['""', '"NULL"', '" x "', "x"]),
        ("boolean", (True, False), ["true", "false"]),
        ("date", (date(2025, 1, 2),), ["2025-01-02"]),
        ("timestamp", (datetime(2025, 1, 2), datetime(2025, 1, 3)), ["2025-01-02", "2025-01-03"]),
        ("timestamp", (datetime(2025, 1, 2, 3, tzinfo=UTC),), ["2025-01-02 03:00:00+00:00"]),
        ("other", (b"\x00\xff",), ["0x00ff"]),
        ("other", (b"a" * 20,), ["0x" + "61" * 16 + " (20 bytes)"]),
        ("json", ({"a": "\x1b"}, [1, None]), ['{"a": "\\u001b"}', "[1, null]"]),
    ],
)
def test_cells_read_as_people_write_them(kind: str, values: tuple[object, ...], expected: list[str]) -> None:
    assert shown(kind, "value", *values) == expected


@pytest.mark.requirement("cli:answers-readable")
@pytest.mark.parametrize("name", ["year", "order_id", "id", "zip", "customerId", "fiscal year", "YEAR"])
def test_years_and_ids_get_no_thousands_separators(name: str) -> None:
    assert shown("integer", name, 2024) == ["2024"]


@pytest.mark.requirement("cli:answers-readable")
@pytest.mark.parametrize("name", ["paid", "yearly_total", "width", "keyboard_sales"])
def test_a_name_that_only_holds_such_letters_is_a_number(name: str) -> None:
    assert shown("integer", name, 2024) == ["2,024"]
