"""Statements by a grammar: every way to name, join, nest, group and order the shop's tables.

A rule writes one kind of statement. What it means is left to the engine: both databases of the comparison get
the same one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from policy.differential.diff_queries import NUMBERS, Source, Writer


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the test.

    Args:
        ordered: Whether its ORDER BY leaves no two orders.
        kind: The rule of the grammar that made it.
    """

    sql: str
    ordered: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the grammar."""

    write: Callable[[Writer], str]
    engines: frozenset[str] = frozenset({"duckdb", "sqlite", "postgres"})
    ordered: bool = False
    weight: int = 2


def _plain(w: Writer) -> str:
    s = w.derived()
    return f"SELECT {w.shown(s)} FROM {s.text}{w.where(s)}"


def _star(w: Writer) -> str:
    s = w.source()
    return f"SELECT {w.pick(('*', f'{s.alias}.*', f'{s.alias}.*, 1 AS one'))} FROM {s.text}{w.where(s)}"


def _join(w: Writer) -> str:
    a, b = w.derived(), w.derived()
    kinds = ["JOIN", "LEFT JOIN", "INNER JOIN", "CROSS JOIN"]
    kinds += ["RIGHT JOIN", "FULL JOIN"] if w.dialect != "sqlite" else []
    kind = w.pick(kinds)
    on = "" if kind == "CROSS JOIN" else f" ON {w.column(a, _INT)} = {w.column(b, _INT)}"
    if on and w.chance(0.2) and kind in ("JOIN", "LEFT JOIN"):
        on += f" AND {w.condition(b)}"
    return f"SELECT {w.shown(a)}, {w.shown(b)} FROM {a.text} {kind} {b.text}{on}{w.where(a)}"


_INT = frozenset({"int"})


def _commas(w: Writer) -> str:
    a, b = w.source(alias=True), w.source(alias=True)
    link = f"{w.column(a, _INT)} = {w.column(b, _INT)}"
    key = w.column(a)
    return f"SELECT COUNT(*), {key} FROM {a.text}, {b.text} WHERE {link} AND {w.condition(b)} GROUP BY {key}"


def _nested_join(w: Writer) -> str:
    a, b, c = (w.source(alias=True) for _ in range(3))
    first = f"{w.column(b, _INT)} = {w.column(c, _INT)}"
    second = f"{w.column(a, _INT)} = {w.column(b, _INT)}"
    shown = f"{w.shown(a, 2)}, {w.shown(c, 2)}"
    return f"SELECT {shown} FROM {a.text} LEFT JOIN ({b.text} JOIN {c.text} ON {first}) ON {second}"


def _using(w: Writer) -> str:
    a, b = w.source(only=("orders", "sales", "big_sales")), w.source(only=("grants", "open_orders"))
    return f"SELECT *  FROM {a.text} {w.pick(('JOIN', 'LEFT JOIN'))} {b.text} USING (customer_id)"


def _using_counted(w: Writer) -> str:
    a, b = w.source(only=("orders", "sales")), w.source(only=("customers", "open_orders"))
    return f"SELECT id, COUNT(*) FROM {a.text} JOIN {b.text} USING (id) GROUP BY id"


def _natural(w: Writer) -> str:
    a, b = w.source(), w.source()
    return f"SELECT COUNT(*) FROM {a.text} NATURAL {w.pick(('JOIN', 'LEFT JOIN'))} {b.text}"


def _self_join(w: Writer) -> str:
    kind = w.pick(("JOIN", "LEFT JOIN"))
    return (
        f"SELECT c.id, c.boss, b.id, b.city, b.boss FROM customers c {kind} customers AS b ON c.boss = b.id"
        f"{w.pick(('', ' AND b.segment = c.segment', ' WHERE b.id IS NULL'))}"
    )


def _cte(w: Writer) -> str:
    inner = w.source()
    name = w.pick(("fresh", "orders", "customers", "grants", "gnomon_rows", '"Order Details"', "sales"))
    if name == inner.alias and w.dialect == "sqlite":
        name = "other"
    s = Source(name, name, inner.columns)
    shown = w.pick(("*", f"COUNT(*), {w.pick(('MIN', 'MAX'))}({w.column(s)})"))
    return f"WITH {name} AS (SELECT * FROM {inner.text}{w.where(inner)}) SELECT {shown} FROM {name}"


def _cte_over_its_own_table(w: Writer) -> str:
    schema = "public" if w.dialect == "postgres" else "main"
    return (
        f"WITH orders AS (SELECT * FROM {schema}.orders WHERE id > {w.random.randint(0, 30)})"
        f" SELECT o.id, c.id FROM orders AS o LEFT JOIN {schema}.customers AS c ON c.id = o.customer_id"
    )


def _cte_chain(w: Writer) -> str:
    a = w.source(alias=True)
    b = w.source(alias=True)
    kept = w.pick(("", "MATERIALIZED ", "NOT MATERIALIZED "))
    return (
        f"WITH one AS (SELECT {w.column(a, _INT)} AS k FROM {a.text}), grants(k, n) AS"
        f" (SELECT k, COUNT(*) FROM one GROUP BY k), three AS {kept}"
        f"(SELECT * FROM grants WHERE n > 0) SELECT three.n, {w.column(b)} FROM {b.text}"
        f" LEFT JOIN three ON three.k = {w.column(b, _INT)}"
    )


def _cte_in_subquery(w: Writer) -> str:
    a, b = w.source(alias=True), w.source(alias=True)
    return (
        f"SELECT {w.shown(a)} FROM {a.text} WHERE {w.column(a, _INT)} IN (WITH customers AS"
        f" (SELECT {w.column(b, _INT)} AS id FROM {b.text}) SELECT id FROM customers)"
    )


def _set_operation(w: Writer) -> str:
    a, b = w.source(), w.source()
    one, two = (w.pick((f"{n}({w.text(s)})", w.text(s))) for n, s in (("UPPER", a), ("LOWER", b)))
    kind = w.pick(("UNION", "UNION ALL", "INTERSECT", "EXCEPT"))
    return f"SELECT {one} AS x FROM {a.text}{w.where(a)} {kind} SELECT {two} FROM {b.text}{w.where(b)}"


def _scalar(w: Writer) -> str:
    a, b = w.source(alias=True), w.source(alias=True)
    figure = f"{w.pick(('COUNT', 'MAX', 'SUM'))}({w.column(b, NUMBERS)})"
    link = f"{w.column(b, _INT)} = {w.column(a, _INT)}"
    return f"SELECT {w.shown(a)}, (SELECT {figure} FROM {b.text} WHERE {link}) FROM {a.text}{w.where(a)}"


def _exists(w: Writer) -> str:
    a, b = w.source(alias=True), w.source(alias=True)
    link = f"{w.column(b, _INT)} = {w.column(a, _INT)} AND {w.condition(b)}"
    word = w.pick(("EXISTS", "NOT EXISTS"))
    return f"SELECT {w.shown(a)} FROM {a.text} WHERE {word} (SELECT 1 FROM {b.text} WHERE {link})"


def _in(w: Writer) -> str:
    a, b = w.source(alias=True), w.source(alias=True)
    word = w.pick(("IN", "NOT IN"))
    inner = f"SELECT {w.column(b, _INT)} FROM {b.text}{w.where(b)}"
    return f"SELECT {w.shown(a)} FROM {a.text} WHERE {w.column(a, _INT)} {word} ({inner})"


def _any(w: Writer) -> str:
    a, b = w.source(alias=True), w.source(alias=True)
    word = w.pick(("= ANY", ">= ALL", "< ANY"))
    inner = f"SELECT {w.column(b, _INT)} FROM {b.text}{w.where(b)}"
    return f"SELECT {w.shown(a)} FROM {a.text} WHERE {w.column(a, _INT)} {word} ({inner})"


def _shown_subquery(w: Writer) -> str:
    a = w.source()
    return (
        f"SELECT (SELECT COUNT(*) FROM {a.text}) AS n, EXISTS (SELECT 1 FROM {w.source().text}) AS e,"
        f" 1 IN (SELECT {w.column(a, _INT)} FROM {a.text}) AS i"
    )


def _window(w: Writer) -> str:
    s = w.source(only=("orders", "customers", "sales", "open_orders"))
    key = "id" if "id" in s.columns else w.column(s)
    call = w.pick(
        (
            f"ROW_NUMBER() OVER (ORDER BY {key})",
            f"SUM({w.column(s, NUMBERS)}) OVER (PARTITION BY {w.column(s)} ORDER BY {key})",
            f"LAG({w.column(s, NUMBERS)}) OVER (ORDER BY {key})",
            f"COUNT(*) OVER (PARTITION BY {w.column(s)})",
            f"RANK() OVER (ORDER BY {w.column(s)})",
            "SUM(1) OVER w",
        )
    )
    named = f" WINDOW w AS (ORDER BY {key})" if call.endswith(" w") else ""
    return f"SELECT {w.column(s)}, {call} AS f FROM {s.text}{w.where(s)}{named}"


def _qualify(w: Writer) -> str:
    s = w.source(only=("orders", "customers"))
    partition = w.column(s)
    return f"SELECT * FROM {s.text} QUALIFY ROW_NUMBER() OVER (PARTITION BY {partition} ORDER BY id) = 1"


def _distinct(w: Writer) -> str:
    s = w.derived()
    return f"SELECT DISTINCT {w.shown(s)} FROM {s.text}{w.where(s)}"


def _distinct_on(w: Writer) -> str:
    s = w.source(only=("orders", "customers"))
    key = w.column(s)
    return f"SELECT DISTINCT ON ({key}) {key}, id FROM {s.text}{w.where(s)} ORDER BY {key}, id"


def _group(w: Writer) -> str:
    s = w.derived()
    key = w.typed(s)[0]
    figures = ", ".join(_figure(w, s) for _ in range(2))
    having = f" HAVING {_figure(w, s)} > {w.random.randint(0, 9)}" if w.chance(0.3) else ""
    by = w.pick((key, "1"))
    return f"SELECT {key}, {figures} FROM {s.text}{w.where(s)} GROUP BY {by}{having}"


def _figure(w: Writer, s: Source) -> str:
    number = w.number(s, 1)
    return w.pick(
        (
            "COUNT(*)",
            f"COUNT({w.column(s)})",
            f"COUNT(DISTINCT {w.text(s, 1)})",
            f"SUM({number})",
            f"MIN({number})",
            f"MAX({number})",
            f"AVG({w.column(s, NUMBERS)})",
        )
    )


def _figures(w: Writer) -> str:
    s = w.derived()
    return f"SELECT {', '.join(_figure(w, s) for _ in range(3))} FROM {s.text}{w.where(s)}"


def _group_all(w: Writer) -> str:
    s = w.source()
    return f"SELECT {w.column(s)}, {_figure(w, s)} FROM {s.text} GROUP BY ALL"


def _rollup(w: Writer) -> str:
    s = w.derived()
    a, b = w.column(s), w.column(s)
    kind = w.pick((f"ROLLUP ({a}, {b})", f"CUBE ({a}, {b})", f"GROUPING SETS (({a}), ({b}), ())"))
    return f"SELECT {a}, {b}, COUNT(*), SUM({w.column(s, NUMBERS)}) FROM {s.text} GROUP BY {kind}"


def _filter(w: Writer) -> str:
    s = w.derived()
    return (
        f"SELECT COUNT(*) FILTER (WHERE {w.condition(s)}), SUM({w.column(s, NUMBERS)})"
        f" FILTER (WHERE {w.condition(s)}) FROM {s.text}{w.where(s)}"
    )


def _ordered(w: Writer) -> str:
    s = w.source(only=("orders", "customers", "open_orders"))
    nulls = w.pick(("", " NULLS FIRST", " NULLS LAST"))
    by = f"{w.column(s)} {w.pick(('ASC', 'DESC'))}{nulls}"
    cut = w.pick(("", f" LIMIT {w.random.randint(0, 12)}", " LIMIT 7 OFFSET 3"))
    return f"SELECT *, {w.typed(s)[0]} AS x FROM {s.text}{w.where(s)} ORDER BY {by}, id{cut}"


def _ordered_by_masked(w: Writer) -> str:
    s = w.source(only=("orders", "customers", "sales"))
    by = w.column(s)
    return f"SELECT {by} AS k, id FROM {s.text} ORDER BY 1, id LIMIT 9"


def _values(w: Writer) -> str:
    s = w.source(alias=True)
    shown = f"v.b, {w.shown(s)}"
    if w.dialect == "sqlite":
        values = "(SELECT column1 AS a, column2 AS b FROM (VALUES (1, 'x'), (2, 'y'), (20, NULL))) AS v"
    else:
        values = "(VALUES (1, 'x'), (2, 'y'), (20, NULL)) AS v(a, b)"
    return f"SELECT {shown} FROM {values} LEFT JOIN {s.text} ON v.a = {w.column(s, _INT)}"


def _values_alone(w: Writer) -> str:
    s = w.source()
    return f"VALUES ((SELECT COUNT(*) FROM {s.text}), 1), (2, 3)"


def _from_first(w: Writer) -> str:
    s = w.source()
    return w.pick((f"FROM {s.text}", f"FROM {s.text} SELECT {w.shown(s)}{w.where(s)}"))


def _exclude(w: Writer) -> str:
    s = w.source(only=("orders", "customers", "sales", "open_orders"))
    names = [c for c in s.columns if c != "id"]
    name = w.pick(names)
    word = w.pick(
        (f"* EXCLUDE ({name})", f"* REPLACE ({w.text(s)} AS {name})", f"{s.alias}.* EXCLUDE ({name})")
    )
    return f"SELECT {word} FROM {s.text}{w.where(s)}"


def _whole_row(w: Writer) -> str:
    s = w.source(alias=True, only=("orders", "customers", "open_orders", "order_names"))
    json = "row_to_json" if w.dialect == "postgres" else "to_json"
    call = w.pick(
        (f"{json}({s.alias})", f"COUNT({s.alias})", f"{s.alias} IS NULL", f"CAST({s.alias} AS TEXT)")
    )
    group = f" GROUP BY {w.column(s)}" if call.startswith("COUNT") else ""
    return f"SELECT {call} AS r FROM {s.text}{w.where(s)}{group}"


def _sample(w: Writer) -> str:
    s = w.source()
    return f"SELECT COUNT(*) FROM {s.text} TABLESAMPLE {w.pick(('100 PERCENT', 'reservoir(1000 ROWS)'))}"


def _pivot(w: Writer) -> str:
    s = w.source(alias=False, only=("orders", "sales"))
    column = w.pick([c for c in s.columns if c in ("status", "city")] or ["id"])
    figure = w.pick(("COUNT(*)", "SUM(customer_id)"))
    inner = f"(SELECT {column}, customer_id FROM {s.text})" if w.chance(0.5) else s.text
    return f"SELECT * FROM {inner} PIVOT ({figure} FOR {column} IN ('open', 'void', 'Oslo'))"


def _unpivot(w: Writer) -> str:
    s = w.source(alias=False, only=("orders", "customers", "sales"))
    names = [c for c, t in s.columns.items() if t == "int"][:2]
    return f"SELECT * FROM {s.text} UNPIVOT (v FOR k IN ({', '.join(names)}))"


def _unnest(w: Writer) -> str:
    if w.dialect == "duckdb":
        return w.pick(
            (
                "SELECT id, unnest(numbers) AS n FROM extras",
                "SELECT e.id, u.n FROM extras AS e, unnest(e.numbers) AS u(n)",
                "SELECT c.id, x.n FROM customers c, (SELECT unnest([c.id, c.boss]) AS n) AS x",
                "SELECT id, payload->>'k' AS k, json_extract_string(payload, '$.tags[1]') FROM extras",
            )
        )
    if w.dialect == "sqlite":
        return w.pick(
            (
                "SELECT e.id, j.value FROM extras AS e, json_each(e.numbers) AS j",
                "SELECT o.id, j.value FROM orders o, json_each('[1, 2]') AS j WHERE j.value = o.id",
                "SELECT id, payload ->> '$.k', json_extract(payload, '$.tags[1]') FROM extras",
            )
        )
    return w.pick(
        (
            "SELECT id, unnest(numbers) AS n FROM extras",
            "SELECT e.id, u.n FROM extras AS e, unnest(e.numbers) AS u(n)",
            "SELECT e.id, t.value FROM extras AS e, jsonb_array_elements_text(e.payload -> 'tags') t(value)",
            "SELECT c.id, x.n FROM customers c CROSS JOIN LATERAL unnest(ARRAY[c.id, c.boss]) AS x(n)",
        )
    )


def _lateral(w: Writer) -> str:
    a, b = w.source(alias=True), w.source(alias=True)
    link = f"{w.column(b, _INT)} = {w.column(a, _INT)}"
    kind = w.pick((", LATERAL", " CROSS JOIN LATERAL", " LEFT JOIN LATERAL"))
    on = " ON TRUE" if "LEFT" in kind else ""
    return (
        f"SELECT {w.column(a)}, l.n, l.m FROM {a.text}{kind} (SELECT COUNT(*) AS n,"
        f" MAX({w.column(b, NUMBERS)}) AS m FROM {b.text} WHERE {link}) AS l{on}"
    )


def _schema_columns(w: Writer) -> str:
    default = "public" if w.dialect == "postgres" else "main"
    schema, name = w.pick((f"{default} orders", f"{default} customers", "marts sales")).split()
    if w.dialect == "sqlite":
        schema = default
    names = [c for c in w.columns.get(name, {"id": "int"}) if c not in ("note",)]
    shown = ", ".join(f"{schema}.{name}.{c}" for c in w.random.sample(names, min(2, len(names))))
    return f"SELECT {shown} FROM {schema}.{name} WHERE {schema}.{name}.{w.pick(names)} IS NOT NULL"


def _alias_columns(w: Writer) -> str:
    s = w.source(alias=False)
    first = next(iter(s.columns.values()))
    shown = "q" if first != "json" else "1"
    return f"SELECT {shown}, COUNT(*) FROM {s.text} AS z(q) GROUP BY {shown if shown == 'q' else 'z.q'}"


def _nested(w: Writer) -> str:
    s = w.source(alias=True)
    return (
        f"SELECT x.k, COUNT(*) FROM (SELECT * FROM (SELECT {w.typed(s)[0]} AS k FROM {s.text}{w.where(s)}) y"
        " WHERE k IS NOT NULL) x GROUP BY x.k"
    )


def _casts(w: Writer) -> str:
    s = w.source(only=("orders", "open_orders"))
    text = "note" if "note" in s.columns else "status"
    safe = w.pick(("1 = 1", f"{text} LIKE '%5'", f"{text} NOT LIKE '%p%'", "id % 6 = 1"))
    date = f"CAST({text} AS DATE)" if w.dialect != "sqlite" else f"DATE({text})"
    risky = w.pick(
        (
            f"CAST({text} AS INTEGER)",
            date,
            "100 / (id % 6)",
            f"CASE WHEN {safe} THEN CAST({text} AS INTEGER) END",
            "CAST(id * 100000000 AS INTEGER)",
        )
    )
    # Not IS NOT NULL: DuckDB leaves the rest of that out where its statistics know of no null.
    test = "<> '2020-01-01'" if risky == date else "<> 77"
    return w.pick(
        (
            f"SELECT id, {risky} FROM {s.text} WHERE {safe}",
            f"SELECT COUNT(*) FROM {s.text} WHERE {risky} {test} AND {safe}",
            f"SELECT SUM(LENGTH(CAST({risky} AS VARCHAR(99)))) FROM {s.text} WHERE {safe}",
        )
    )


def _aggregated_lists(w: Writer) -> str:
    s = w.source(only=("orders", "customers"))
    call = "string_agg" if w.dialect == "postgres" else "group_concat"
    cast = "TEXT" if w.dialect == "postgres" else "VARCHAR(50)"
    order = "" if w.dialect == "sqlite" else " ORDER BY id"
    if w.dialect == "sqlite":
        inner = f"(SELECT * FROM {s.text}{w.where(s)} ORDER BY id)"
        return f"SELECT {call}(CAST(id AS {cast}), ',') FROM {inner}"
    return f"SELECT {call}(CAST({w.column(s)} AS {cast}), ','{order}) FROM {s.text}{w.where(s)}"


def _lateral_alias(w: Writer) -> str:
    s = w.source()
    return f"SELECT {w.number(s)} AS n, n + 1 AS m FROM {s.text}{w.where(s)}"


_BIG = frozenset({"duckdb", "postgres"})
_DUCK = frozenset({"duckdb"})
GRAMMAR: tuple[Rule, ...] = (
    Rule(_plain, weight=8),
    Rule(_star, weight=4),
    Rule(_join, weight=5),
    Rule(_commas),
    Rule(_nested_join),
    Rule(_using),
    Rule(_using_counted),
    Rule(_natural),
    Rule(_self_join),
    Rule(_cte, weight=4),
    Rule(_cte_over_its_own_table),
    Rule(_cte_chain),
    Rule(_cte_in_subquery),
    Rule(_set_operation, weight=3),
    Rule(_scalar, weight=3),
    Rule(_exists, weight=3),
    Rule(_in, weight=3),
    Rule(_any, _BIG),
    Rule(_shown_subquery),
    Rule(_window, weight=3),
    Rule(_qualify, _DUCK),
    Rule(_distinct),
    Rule(_distinct_on, _BIG),
    Rule(_group, weight=5),
    Rule(_figures, weight=3),
    Rule(_group_all, _DUCK),
    Rule(_rollup, _BIG),
    Rule(_filter),
    Rule(_ordered, ordered=True, weight=4),
    Rule(_ordered_by_masked, ordered=True),
    Rule(_values),
    Rule(_values_alone),
    Rule(_from_first, _DUCK),
    Rule(_exclude, _DUCK),
    Rule(_whole_row, _BIG),
    Rule(_sample, _DUCK),
    Rule(_pivot, _DUCK),
    Rule(_unpivot, _DUCK),
    Rule(_unnest),
    Rule(_lateral, _BIG),
    Rule(_schema_columns),
    Rule(_alias_columns, _BIG),
    Rule(_nested),
    Rule(_casts, weight=3),
    Rule(_aggregated_lists),
    Rule(_lateral_alias, _DUCK),
)


def next_statement(writer: Writer) -> Statement:
    """The next statement of a writer."""
    rules = [r for r in GRAMMAR if writer.dialect in r.engines]
    rule = writer.random.choices(rules, [r.weight for r in rules])[0]
    sql = rule.write(writer)
    return Statement(sql, rule.ordered, rule.write.__name__.strip("_"))
