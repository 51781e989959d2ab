"""An answer as one HTML file: whole, without a tag or attribute that data made, and without a request."""

import re
from collections import Counter
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.domain.answer import Answer, Check
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.html import MAX_ROWS, answer_page
from gnomon.surfaces.cli.page import answer_page as terminal_page
from surfaces.cli import answers

pytestmark = pytest.mark.requirement("untrusted:output")

HOSTILE = (
    '</title></style></h1></td></svg><script>x()</script><img src="https://evil.test/x" onerror=x()>'
    '<a href=\'javascript:x\'>y</a>" onload="x" style="background:url(//evil.test)\x1b]8;;https://evil.test\x07'
    "\x1b[2J\u202egro\u2066\u200b\ud83d<!-- &lt; <meta http-equiv=refresh>"
)
VOID = frozenset({"meta", "path", "rect", "circle"})


class Reader(HTMLParser):
    """Counts tags, keeps attributes and text, and checks that tags close in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: set[tuple[str, str]] = set()
        self.open: list[str] = []
        self.text = ""
        self.odd: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {(name, value or "") for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def handle_pi(self, data: str) -> None:
        self.odd.append(data)

    def unknown_decl(self, data: str) -> None:
        self.odd.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert (reader.open, reader.odd) == ([], [])
    return reader


def hostile(value: Any, text: str) -> Any:
    """The value with every free text in it replaced; our own words, such as kinds and checks' names, stay."""
    known = {"answered", "pass", "warn", "fail", "not_applicable", "bar", "line", "local", "text", "integer"}
    known |= {"date", "decimal", "boolean", "timestamp", "json", "other", "abstained", "needs_clarification"}
    if isinstance(value, str):
        return value if value in known else text
    if isinstance(value, tuple):
        return tuple(hostile(v, text) for v in value)
    if is_dataclass(value) and not isinstance(value, type):
        own = {"name"} if isinstance(value, Check) else set()
        foreign = (f.name for f in fields(value) if f.init and f.name not in own)
        return replace(value, **{name: hostile(getattr(value, name), text) for name in foreign})
    return value


EVERY_ANSWER = (
    answers.single(),
    answers.monthly(),
    answers.monthly("bar"),
    answers.wide(),
    answers.abstained(),
)


@pytest.mark.parametrize("answer", EVERY_ANSWER, ids=lambda a: a.id)
@pytest.mark.parametrize("text", [HOSTILE, "https://evil.test/x", "\x00\x1b\x9b\u2028"])
def test_hostile_text_in_every_place_makes_no_tag_and_no_attribute(answer: Answer, text: str) -> None:
    calm, hurt = read(answer_page(answer)), read(answer_page(hostile(answer, text)))
    # Fewer is fine: a chart whose columns are not in the result is not drawn.
    assert (
        not set(hurt.tags)
        - set(calm.tags)
        - {"path", "circle", "rect", "text", "svg", "figure", "figcaption"}
    )
    assert "script" not in hurt.tags
    names = {name for name, _ in hurt.attributes}
    assert names <= {
        *(
            "lang",
            "charset",
            "http-equiv",
            "content",
            "name",
            "class",
            "viewbox",
            "role",
            "x",
            "y",
            "d",
            "rx",
        ),
        *("text-anchor", "width", "height", "fill", "cx", "cy", "r"),
    }
    assert not any("evil" in value or "javascript" in value for _, value in hurt.attributes)


@given(st.text(max_size=60))
def test_no_text_at_all_makes_markup_or_hides(text: str) -> None:
    result = ResultTable(
        (ResultColumn(text, "text"), ResultColumn("n", "integer")), ((text, 1), (text + "b", 2))
    )
    calm = read(answer_page(replace(answers.monthly(), result=replace(result, rows=(("a", 1), ("b", 2))))))
    hurt = read(page := answer_page(replace(answers.monthly(), text=text, result=result)))
    assert hurt.tags == calm.tags
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069]", page)


def test_the_page_asks_for_nothing_and_runs_nothing() -> None:
    page = answer_page(answers.wide())
    reader = read(page)
    policy = next(value for name, value in reader.attributes if value.startswith("default-src"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not {"script", "a", "img", "link", "iframe", "form", "object", "base", "use", "image"} & set(
        reader.tags
    )
    assert not re.search(
        r"url\(|@import|\sstyle=|\son\w+=", page.split("</style>")[0].partition("<style>")[2]
    )
    assert ("content", "no-referrer") in reader.attributes


def test_the_style_is_the_one_that_the_policy_names() -> None:
    import base64
    import hashlib

    page = answer_page(answers.single())
    style = page.partition("<style>")[2].partition("</style>")[0]
    named = re.search(r"sha256-([A-Za-z0-9+/=]+)", page)
    assert named is not None
    assert named[1] == base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def test_the_page_holds_everything_that_a_reader_needs() -> None:
    answer = answers.single()
    text = read(answer_page(answer)).text
    wanted = (
        answer.question.text,
        answer.text,
        answer.headline,
        answer.sql,
        "sales.orders",
        answer.assumptions[0].text,
        answer.assumptions[0].alternative,
        answer.reasoning,
        "confidence 0.93",
        "free",
        f"answer {answer.id}",
        *(f"{mark}{check.name}: {check.summary}" for mark, check in zip("✓!––", answer.checks, strict=True)),
    )
    assert [w for w in wanted if w not in text] == []


@pytest.mark.parametrize(("kind", "shape", "count"), [("line", "circle", 8), ("bar", "rect", 8)])
def test_a_chart_draws_a_mark_for_each_row(kind: str, shape: str, count: int) -> None:
    reader = read(answer_page(answers.monthly(kind)))
    assert reader.tags[shape] == count
    assert "revenue by month" in reader.text


@pytest.mark.parametrize(
    "cells", [(None, None), (float("nan"), float("inf")), (-5, 3), (0, 0), (1e308, -1e308)]
)
@pytest.mark.parametrize("kind", ["bar", "line"])
def test_a_chart_of_odd_numbers_stays_inside_its_box(kind: str, cells: tuple[Any, Any]) -> None:
    rows = (("a", cells[0]), ("b", cells[1]), ("c", 1.0), ("d", None))
    columns = (ResultColumn("month", "text"), ResultColumn("revenue", "decimal"))
    reader = read(answer_page(replace(answers.monthly(kind), result=ResultTable(columns, rows))))
    places = [
        float(v)
        for n, v in reader.attributes
        if n in ("x", "y", "width", "height", "cx", "cy")
        if v[0] != "d"
    ]
    assert all(0 <= place <= 1000 for place in places)


def test_more_rows_than_are_shown_are_counted() -> None:
    result = ResultTable(
        (ResultColumn("n", "integer"),), tuple((i,) for i in range(MAX_ROWS + 5)), truncated=True
    )
    reader = read(answer_page(replace(answers.monthly(), result=result)))
    assert reader.tags["td"] == MAX_ROWS
    assert "5 more rows; cut at the limit" in reader.text


def test_an_abstention_says_so_first() -> None:
    text = read(answer_page(answers.abstained())).text
    assert text.index("No answer") < text.index(answers.abstained().text)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_terminal_page_passes_no_control_sequence_of_data_on(width: int) -> None:
    for answer in EVERY_ANSWER:
        lines = terminal_page(hostile(answer, HOSTILE.replace("\ud83d", "")), Face(width=width), explain=True)
        printed = "\n".join(line.plain for line in lines)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e\u2066]", printed)
        assert not any(span.style and "link" in str(span.style) for line in lines for span in line.spans)
