"""Ratios: one figure over another, against plain Python, and what is no ratio that can be told."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import duckdb
import pytest
from grounded_businesses import NOW, Business, one_line, set_up
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.agent.checks import CheckInput, run_checks
from gnomon.domain.answer import Question
from gnomon.domain.catalog import CardColumn, Column, ColumnRef, Evidence, Join, TableCard, TableRef, TypeKind
from gnomon.domain.context import Context
from gnomon.domain.identity import Principal
from gnomon.domain.query import Limits, Query
from gnomon.models.grounded.decide import read
from gnomon.models.grounded.reading import Compared, Condition, NotRead, Quotient, Reading, Side, Target
from gnomon.models.grounded.reply import reply
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.sql import write_sql
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize
from gnomon.warehouses.connect import open_warehouse

KENNEL = """
CREATE TABLE keepers (keeper_id INTEGER PRIMARY KEY, name TEXT, region TEXT);
CREATE TABLE clients (client_id INTEGER PRIMARY KEY, name TEXT, tier TEXT, city TEXT, active BOOLEAN);
CREATE TABLE stays (stay_id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (client_id),
  keeper_id INTEGER REFERENCES keepers (keeper_id), begun_on DATE, status TEXT, revenue INTEGER,
  quantity INTEGER, refund INTEGER, deposit_cents INTEGER);
CREATE TABLE complaints (complaint_id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (client_id),
  reason TEXT);
"""
ROWS = """
INSERT INTO keepers VALUES (1, 'Ana Roth', 'north'), (2, 'Ben Saal', 'south'), (3, 'Cleo Tarn', 'north');
INSERT INTO clients VALUES (1, 'Dora Unger', 'gold', 'Graz', TRUE), (2, 'Emil Voss', 'silver', 'Linz', TRUE),
  (3, 'Fay Weiss', 'silver', 'Graz', FALSE), (4, 'Gus Yilmaz', 'silver', 'Linz', FALSE),
  (5, 'Hana Zorn', 'bronze', 'Wels', TRUE);
INSERT INTO stays VALUES
  (1, 1, 1, '2024-03-04', 'completed', 100, 3, 0, 900), (2, 2, 1, '2024-06-11', 'completed', 50, 2, 5, 500),
  (3, 3, 2, '2025-01-20', 'cancelled', 20, 1, 20, 0), (4, 1, 2, '2025-02-21', 'completed', 80, 4, NULL, 100),
  (5, NULL, 1, '2025-05-06', 'cancelled', 30, 2, 30, 0), (6, 4, 3, '2025-07-30', 'completed', 60, 0, 0, 0),
  (7, 5, 1, '2025-08-15', 'pending', 40, NULL, 0, 50), (8, 2, 2, '2026-01-09', 'completed', 70, 5, 7, 70);
