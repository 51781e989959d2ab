"""A catalog with hidden parts, people who see more or less of it, and a book of memories about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gnomon.context.memory.book import MemoryBook
from gnomon.context.memory.changes import Actor, add
from gnomon.context.memory.recall import Reader, Recalled
from gnomon.context.memory.wish import Wish, drawn_up
from gnomon.domain.catalog import Catalog, Column, TableRef, TableSchema
from gnomon.domain.identity import Principal
from gnomon.domain.memory import Memory
from gnomon.policy.authority import Authority
from gnomon.policy.policies import Situation, parse_policies
from gnomon.store.memories import MemoryStore
from remembering import EMBEDDER

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ANA = Principal("ana@acme.test", method="oidc")
BO = Principal("bo@acme.test", method="oidc")
OLGA = Principal("olga@acme.test", groups=frozenset({"owners"}), method="oidc")

POLICIES = """
@id("owners") permit (principal in Group::"owners", action, resource);
@id("use") permit (principal, action == Action::"use", resource);
@id("sales") permit (principal, action == Action::"read", resource in Schema::"marts");
@id("no-cost") forbid (principal, action == Action::"read", resource in Tag::"cost")
unless { principal in Group::"owners" };
@id("memories") permit (principal, action == Action::"read", resource is Memory);
"""
TAGS = '[columns]\ncost = ["marts.orders.zq_cost"]\n'


def table(name: str, schema: str, *columns: str) -> TableSchema:
    """A table; a column is written `name` or `name type`."""
    pairs = [(*c.split(), "DECIMAL(10, 2)")[:2] for c in columns]
    return TableSchema(TableRef(name, schema), tuple(Column(n, "decimal", t) for n, t in pairs))


CATALOG = Catalog(
    (
        table("orders", "marts", "id INTEGER", "amount", "net_amount", "status VARCHAR", "zq_cost"),
        table("customers", "marts", "id INTEGER", "name VARCHAR", "region VARCHAR"),
        table("zq_salaries", "hr", "id INTEGER", "zq_pay"),
    )
)


@dataclass
class MemoryWorld:
    """Where memories are made, kept and recalled."""

    folder: Path
    embedder: Any = EMBEDDER
    catalog: Catalog = CATALOG
    policies: str = POLICIES
    warehouse: str = "w1"
    now: datetime = NOW
    audit: list[Mapping[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = MemoryStore.open(self.folder)

    @property
    def book(self) -> MemoryBook:
        return MemoryBook(self.store, self.embedder, self.warehouse)

    def authority(self, who: Principal = ANA) -> Authority:
        files = [("p.cedar", self.policies), ("tags.toml", TAGS)]
        made = parse_policies(files, home=who.tenant)
        return Authority(lambda: who, Situation(), lambda: made)

    def reader(self, who: Principal = ANA, channel: str = "", *, shared: bool = False) -> Reader:
        authority = self.authority(who)
        return Reader(authority.access(self.catalog, "duckdb"), authority, channel, shared)

    def draw(self, text: str, who: Principal = ANA, *, days: int | None = None, **more: Any) -> Memory:
        """The memory that a wish of somebody stands for."""
        expires = self.now + timedelta(days=days) if days else None
        wish = Wish(text, expires_at=expires, **more)
        return drawn_up(wish, self.reader(who).access, self.warehouse, self.now)

    def keep(self, text: str, who: Principal = ANA, *, yes: bool = True, **more: Any) -> Memory:
        """A memory of somebody, kept; one for everybody is confirmed right away."""
        memory = self.draw(text, who, **more)
        kept = add(self.store, memory, Actor(who.subject), self.audit.append, yes=yes)
        if yes and kept.status == "proposed":
            active = replace(kept, status="active", reviewed_by="rev@acme.test", reviewed_at=self.now)
            self.store.change(kept, active, "confirm", "rev@acme.test", self.now)
            return active
        return kept

    def recall(self, text: str, who: Principal = ANA, channel: str = "", **more: Any) -> Recalled:
        shared = more.pop("shared", False)
        vector = self.embedder.embed([text])[0]
        return self.book.recall(self.reader(who, channel, shared=shared), text, vector, self.now, **more)

    def texts(self, text: str, who: Principal = ANA, channel: str = "", **more: Any) -> list[str]:
        """What is recalled for a text, the most relevant first."""
        return [m.text for m in self.recall(text, who, channel, **more).memories]
