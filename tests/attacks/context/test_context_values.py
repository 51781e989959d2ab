"""Whether values of hidden rows show in which values of the others are found, and in what order.

Two warehouses that differ in hidden rows and hidden columns alone. In one of them, a hidden value is longer,
nearer or more frequent than a visible one, or a hidden column is named as a visible value reads.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.governed import GovernedIndex
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.identity import Principal
from gnomon.domain.query import Limits, Query
from gnomon.domain.result import ResultTable
from gnomon.policy.authority import Authority
from gnomon.policy.authorize import authorize
from gnomon.policy.policies import Situation, parse_policies
from gnomon.warehouses.connect import open_warehouse
from remembering import EMBEDDER

POLICIES = """
@id("reads") permit (principal, action == Action::"read", resource) unless { resource in Table::"zq_pay" };
@id("own-region") @rows("region = 'EU'")
forbid (principal, action == Action::"read", resource in Table::"notes");
"""
SHOWN = ["wine", "fine 1", "fine 2", "fine 3", "harvest", "linz", "linz"]
HIDDEN = ["fine wine", "fine 4", "fine 5", "fine 6", "fine 7", *["fine 3"] * 9, "harvest moon", "lintz"]
NOTE = ColumnRef(TableRef("notes"), "note")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GovernedIndex, GovernedIndex]]:
    made = [_governed(tmp_path_factory.mktemp("values"), hidden) for hidden in (HIDDEN, ["other"])]
    yield made[0][0], made[1][0]
    for _, close in made:
        close()


def _governed(folder: Path, hidden: list[str]) -> tuple[GovernedIndex, Callable[[], None]]:
    rows = [(note, "EU") for note in SHOWN] + [(note, "US") for note in hidden]
    with duckdb.connect(str(folder / "w.duckdb")) as connection:
        connection.execute("CREATE TABLE notes (note VARCHAR, region VARCHAR)")
        connection.executemany("INSERT INTO notes VALUES (?, ?)", rows)
        name = "harvest" if len(hidden) > 1 else "zq_sum"
        connection.execute(f"CREATE TABLE zq_pay AS SELECT 1 AS {name}")
        connection.execute("CREATE TABLE crops AS SELECT unnest(['harvest', 'hay']) AS crop")
    warehouse = open_warehouse(str(folder / "w.duckdb"))
    build_index(warehouse, EMBEDDER, folder / "i.db", found_by_values=False)
    index = CatalogIndex.open(folder / "i.db")
    policies = parse_policies([("p.cedar", POLICIES)], home="local")
    authority = Authority(lambda: Principal("ana", method="oidc"), Situation(), lambda: policies)
    access = authority.access(index.catalog(), "duckdb")

    def run(sql: str) -> ResultTable:
        return warehouse.execute(authorize(Query(sql, "duckdb"), access, Limits()))

    def close() -> None:
        index.close()
        warehouse.close()

    return GovernedIndex(index, access, run), close


@pytest.mark.requirement("attacks:context-values")
@pytest.mark.parametrize(
    "question",
    ["fine wine of it", "a harvest moon", "fine 3 and fine 1", "notes of lintz", "the harvest", "linzz"],
)
def test_no_hidden_value_takes_the_place_of_a_visible_one(
    pair: tuple[GovernedIndex, GovernedIndex], question: str
) -> None:
    one, other = (index.match_values(question) for index in pair)
    assert one == other
    assert {m.value for m in one} <= {*SHOWN, "hay"}


@pytest.mark.requirement("attacks:context-values")
@pytest.mark.parametrize("literal", ["fine 33", "fine 4", "fine", "lintz", "harvest moons"])
def test_no_hidden_value_pushes_a_near_one_out_or_orders_them(
    pair: tuple[GovernedIndex, GovernedIndex], literal: str
) -> None:
    one, other = (index.near_values(NOTE, literal) for index in pair)
    assert one == other
    assert one
