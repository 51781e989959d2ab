"""Answers by hand, for rendering."""

from datetime import UTC, date, datetime
from decimal import Decimal

from gnomon.domain.answer import (
    Answer,
    Assumption,
    Chart,
    Check,
    Clarification,
    Cost,
    ExecutedQuery,
    Question,
    Step,
)
from gnomon.domain.catalog import TableRef
from gnomon.domain.identity import Principal
from gnomon.domain.result import ResultColumn, ResultRef, ResultTable

ANA = Principal("ana@acme.test")
ORDERS = TableRef("orders", "sales")
COST = Cost(turns=2, cost_usd=0.0, warehouse_s=0.012, model_s=0.2, total_s=0.34)
CHECKS = (
    Check("numbers_trace", "pass", "Every number in the text stands in the result."),
    Check(
        "time_window",
        "warn",
        "The data end on 2025-11-18, before the end of the month asked for, so the last month is a part.",
        sql="SELECT max(order_date)\nFROM sales.orders",
    ),
    Check("join_fanout", "not_applicable", "No join."),
    Check("ratios", "not_applicable", "No ratio."),
)


def question(text: str) -> Question:
    return Question("q1", text, ANA, datetime(2026, 11, 21, 9, 30, tzinfo=UTC), "c1")


def executed(sql: str, result: ResultTable, purpose: str = "answer") -> ExecutedQuery:
    ref = ResultRef("r1", result.columns, len(result.rows), result.truncated, "0" * 64)
    return ExecutedQuery(sql, purpose, (ORDERS,), ref, 0.012)


def single() -> Answer:
    sql = "SELECT SUM(amount) AS revenue\nFROM sales.orders\nWHERE order_date >= DATE '2025-01-01'"
    result = ResultTable((ResultColumn("revenue", "decimal"),), ((Decimal("1234567.89"),),))
    return Answer(
        "a1b2c3d4",
        question("revenue in 2025"),
        "answered",
        "Revenue in 2025 was 1,234,567.89.",
        headline="1,234,567.89",
        result=result,
        queries=(executed(sql, result),),
        tables=(ORDERS,),
        assumptions=(
            Assumption("`revenue` is the sum of `amount`.", "For net revenue ask for `net_amount`."),
        ),
        checks=CHECKS,
        confidence=0.93,
        reasoning="One table holds amounts by order date; the year is taken as the calendar year.",
        steps=(Step("embed the question", 0.01), Step("ask grounded", 0.05), Step("check the answer", 0.3)),
        model_id="grounded",
        cost=COST,
    )


def monthly(kind: str = "line") -> Answer:
    columns = (
        ResultColumn("month", "date"),
        ResultColumn("orders", "integer"),
        ResultColumn("revenue", "decimal"),
    )
    revenues = ("810.50", "920.00", "1105.25", "990.75", "1340.00", "1502.10", "1475.80", "1610.40")
    rows = tuple(
        (date(2025, month, 1), 40 + 7 * month, Decimal(revenue)) for month, revenue in enumerate(revenues, 1)
    )
    result = ResultTable(columns, rows)
    sql = "SELECT month, COUNT(*) AS orders, SUM(amount) AS revenue\nFROM sales.orders\nGROUP BY month"
    return Answer(
        "a5e6f7a8",
        question("revenue by month"),
        "answered",
        "Revenue rose from 810.50 in January to 1,610.40 in August.",
        result=result,
        queries=(executed(sql, result),),
        tables=(ORDERS,),
        checks=CHECKS[:1],
        confidence=0.88,
        chart=Chart("line" if kind == "line" else "bar", "month", ("revenue",), "revenue by month"),
        model_id="grounded",
        cost=COST,
    )


def wide() -> Answer:
    """Many columns, long and hostile cells, NULLs, more rows than are shown."""
    names = ("customer_id", "customer", "note", "spent", "visits", "vip", "joined", "raw", "tags", "country")
    kinds = ("integer", "text", "text", "decimal", "integer", "boolean", "timestamp", "other", "json", "text")
    columns = tuple(ResultColumn(n, k) for n, k in zip(names, kinds, strict=True))  # type: ignore[arg-type]
    rows = [
        (
            100_000 + i,
            (
                "Ana \x1b[31mred\x1b[0m",
                "[bold]Bo[/bold]",
                "Łukasz\nŻak",
                "日本語の名前",
                "\u202egro.live\u202c",
            )[i % 5],
            None if i % 3 == 0 else "a long remark that goes on and on until nobody wants to read it " * 2,
            Decimal("1234.50") * i,
            i * 1000,
            i % 2 == 0,
            datetime(2025, 3, 1, 12, i, 5),
            bytes([0, 255, i]),
            ["a", i],
            ("", "NULL", "AT", " padded ")[i % 4],
        )
        for i in range(25)
    ]
    result = ResultTable(columns, tuple(rows), truncated=True)
    return Answer(
        "a9c0d1e2",
        question("customers"),
        "answered",
        "Customers, with what they spent.",
        result=result,
        queries=(executed("SELECT *\nFROM sales.customers -- \x1b[2J", result),),
        tables=(TableRef("customers\x1b[31m", "sales"),),
        confidence=0.71,
        model_id="grounded",
        cost=COST,
    )


def abstained() -> Answer:
    return Answer(
        "a0000001",
        question("happiness by region"),
        "abstained",
        "No table holds happiness. The nearest is survey.mood, which nobody filled since 2019.",
        unplaced=("happiness",),
        model_id="grounded",
        cost=COST,
    )


def unclear() -> Answer:
    options = ("orders.created_at", "orders.shipped_at")
    return Answer(
        "a0000002",
        question("orders last month"),
        "needs_clarification",
        "Which date counts?",
        clarification=Clarification("Which date counts?", options, options[0]),
        model_id="grounded",
        cost=COST,
    )
