"""What a workflow's file may say, and what each parameter takes."""

from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.agent.workflows.model import Ask, Compare, Run, filled, load_workflow, parse_workflow
from gnomon.agent.workflows.parameters import Parameter, bind
from gnomon.domain.errors import Misconfigured, Retry

TODAY = date(2026, 11, 11)
WHOLE = """
title = "Weekly revenue"
about = "What Monday looks at."
author = "Ines"
[parameters.week]
type = "week"
default = "last"
[parameters.schema]
type = "name"
default = "marts"
[[steps]]
title = "By day"
ask = "Net revenue per day from {week_first} to {week_last}?"
[[steps]]
sql = 'SELECT COUNT(*) AS n FROM "{schema}".orders WHERE order_date >= :week_first'
[[steps]]
compare = { left = "dev.orders", right = "{schema}.orders", key = ["id"] }
"""


def _month(label: str, name: str, days: int) -> dict[str, object]:
    first = date.fromisoformat(f"{label}-01")
    return {"p": label, "p_first": first, "p_last": first.replace(day=days), "p_name": name}


@pytest.mark.requirement("X-03")
def test_a_workflow_has_parameters_and_steps_that_ask_query_and_compare() -> None:
    workflow = parse_workflow("weekly", WHOLE, "weekly.toml")
    assert [type(s) for s in workflow.steps] == [Ask, Run, Compare]
    assert (workflow.title, workflow.author, len(workflow.sha256)) == ("Weekly revenue", "Ines", 64)
    values = bind(workflow.parameters, {"week": "2026-46"}, TODAY)
    step = workflow.steps[0]
    assert isinstance(step, Ask)
    assert filled(step.question, values) == "Net revenue per day from 2026-11-09 to 2026-11-15?"


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("week", "last", {"p": "2026-W45", "p_first": date(2026, 11, 2), "p_last": date(2026, 11, 8)}),
        ("week", "2020-W53", {"p": "2020-W53", "p_first": date(2020, 12, 28), "p_last": date(2021, 1, 3)}),
        ("month", "2024-02", _month("2024-02", "February 2024", 29)),
        ("month", "last", _month("2026-10", "October 2026", 31)),
        ("date", "yesterday", {"p": date(2026, 11, 10)}),
        ("integer", "1_000", {"p": 1000}),
        ("number", "2.50", {"p": Decimal("2.50")}),
        ("name", "marts.orders", {"p": "marts.orders"}),
        ("text", "O'Brien; DROP TABLE x", {"p": "O'Brien; DROP TABLE x"}),
    ],
)
@pytest.mark.requirement("X-03")
def test_a_parameter_gives_typed_values(kind: str, text: str, expected: dict[str, object]) -> None:
    assert bind((Parameter("p", kind),), {"p": text}, TODAY) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("week", "2026-60"),
        ("week", "soon"),
        ("month", "2026-13"),
        ("date", "11/09/2026"),
        ("integer", "1.5"),
        ("integer", "NaN"),
        ("number", "Infinity"),
        ("name", 'orders"; DROP TABLE x'),
        ("name", "orders where 1=1"),
        ("text", "a\x00b"),
        ("text", "x" * 401),
    ],
)
@pytest.mark.requirement("X-03")
def test_a_value_that_does_not_fit_is_refused_with_an_example(kind: str, text: str) -> None:
    with pytest.raises(Retry, match="does not fit") as refused:
        bind((Parameter("p", kind),), {"p": text}, TODAY)  # type: ignore[arg-type]
    assert "for example" in refused.value.hint


@pytest.mark.requirement("X-03")
def test_a_missing_and_an_unknown_parameter_are_named() -> None:
    with pytest.raises(Retry, match="`week` is missing"):
        bind((Parameter("week", "week"),), {}, TODAY)
    with pytest.raises(Retry, match="no parameter `weak`"):
        bind((Parameter("week", "week", default="last"),), {"weak": "last"}, TODAY)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title = ", "Invalid"),
        ("title = 'x'", "between 1 and 50"),
        ("owner = 'x'\n[[steps]]\nask='q'", "has no field `owner`"),
        ("[[steps]]\nask='q'\nsql='SELECT 1'", "one of `ask`, `sql` and `compare`"),
        ("[[steps]]\nask='what of {week}'", "uses {week}, which is no parameter"),
        ("[[steps]]\nask='what of {week'", "expected '}'"),
        ("[[steps]]\nask='what of {week.__class__}'", "is not the name of a parameter"),
        ("[[steps]]\nask='what of {0}'", "is not the name of a parameter"),
        ("[parameters.p]\ntype='list'\n[[steps]]\nask='q'", "has type 'list'"),
        ("[parameters.'a b']\n[[steps]]\nask='q'", "cannot be named 'a b'"),
        ("[[steps]]\ncompare={left='a'}", "one is missing"),
        ("[[steps]]\ncompare={left='a',right='b',key='id'}", "must be a list of texts"),
    ],
)
@pytest.mark.requirement("X-03")
def test_a_file_that_is_no_workflow_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        parse_workflow("w", text, "w.toml")
    assert reason in dict(refused.value.facts)["reason"]


@pytest.mark.requirement("X-03")
def test_a_default_that_does_not_fit_is_refused_when_the_file_is_read() -> None:
    with pytest.raises(Misconfigured, match="default of the parameter `week`"):
        parse_workflow("w", "[parameters.week]\ntype='week'\ndefault='x'\n[[steps]]\nask='q'", "w.toml")


@given(st.binary(max_size=200))
@pytest.mark.requirement("X-03")
def test_no_bytes_at_all_make_reading_a_workflow_crash(content: bytes) -> None:
    with suppress(Misconfigured):
        parse_workflow("w", content.decode("utf-8", "replace"), "w.toml")


@pytest.mark.requirement("X-03")
def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.toml"
    path.write_bytes(b"\xff\xfe title")
    with pytest.raises(Misconfigured, match="cannot be read"):
        load_workflow(path)
