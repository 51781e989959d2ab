"""Real query logs, where they are at hand: nearly all statements are read, and no literal survives."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from gnomon.context.catalog.facts import PastQuery
from gnomon.context.catalog.sources.queries.sql_folder import open_sql_folder
from gnomon.context.catalog.usage.sanitise import sanitise
from gnomon.context.catalog.usage.statements import Unread

WRITTEN = re.compile(r"'((?:[^']|'')+)'")


@pytest.mark.requirement("usage:sanitised")
@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_queries_of_a_real_dashboard_tool_are_read_and_lose_their_literals(dialect: str) -> None:
    folder = Path(os.environ.get("GNOMON_DATA", "")) / "public-bi" / "benchmark"
    if not os.environ.get("GNOMON_DATA") or not folder.is_dir():
        pytest.skip("GNOMON_DATA does not hold the set `public-bi`")
    outcomes: Counter[str] = Counter()
    for item in open_sql_folder(folder, "sql:real", dialect).read():
        if isinstance(item, PastQuery):
            found = sanitise(item.sql, dialect)
            outcomes[found.reason if isinstance(found, Unread) else "read"] += 1
            if not isinstance(found, Unread):
                left = set(WRITTEN.findall(found.sql))
                assert not [text for text in WRITTEN.findall(item.sql) if len(text) > 1 and text in left]
    assert outcomes["read"] >= 0.98 * outcomes.total(), outcomes