INSERT INTO complaints VALUES (1, 2, 'noise'), (2, 2, 'late'), (3, 4, 'noise');
"""
CHECKED = settings(max_examples=60, deadline=None, derandomize=True)

Number = float | int | None
Row = tuple[object, ...]


@pytest.fixture(scope="module")
def kennel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Business]]:
    """The same kennel on each engine."""
    folder = tmp_path_factory.mktemp("kennel")
    embedder = MiniLmEmbedder()
    opened = {e: set_up(folder, "kennel", e, KENNEL + ROWS, embedder) for e in ("duckdb", "sqlite")}
    yield opened.__getitem__
    for business in opened.values():
        business.assembler.index.close()


def close(found: Iterable[Row], wanted: Iterable[Row]) -> bool:
    """Whether rows are the same in any order, numbers nearly so."""

    def nearly(row: Row) -> str:
        return repr([round(float(c), 6) if isinstance(c, int | float) else c for c in row])

    return sorted(map(nearly, found)) == sorted(map(nearly, wanted))


# -- what is read -------------------------------------------------------------------------------------

ANSWERED: dict[str, list[Row]] = {
    "ratio of completed stays to cancelled stays": [(5, 2, 2.5)],
    "ratio of completed to cancelled stays": [(5, 2, 2.5)],
    "completed to cancelled ratio of stays": [(5, 2, 2.5)],
    "What is the ratio of completed stays to cancelled stays in 2025?": [(2, 2, 1.0)],
    "ratio of gold to silver clients": [(1, 3, 1 / 3)],
    "ratio of gold to silver clients in Graz": [(1, 1, 1.0)],
    "ratio of completed to all stays": [(5, 8, 0.625)],
    "ratio of revenue to quantity": [(450, 17, 450 / 17)],
    "revenue divided by quantity": [(450, 17, 450 / 17)],
    "revenue divided by quantity in Graz": [(200, 8, 25.0)],
    "total revenue divided by number of stays": [(450, 8, 56.25)],
    "average revenue divided by maximum refund": [(56.25, 30, 1.875)],
    "revenue divided by quantity per region": [("north", 280, 7, 40.0), ("south", 170, 10, 17.0)],
    "for each region, the ratio of revenue to quantity": [("north", 280, 7, 40.0), ("south", 170, 10, 17.0)],
    "ratio of completed to cancelled stays by keeper": [
        (1, "Ana Roth", 2, 1, 2.0), (2, "Ben Saal", 2, 1, 2.0), (3, "Cleo Tarn", 1, 0, None),
    ],
    "cancelled stays as a percentage of all stays": [(2, 8, 25.0)],
    "cancelled stays as a percent of stays by region": [("north", 1, 5, 20.0), ("south", 1, 3, 100 / 3)],
    "active clients as a percentage of all clients": [(3, 5, 60.0)],
    "refunds as a percentage of revenue": [(62, 450, 100 * 62 / 450)],
    "refunds as a percentage of revenue by year": [
        (2024, 5, 150, 10 / 3), (2025, 50, 230, 100 * 50 / 230), (2026, 7, 70, 10.0),
    ],
    "revenue of gold clients as a percentage of total revenue": [(180, 450, 40.0)],
    "revenue of gold clients as a percentage of total revenue in 2025": [(80, 230, 100 * 80 / 230)],
    "ratio of revenue from gold clients to revenue from silver clients": [(180, 200, 0.9)],
    "number of complaints divided by number of clients": [(3, 5, 0.6)],
    "ratio of complaints to gold clients": [(3, 1, 3.0)],
    "total deposit divided by quantity": [(1620, 17, 1620 / 17)],
}  # fmt: skip


@pytest.mark.requirement("grounded:ratios")
@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
@pytest.mark.parametrize("text", ANSWERED)
def test_a_ratio_is_shown_with_the_two_figures_that_it_is_of(
    text: str, engine: str, kennel: Callable[[str], Business]
) -> None:
    business = kennel(engine)
    sql = business.say(text)
    assert sql.startswith("SELECT"), sql
    found = [tuple(int(c) if str(c).startswith("20") else c for c in row) for row in business.run(sql)]
    assert close(found, ANSWERED[text])


@pytest.mark.requirement("grounded:ratios")
@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
@pytest.mark.parametrize("text", ANSWERED)
def test_the_checks_find_nothing_wrong_with_a_ratio(
    text: str, engine: str, kennel: Callable[[str], Business]
) -> None:
    business = kennel(engine)
    warehouse = open_warehouse(str(business.path))
    try:
        sql = str(business.respond(text).tool_calls[0].arguments["sql"])
        catalog, ana = warehouse.introspect(), Principal("ana")
        access = Access.to_all(ana, catalog, warehouse.dialect)

        query = authorize(Query(sql, warehouse.dialect), access, Limits())
        result = warehouse.execute(query)
        given_to = CheckInput(
            question=Question("q", text, ana, NOW, "c"), context=business.context(text), catalog=catalog,
            text="Done.", query=query, result=result, earlier=(), values=business.assembler.index,
            run=lambda said: warehouse.execute(authorize(Query(said, warehouse.dialect), access, Limits())),
        )  # fmt: skip
        found = {c.name: c for c in run_checks(given_to)}
    finally:
        warehouse.close()
    missing = any(row[-1] is None for row in ANSWERED[text])
    assert found["ratios"].verdict == ("warn" if missing else "pass"), found["ratios"].summary
    assert not [c for c in found.values() if c.verdict == "fail"]


@pytest.mark.requirement("grounded:ratios")
def test_what_a_ratio_is_taken_to_be_is_said(kennel: Callable[[str], Business]) -> None:
    def assumed(text: str) -> str:
        found = read(text, kennel("duckdb").context(text), NOW.date()).careful.reading
        assert found is not None
        return " ".join(said for said, _ in found.assumptions)

    totals = assumed("revenue divided by quantity per region")
    assert "that of the totals, not the average of the ratios" in totals
    assert "Both figures are those of each group, not of all rows." in totals
    assert "Rows without a quantity add nothing to its total." in totals
    assert "`in 2025` is said of both figures." in assumed("ratio of completed to cancelled stays in 2025")
    assert "neither figure are not listed" in assumed("ratio of completed to cancelled stays by region")


@pytest.mark.requirement("grounded:ratios")
def test_the_answer_names_both_figures(kennel: Callable[[str], Business]) -> None:
    text = "cancelled stays as a percentage of all stays"
    found = read(text, kennel("duckdb").context(text), NOW.date()).careful.reading
    assert found is not None
    columns = ["stays_count_cancelled", "stays_count", "percent"]
    said = reply(found, {"rows": [[2, 8, 25.0]], "columns": columns, "row_count": 1})
    assert said == (
        "The number of stays where status is cancelled as a percentage of the number of stays: "
        "stays count cancelled 2, stays count 8, percent 25."
    )


@pytest.mark.requirement("grounded:ratios")
def test_a_change_to_a_ratio_holds_for_both_figures_or_is_not_made(kennel: Callable[[str], Business]) -> None:
    business, first = kennel("duckdb"), ("ratio of completed to cancelled stays",)
    assert business.run(business.say("and only 2025", earlier=first)) == [(2, 2, 1.0)]
    assert business.say("only cancelled", earlier=first).startswith("cannot")
    by_region = business.say("and by region?", earlier=first)
    assert close(business.run(by_region), [("north", 3, 1, 3.0), ("south", 2, 1, 2.0)])
    apart = ("number of complaints divided by number of clients",)
    assert business.say("and by city?", earlier=apart).startswith("cannot")
    assert business.say("only Graz", earlier=apart).startswith("cannot")


# -- what is not --------------------------------------------------------------------------------------


@pytest.mark.requirement("grounded:ratios-refused")
@pytest.mark.parametrize(
    "text",
    [
        # One figure, three, or none.
        "ratio",
        "what is the ratio of stays?",
        "ratio of cancelled stays",
        "stays as a percentage of",
        "ratio of gold to silver to bronze clients",
        "ratio of revenue to quantity to refunds",
        "ratio of stays to stays",
        "ratio of revenue to quantity and number of stays",
        "ratio of gold and silver clients to bronze clients",
        "ratio of gold or silver clients to bronze clients",
        "ratio between gold and silver clients",
        # Numbers, units and ranges.
        "ratio of 10 to 20",
        "revenue divided by 10",
        "revenue divided by quantity times 2",
        "ratio of revenue to quantity by 10 by 20",
        "ratio of stays from 2024 to 2025",
        "ratio of revenue to quantity above 2",
        "deposit cents as a percentage of revenue",
        "ratio of deposit cents to revenue",
        "50 as a percentage of revenue",
        # Divided into groups, not by a number.
        "revenue divided by region",
        "stays divided by keeper",
        "stays divided by clients",
        "stays divided by status",
        "revenue divided by month",
        # A restriction or group of which figure?
        "cancelled stays in 2025 as a percentage of all stays",
        "ratio of stays in 2024 to stays in 2025",
        "gold clients as a percentage of clients in Graz",
        "ratio of completed to all stays in Graz",
        "ratio of completed stays to cancelled stays from Graz",
        "stays of each keeper as a percentage of all stays",
        "cancelled stays by keeper as a percentage of all stays",
        "refunds as a percentage of revenue of gold clients",
        "ratio of completed stays to cancelled stays by status",
        "ratio of completed stays to those cancelled",
        # Rows that two tables or one more join would repeat or lose.
        "number of complaints divided by number of clients per city",
        "number of complaints divided by number of clients in 2025",
        "revenue of gold clients divided by revenue per region",
        "ratio of completed to gold clients",
        # Figures of ratios, and ratios with something else.
        "average ratio of revenue to quantity",
        "average ratio of completed to cancelled stays per keeper",
        "which keeper has the highest ratio of completed to cancelled stays?",
        "top 3 keepers by ratio of revenue to quantity",
        "difference of the ratio of revenue to quantity",
        "ratio of revenue to quantity growth in 2025",
        "keepers sorted by ratio of revenue to quantity",
        "is the ratio of revenue to quantity growing?",
        # Unlike kinds, conditions and words that are not read.
        "cancelled stays as a percentage of revenue",
        "complaints as a percentage of clients",
        "stays with revenue over 50 as a percentage of all stays",
        "ratio of not completed stays to completed stays",
        "ratio of noisy stays to completed stays",
        "ratio of completed stays to cancelled stays by keeper from Graz",
        "how many times more revenue did gold clients bring than silver clients?",
        "twice as many gold clients as silver clients",
    ],
)
def test_what_is_not_wholly_one_ratio_of_two_known_figures_is_not_answered(
    text: str, kennel: Callable[[str], Business]
) -> None:
    assert kennel("duckdb").say(text).startswith("cannot"), kennel("duckdb").say(text)


@pytest.mark.requirement("grounded:ratios-refused")
@pytest.mark.parametrize(
    "word", ["roughly", "unpaid", "7", "by", "to", "not", "between", "ratio", "Linz", "each"]
)
def test_a_word_put_anywhere_into_a_ratio_stops_it(word: str, kennel: Callable[[str], Business]) -> None:
    business = kennel("duckdb")
    for text in ("ratio of completed stays to cancelled stays", "refunds as a percentage of revenue"):
        words = text.split()
        for at in range(len(words) + 1):
            said = business.say(" ".join([*words[:at], word, *words[at:]]))
            assert said.startswith("cannot"), f"{word} at {at}: {said}"


# -- figures against plain rows -----------------------------------------------------------------------


@dataclass(frozen=True)
class Stay:
    client: int | None
    keeper: int | None
    year: int
    status: str | None
    revenue: int | None
    quantity: int | None
    refund: int | None


@dataclass(frozen=True)
class World:
    """Clients have tiers, keepers regions; what a stay is of may be missing."""

    tiers: list[str | None]
    regions: list[str]
    stays: list[Stay]

    def tier(self, stay: Stay) -> str | None:
        return None if stay.client is None else self.tiers[stay.client - 1]

    def region(self, stay: Stay) -> str | None:
        return None if stay.keeper is None else self.regions[stay.keeper - 1]

    def run(self, statements: Iterable[str], engine: str) -> list[list[Row]]:
        """What an empty kennel with these rows gives for each statement."""
        connection = sqlite3.connect(":memory:") if engine == "sqlite" else duckdb.connect(":memory:")
        for statement in KENNEL.split(";")[:-1]:
            connection.execute(statement)
        for at, region in enumerate(self.regions, 1):
            connection.execute("INSERT INTO keepers VALUES (?, ?, ?)", (at, f"K{at}", region))
        for at, tier in enumerate(self.tiers, 1):
            connection.execute("INSERT INTO clients VALUES (?, ?, ?, NULL, NULL)", (at, f"C{at}", tier))
        for at, s in enumerate(self.stays, 1):
            row = (at, s.client, s.keeper, f"{s.year}-05-06", s.status, s.revenue, s.quantity, s.refund)
            connection.execute("INSERT INTO stays VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)", row)
        found = [connection.execute(statement).fetchall() for statement in statements]
        connection.close()
        return found


@st.composite
def worlds(draw: st.DrawFn) -> World:
    tiers = draw(st.lists(st.sampled_from(["gold", "silver", None]), min_size=0, max_size=4))
    regions = draw(st.lists(st.sampled_from(["north", "south"]), min_size=0, max_size=3))
    amount = st.sampled_from([None, -2, 0, 1, 3, 7])
    stay = st.builds(
        Stay,
        st.sampled_from([None, *range(1, len(tiers) + 1)]),
        st.sampled_from([None, *range(1, len(regions) + 1)]),
        st.sampled_from([2024, 2025]),
        st.sampled_from(["completed", "cancelled", "pending", None]),
        amount,
        amount,
        amount,
    )
    return World(tiers, regions, draw(st.lists(stay, max_size=9)))


def total(stays: Iterable[Stay], name: str) -> Number:
    known = [v for s in stays if (v := getattr(s, name)) is not None]
    return sum(known) if known else None


def over(first: Number, second: Number, scale: int = 1) -> tuple[Number, Number, Number]:
    """Both figures and the ratio, which is missing where either is and where it is over nothing."""
    return first, second, None if first is None or not second else scale * first / second


def of(stays: Iterable[Stay], status: str) -> int:
    return sum(s.status == status for s in stays)


def per(world: World, key: Callable[[Stay], object], figures: Callable[[list[Stay]], Row]) -> list[Row]:
    keys = {k for s in world.stays if (k := key(s)) is not None}
    return [(k, *figures([s for s in world.stays if key(s) == k])) for k in keys]


def _either(world: World, *statuses: str) -> World:
    return replace(world, stays=[s for s in world.stays if s.status in statuses])


def _gold_of_2025(world: World) -> list[Row]:
    rows = [s for s in world.stays if s.year == 2025]
    return [
        over(total([s for s in rows if world.tier(s) == "gold"], "revenue") or 0, total(rows, "revenue"), 100)
    ]


def _tiers_per_region(world: World) -> list[Row]:
    tiered = replace(world, stays=[s for s in world.stays if world.tier(s)])

    def figures(rows: list[Stay]) -> Row:
        gold, silver = ([s for s in rows if world.tier(s) == t] for t in ("gold", "silver"))
        return over(total(gold, "revenue") or 0, total(silver, "revenue") or 0)

    return per(tiered, world.region, figures)


PLAIN: dict[str, Callable[[World], list[Row]]] = {
    "ratio of completed to cancelled stays": lambda w: [
        over(of(w.stays, "completed"), of(w.stays, "cancelled"))
    ],
    "cancelled stays as a percentage of all stays": lambda w: [
        over(of(w.stays, "cancelled"), len(w.stays), 100)
    ],
    "revenue divided by quantity": lambda w: [over(total(w.stays, "revenue"), total(w.stays, "quantity"))],
    "refunds as a percentage of revenue": lambda w: [
        over(total(w.stays, "refund"), total(w.stays, "revenue"), 100)
    ],
    "number of stays divided by number of clients": lambda w: [over(len(w.stays), len(w.tiers))],
    "revenue divided by quantity per region": lambda w: per(
        w, w.region, lambda rows: over(total(rows, "revenue"), total(rows, "quantity"))
    ),
    "ratio of completed to cancelled stays by region": lambda w: per(
        _either(w, "completed", "cancelled"),
        w.region,
        lambda rows: over(of(rows, "completed"), of(rows, "cancelled")),
    ),
    "revenue of gold clients as a percentage of total revenue in 2025": _gold_of_2025,
    "revenue of gold clients divided by revenue of silver clients per region": _tiers_per_region,
}


@pytest.mark.requirement("grounded:ratios")
@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_a_ratio_is_that_of_plain_rows(engine: str, kennel: Callable[[str], Business]) -> None:
    business = kennel(engine)
    statements = {t: str(business.respond(t).tool_calls[0].arguments["sql"]) for t in PLAIN}

    @given(worlds())
    @CHECKED
    def holds(world: World) -> None:
        for text, found in zip(statements, world.run(statements.values(), engine), strict=True):
            assert close(found, PLAIN[text](world)), text

    holds()


# -- owners' rules and other engines ------------------------------------------------------------------

TRIPS, BOATS = TableRef("trips"), TableRef("boats")


def _schema(dialect: str = "sqlite", rule: str = "") -> Schema:
    joins = (Join(TRIPS, ("boat_id",), BOATS, ("boat_id",), Evidence("declared")),)

    def card(ref: TableRef, columns: dict[str, TypeKind], *rules: str) -> TableCard:
        own = tuple(CardColumn(Column(n, kind, kind)) for n, kind in columns.items())
        return TableCard(ref, own, joins=joins, always_filter=rules)

    trips = card(TRIPS, {"boat_id": "integer", "state": "text", "fare": "integer"}, *([rule] if rule else []))
    cards = (trips, card(BOATS, {"boat_id": "integer", "kind": "text"}))
    return Schema(Context(dialect, NOW, cards=cards))  # type: ignore[arg-type]


def _reading(*conditions: Condition | None, ratio: Quotient = "ratio") -> Reading:
    count = Target(TRIPS, None, "count")
    first, second = (Side(count, c.words if c else "", (c,) if c else ()) for c in conditions)
    return Reading(TRIPS, (count,), compared=Compared(first, second, growth=False, ratio=ratio))


DONE = Condition(ColumnRef(TRIPS, "state"), "=", ("done",), "done")
VOID = Condition(ColumnRef(TRIPS, "state"), "=", ("void",), "void")


@pytest.mark.requirement("grounded:ratios-refused")
def test_an_owners_rule_holds_for_both_figures_or_for_neither() -> None:
    kept = write_sql(_reading(DONE, None), _schema(rule="fare > 0"))
    assert kept.count("fare > 0") == 1
    assert "<> 'void'" not in write_sql(_reading(DONE, VOID), _schema(rule="state <> 'void'"))
    for sides in ((DONE, None), (None, VOID)):
        with pytest.raises(NotRead, match="owner's rule"):
            write_sql(_reading(*sides), _schema(rule="state <> 'void'"))
    sail = Condition(ColumnRef(BOATS, "kind"), "=", ("sail",), "sail")
    apart = write_sql(_reading(sail, None), _schema(rule="fare > 0"))
    assert apart.count("fare > 0") == 2


@pytest.mark.requirement("grounded:ratios")
@pytest.mark.parametrize("dialect", ["duckdb", "sqlite", "postgres"])
def test_no_engine_divides_whole_numbers_or_by_zero(dialect: str) -> None:
    for kind, scale in (("ratio", "1.0 *"), ("percent", "100.0 *")):
        sql = one_line(write_sql(_reading(DONE, None, ratio=kind), _schema(dialect)), dialect)  # type: ignore[arg-type]
        assert scale in sql
        assert "NULLIF(trips_count, 0)" in sql


@pytest.mark.requirement("grounded:ratios-refused")
def test_what_tells_the_figures_apart_does_not_restrict_both() -> None:
    both = replace(_reading(DONE, VOID), conditions=(DONE,))
    with pytest.raises(NotRead, match="which of the two"):
        write_sql(both, _schema())
