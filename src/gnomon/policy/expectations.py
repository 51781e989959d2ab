"""Unit tests of policies: what somebody must and must not see, as a file beside the policies.

[[test]]
name = "sales in Europe see their own orders, without addresses"
groups = ["sales-eu"]
table = "orders"
rows = ["region = 'EU'"]
hidden = ["margin"]
masked = { email = "hash" }

[[test]]
name = "nobody outside of HR reads salaries"
groups = ["sales-eu"]
sql = "select sum(amount) from salaries"
allowed = false
"""

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from gnomon.domain.catalog import Catalog
from gnomon.domain.errors import GnomonError
from gnomon.domain.identity import Principal
from gnomon.domain.query import Limits, Query
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize
from gnomon.policy.explain import sight_of
from gnomon.policy.policies import Situation
from gnomon.policy.rules.cedar import broken

_WHO = frozenset({"name", "as", "tenant", "groups", "claims", "purpose", "audience"})
_WHAT = frozenset({"table", "sql", "allowed", "rows", "hidden", "masked", "min_group"})


@dataclass(frozen=True, slots=True)
class Expectation:
    """One test.

    Args:
        subject: Who asks; empty for somebody who is known by groups and claims alone.
        table: The table looked at, or empty where `sql` is put to the policies.
    """

    name: str
    subject: str
    groups: tuple[str, ...]
    claims: tuple[tuple[str, str], ...]
    situation: Situation
    table: str
    sql: str
    expected: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test went; `why` says what was expected and what came."""

    name: str
    passed: bool
    why: str = ""


def parse_expectations(file: str, text: str) -> tuple[Expectation, ...]:
    """Read a `tests.toml`.

    Raises:
        Misconfigured: It is not TOML, or a test is not as described.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise broken(file, f"it is not valid TOML: {error}", "correct the file there") from error
    entries = raw.get("test", [])
    if set(raw) - {"test"} or not isinstance(entries, list):
        raise broken(file, "it holds [[test]] tables and nothing else", "correct the file")
    return tuple(_expectation(f"{file}, test {i}", e) for i, e in enumerate(entries, 1))


def _expectation(where: str, entry: dict[str, Any]) -> Expectation:
    unknown = sorted(set(entry) - _WHO - _WHAT)
    if unknown:
        raise broken(where, f"`{unknown[0]}` is not known; there are {', '.join(sorted(_WHO | _WHAT))}")
    if bool(entry.get("table")) == bool(entry.get("sql")):
        raise broken(where, "a test names either a `table` or a statement as `sql`")
    expected = tuple((k, v) for k, v in entry.items() if k in _WHAT - {"table", "sql"})
    if not expected:
        raise broken(where, "nothing is expected: say `allowed`, `rows`, `hidden`, `masked` or `min_group`")
    return Expectation(
        str(entry.get("name", where)),
        str(entry.get("as", "")),
        tuple(map(str, entry.get("groups", ()))),
        tuple((k, str(v)) for k, v in entry.get("claims", {}).items()),
        Situation(
            str(entry.get("purpose", "")), "shared" if entry.get("audience") == "shared" else "private"
        ),
        str(entry.get("table", "")),
        str(entry.get("sql", "")),
        expected,
    )


def run_expectations(
    tests: Iterable[Expectation],
    catalog: Catalog,
    access_of: Callable[[Principal, Situation], Access],
    person: Callable[[str], Principal | None],
    home: str,
) -> tuple[Outcome, ...]:
    """Put every test to the policies.

    Args:
        person: The person of that subject, from the people file.
    """
    return tuple(
        _outcome(test, catalog, access_of(_principal(test, person, home), test.situation)) for test in tests
    )


def _principal(test: Expectation, person: Callable[[str], Principal | None], home: str) -> Principal:
    known = person(test.subject) if test.subject else None
    base = known or Principal(test.subject or "somebody@policy.test", home, method="oidc")
    return Principal(
        base.subject, base.tenant, base.groups | set(test.groups), (*base.claims, *test.claims), base.method
    )


def _outcome(test: Expectation, catalog: Catalog, access: Access) -> Outcome:
    found = _of_statement(test, access) if test.sql else _of_table(test, catalog, access)
    wrong = [
        f"{what}: expected {_normal(expected)}, is {found.get(what)}"
        for what, expected in test.expected
        if found.get(what) != _normal(expected)
    ]
    return Outcome(test.name, not wrong, "; ".join(wrong))


def _of_statement(test: Expectation, access: Access) -> dict[str, Any]:
    try:
        authorize(Query(test.sql, access.dialect), access, Limits())
    except GnomonError as error:
        return {"allowed": False, "why": error.message}
    return {"allowed": True}


def _of_table(test: Expectation, catalog: Catalog, access: Access) -> dict[str, Any]:
    schema, _, name = test.table.rpartition(".")
    table = catalog.find(name, schema)
    if table is None:
        return {"allowed": False}
    sight = sight_of(access, table)
    return {
        "allowed": sight.verdict != "nothing",
        "rows": sorted(_plain(r) for r in sight.rows),
        "hidden": sorted(sight.hidden),
        "masked": dict(sight.masked),
        "min_group": sight.min_group,
    }


def _normal(expected: Any) -> Any:
    return sorted(map(_plain, expected)) if isinstance(expected, list) else expected


def _plain(condition: object) -> str:
    """A condition without quotes around names, outer parentheses and differences of case and space."""
    text = " ".join(str(condition).replace('"', "").split()).casefold()
    while text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        text = text[1:-1].strip()
    return text
