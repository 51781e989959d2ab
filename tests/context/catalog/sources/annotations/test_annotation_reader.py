"""What owners write in YAML, read as facts; what does not fit, told with its line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gnomon.context.catalog.facts import Fact, Problem
from gnomon.context.catalog.sources.annotations import open_annotations
from gnomon.context.catalog.sources.annotations.model import Instead, hours_of, instead_of_text, instead_text
from gnomon.context.catalog.sources.annotations.reader import read_annotations, read_text
from gnomon.domain.errors import Misconfigured

WHOLE = """\
table: marts.orders          # the table of record
owner: finance@example.com
criticality: High
freshness: {within: 24h, column: loaded_at}
meaning: >
  One row per order
  that was paid.
grain: one row per order
caveats:
  - Orders of before 2020 are elsewhere.
  - {text: April is short, until: 2026-12-31}
always_filter: [is_test = false, "status <> 'void'"]
use_instead:
  - {table: marts.orders_v2, when: you need refunds}
  - marts.orders_v3
use_when: A day before 2020 is asked for.
tags: [finance, gold]
said_by: Ines Costa
said_at: 2026-05-02
columns:
  amount: Gross, in euro cents
  status: {meaning: Where the order stands}
"""


def folder_of(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def facts_in(folder: Path) -> list[Fact]:
    return [i for i in open_annotations(folder, "annotations:a").read() if isinstance(i, Fact)]


def problems_in(folder: Path) -> list[Problem]:
    return [i for i in open_annotations(folder, "annotations:a").read() if isinstance(i, Problem)]


@pytest.mark.requirement("annotations:read")
def test_everything_an_owner_says_becomes_a_fact_with_its_line(tmp_path: Path) -> None:
    found = facts_in(folder_of(tmp_path, orders=WHOLE))
    assert {f.table for f in found} == {"marts.orders"}
    assert [(f.kind, f.column, f.text, f.origin.place) for f in found] == [
        ("meaning", "", "One row per order that was paid.", "orders.yaml:5"),
        ("owner", "", "finance@example.com", "orders.yaml:2"),
        ("criticality", "", "high", "orders.yaml:3"),
        ("freshness", "", "within 24h by loaded_at", "orders.yaml:4"),
        ("grain", "", "one row per order", "orders.yaml:8"),
        ("caveat", "", "Orders of before 2020 are elsewhere.", "orders.yaml:10"),
        ("caveat", "", "April is short (until 2026-12-31)", "orders.yaml:11"),
        ("always_filter", "", "is_test = false", "orders.yaml:12"),
        ("always_filter", "", "status <> 'void'", "orders.yaml:12"),
        ("use_instead", "", "marts.orders_v2 when you need refunds; marts.orders_v3", "orders.yaml:13"),
        ("use_when", "", "A day before 2020 is asked for.", "orders.yaml:16"),
        ("tag", "", "finance", "orders.yaml:17"),
        ("tag", "", "gold", "orders.yaml:17"),
        ("column_meaning", "amount", "Gross, in euro cents", "orders.yaml:21"),
        ("column_meaning", "status", "Where the order stands", "orders.yaml:22"),
    ]


@pytest.mark.requirement("ODA-08", "annotations:who-and-when")
def test_a_fact_says_who_said_it_and_when(tmp_path: Path) -> None:
    for fact in facts_in(folder_of(tmp_path, orders=WHOLE)):
        assert fact.origin.layer == "annotation"
        assert fact.origin.source == "annotations:a"
        assert fact.origin.said_by == "Ines Costa"
        assert fact.origin.said_at == datetime(2026, 5, 2, tzinfo=UTC)
        assert str(fact.origin).endswith(" by Ines Costa on 2026-05-02")


@pytest.mark.requirement("annotations:read")
def test_one_file_holds_one_table_or_several(tmp_path: Path) -> None:
    several = "tables:\n  - table: a\n    owner: x\n  - table: b\n    columns:\n      c: d\n"
    found = facts_in(folder_of(tmp_path, several=several, empty="# nothing yet\n"))
    assert [(f.table, f.kind, f.origin.place) for f in found] == [
        ("a", "owner", "several.yaml:3"),
        ("b", "column_meaning", "several.yaml:6"),
    ]


@pytest.mark.requirement("annotations:read")
def test_files_are_read_in_folders_too_and_hidden_ones_are_not(tmp_path: Path) -> None:
    for name in ("b/c.yml", "a.yaml", ".hidden.yaml", ".git/x.yaml", "b/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"table: {path.stem}\nowner: o\n")
    assert [f.origin.place for f in facts_in(tmp_path)] == ["a.yaml:2", "b/c.yml:2"]


BROKEN = [
    ("table: t\ncriticalty: high\n", 2, "`criticalty` is not a field; did you mean `criticality`?"),
    ("table: t\ncriticality: urgent\n", 2, "`criticality` is one of low, medium, high, critical"),
    ("table: t\nowner: 7\n", 2, "`owner` must be a text, and is a number; put it in quotes"),
    ("table: t\nmeaning: yes\n", 2, "`meaning` must be a text, and is true or false; put it in quotes"),
    ("table: t\ncaveats:\n  - fine\n  - 2026-01-01\n", 4, "`caveats.2` must be a text, and is a date"),
    ("table: t\ncaveats:\n  - {until: 2026-01-01}\n", 3, "a caveat needs a `text`"),
    ("table: t\ncaveats:\n  - {text: x, until: soon}\n", 3, "must be a date such as 2026-05-02"),
    ("table: t\nsaid_at: last May\n", 2, "`said_at` must be a date such as 2026-05-02"),
    ("table: t\nfreshness: {within: 24}\n", 2, "`freshness.within` must be a text, and is a number"),
    ("table: t\nfreshness: {within: soon}\n", 2, "`within` must be a length of time such as 24h or 2 days"),
    ("table: t\nuse_instead: {when: x}\n", 2, "`use_instead` needs a `table`"),
    ("table: t\nuse_instead: {table: x, if: y}\n", 2, "`if` is not a part of `use_instead`"),
    ("table: t\ncolumns: [a, b]\n", 2, "`columns` must hold names of columns"),
    ("table: t\ncolumns:\n  no: x\n", 2, "`False` is true or false and no name of a column"),
    ("table: t\ncolumns:\n  a: [1]\n", 3, "`columns.a` must be a text, and is a list"),
    ("table: t\ncolumns:\n  a: {meanin: x}\n", 3, "did you mean `meaning`?"),
    ("owner: x\n", 1, "`table` is missing"),
    ("- table: t\n", 1, "a file holds `table: NAME`, or a list under `tables:`"),
    ("tables:\n  t: x\n", 1, "a file holds `table: NAME`, or a list under `tables:`"),
    ("tables:\n  - t\n", 2, "an entry under `tables` begins with `- table: NAME`"),
    ("tables:\n  - table: t\nowner: x\n", 3, "`owner` stands beside `tables`"),
    ("table: t\nowner: a\nowner: b\n", 3, "has the key `owner` twice"),
    ("table: t\nmeaning: [\n", 3, "is not YAML"),
    ("table: t\n---\ntable: u\n", 3, "several documents"),
    (f"table: t\nmeaning: {'x' * 4_001}\n", 2, "`meaning` is longer than 4,000 characters"),
]


@pytest.mark.requirement("annotations:strict")
@pytest.mark.parametrize(("text", "line", "message"), BROKEN)
def test_what_does_not_fit_is_a_problem_with_its_line(
    text: str, line: int, message: str, tmp_path: Path
) -> None:
    found = problems_in(folder_of(tmp_path, t=text))
    assert [p.place for p in found if message in p.message] == [f"t.yaml:{line}"], found


CONDITIONS = [
    "amount + 1",
    "is_test = false; drop table orders",
    "select 1",
    "is_test = false -- really",
    "a, b",
    "lower(name)",
    "sum(amount) > 1",
    "amount > :least",
    "(" * 900,
    "x = 1 limit 3",
]


@pytest.mark.requirement("annotations:filter-is-sql")
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_filter_that_is_not_one_sql_condition_is_refused(condition: str, tmp_path: Path) -> None:
    text = f'table: t\nalways_filter:\n  - "{condition}"\n  - a = 1\n'
    folder = folder_of(tmp_path, t=text)
    assert [p.place for p in problems_in(folder)] == ["t.yaml:3"]
    assert [f.text for f in facts_in(folder)] == ["a = 1"]


@pytest.mark.requirement("annotations:filter-is-sql")
@pytest.mark.parametrize(
    "condition",
    [
        "is_live",
        "not is_test",
        "(a = 1 or b is null)",
        "starts_with(a, 'x')",
        "coalesce(b, false)",
        "x::boolean",
    ],
)
def test_a_filter_may_be_anything_that_is_true_or_false(condition: str) -> None:
    found = read_text(f'table: t\nalways_filter: "{condition}"\n'.encode(), "t.yaml", "duckdb")
    assert found.problems == ()
    assert found.entries[0].always_filter == (condition,)


@pytest.mark.requirement("annotations:strict")
def test_the_rest_of_a_file_and_of_the_folder_is_still_read(tmp_path: Path) -> None:
    files = {
        "a": "tables:\n  - 3\n  - {table: x, owner: o, tag: [1]}\n",
        "b": "table: [",
        "c": "table: y\nowner: p\n",
    }
    folder = folder_of(tmp_path, **files)
    (folder / "d.yaml").write_bytes(b"table: t\nowner: \xff\xfe\n")
    assert [(f.table, f.text) for f in facts_in(folder)] == [("x", "o"), ("y", "p")]
    assert [p.place.split(":")[0] for p in problems_in(folder)] == ["a.yaml", "a.yaml", "b.yaml", "d.yaml"]


@pytest.mark.requirement("annotations:twice")
def test_a_table_annotated_twice_is_told_with_both_places_and_contradictions(tmp_path: Path) -> None:
    one = "table: Orders\nowner: Ana\ncolumns: {a: x}\n"
    two = "table: orders\nowner: Bo\nmeaning: Paid orders.\ncaveats: [c]\ncolumns: {A: y, b: z}\n"
    folder = folder_of(tmp_path, one=one, two=two)
    said = {(f.kind, f.column): f.text for f in facts_in(folder)}
    assert said == {
        ("owner", ""): "Ana",
        ("column_meaning", "a"): "x",
        ("meaning", ""): "Paid orders.",
        ("caveat", ""): "c",
        ("column_meaning", "b"): "z",
    }
    (problem,) = problems_in(folder)
    assert problem.place == "two.yaml:1"
    assert "one.yaml:1" in problem.message
    assert "`owner`, `columns.A`" in problem.message


@pytest.mark.requirement("annotations:untrusted")
def test_bombs_and_objects_are_refused_while_they_are_small(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(97 + i)}: &{chr(97 + i)} [*{chr(96 + i)}]\n" for i in range(1, 3)
    )
    folder = folder_of(
        tmp_path,
        aliases="a: &a [" + "x," * 9 + "]\n" + "b: &b [" + "*a," * 99 + "]\nc: [" + "*b," * 9_999 + "]\n",
        deep="table: " + "[" * 50_000,
        tagged="table: !!python/object/apply:os.system [true]\n",
        loop="table: &t {x: *t}\n",
        small=bomb,
    )
    assert facts_in(folder) == []
    assert {p.place.split(":")[0] for p in problems_in(folder)} == {
        f"{name}.yaml" for name in ("aliases", "deep", "tagged", "loop", "small")
    }


@pytest.mark.requirement("annotations:untrusted")
def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, long="table: t\n" + "# x\n" * 600_000)
    assert facts_in(folder) == []
    assert "over 2,000,000 bytes" in problems_in(folder)[0].message


@pytest.mark.requirement("annotations:read")
def test_the_fingerprint_changes_with_content_and_names_alone(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, a="table: t\nowner: x\n")
    source = open_annotations(folder, "annotations:a")
    first = source.fingerprint()
    (folder / "a.yaml").write_text("table: t\nowner: x\n")
    (folder / "readme.txt").write_text("not read")
    assert source.fingerprint() == first
    (folder / "a.yaml").rename(folder / "b.yaml")
    moved = source.fingerprint()
    (folder / "b.yaml").write_text("table: t\nowner: y\n")
    assert len({first, moved, source.fingerprint()}) == 3


@pytest.mark.requirement("annotations:read")
def test_a_folder_that_is_not_there_is_an_operators_matter(tmp_path: Path) -> None:
    source = open_annotations(tmp_path / "none", "annotations:none")
    with pytest.raises(Misconfigured, match="no folder of annotations"):
        list(source.read())
    with pytest.raises(Misconfigured):
        source.fingerprint()


@pytest.mark.requirement("annotations:read")
def test_better_tables_read_back_from_the_text_on_a_card() -> None:
    better = (Instead("a.b", "you need x"), Instead("c"))
    assert instead_of_text(instead_text(better)) == better
    assert instead_of_text("See the handbook.") == (Instead("", "See the handbook."),)


@pytest.mark.requirement("annotations:read")
@pytest.mark.parametrize(
    ("text", "hours"),
    [("24h", 24), ("90 minutes", 1.5), ("2 Days", 48), ("1w", 168), ("soon", None), ("", None)],
)
def test_lengths_of_time_are_read(text: str, hours: float | None) -> None:
    assert hours_of(text) == hours


@pytest.mark.requirement("annotations:demo")
def test_the_demo_companys_annotations_are_whole() -> None:
    found = read_annotations(Path(__file__).parents[5] / "demo" / "annotations", "duckdb")
    assert found.problems == ()
    assert len(found.entries) >= 12
    assert all(e.owner and e.criticality and e.meaning for e in found.entries)


@pytest.mark.requirement("synonyms:annotations", "annotations:read")
def test_further_names_are_facts_of_the_table_or_of_a_column_one_each(tmp_path: Path) -> None:
    text = """\
table: customers
also_called:
  - client
  - long-standing buyer
columns:
  status: {meaning: Where it stands, also_called: state}
  tier: {also_called: [level, Café rank]}
"""
    found = facts_in(folder_of(tmp_path, customers=text, orders="table: orders\nalso_called: purchase\n"))
    assert [(f.table, f.column, f.text, f.origin.place) for f in found if f.kind == "also_called"] == [
        ("customers", "", "client", "customers.yaml:3"),
        ("customers", "", "long-standing buyer", "customers.yaml:4"),
        ("customers", "status", "state", "customers.yaml:6"),
        ("customers", "tier", "level", "customers.yaml:7"),
        ("customers", "tier", "Café rank", "customers.yaml:7"),
        ("orders", "", "purchase", "orders.yaml:2"),
    ]
    assert problems_in(tmp_path) == []


@pytest.mark.requirement("synonyms:annotations", "annotations:strict")
@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("also_called: [client, 42]", 2, "`also_called.2` must be a text"),
        ("also_called: '42'", 2, "`42` holds no word"),
        ("also_called: [client, '']", 0, ""),
        ("also_called: {a: b}", 2, "must be a text"),
        ("also_called: people who bought something from us once", 2, "has more than 5 words"),
        ("also_called: 'x; DROP TABLE orders'", 2, "holds signs"),
        ("also_called: '«client»'", 2, "holds signs"),
        ("also_caled: client", 2, "did you mean `also_called`?"),
        ("columns: {status: {called: state}}", 2, "did you mean `also_called`?"),
        ("columns: {status: {also_called: [state, 7]}}", 2, "`columns.status.also_called.2` must be a text"),
    ],
)
def test_what_is_no_further_name_is_told_with_its_line(text: str, line: int, part: str) -> None:
    found = read_text(f"table: customers\n{text}\n".encode(), "f.yaml")
    assert len(found.problems) == bool(line)
    for problem in found.problems:
        assert problem.place == f"f.yaml:{line}"
        assert part in problem.message
    assert len(found.entries) == 1
