"""Which of several dates counts, head nouns that names leave out, verbs that say that rows came about."""

import random
from collections.abc import Iterator

import pytest
from grounded_businesses import NOW, Business, rows_of, set_up

from gnomon.models.minilm.embedder import MiniLmEmbedder

TABLES = """
CREATE TABLE staff (staff_id INTEGER PRIMARY KEY, full_name TEXT, shares_held INTEGER);
CREATE TABLE clients (client_id INTEGER PRIMARY KEY, name TEXT, phone TEXT, created_at TEXT, town TEXT,
  staff_count INTEGER, keeper_id INTEGER REFERENCES staff (staff_id));
CREATE TABLE requests (request_id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (client_id),
  handler_id INTEGER REFERENCES staff (staff_id), opened_at TEXT, resolved_at TEXT, status TEXT, topic TEXT,
  first_reply_minutes INTEGER);
CREATE TABLE bills (bill_id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (client_id),
  issued_on TEXT, due_on TEXT, amount INTEGER, state TEXT);
CREATE TABLE deliveries (delivery_id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (client_id),
  scheduled_for TEXT, delivered_at TEXT, delivered_kg INTEGER, damaged_kg INTEGER, moisture_pct INTEGER);
CREATE TABLE tools (tool_id INTEGER PRIMARY KEY, name TEXT, purchased_on TEXT, season INTEGER,
  floor_acres INTEGER, target_load_per_day INTEGER);
CREATE TABLE tool_usage (usage_id INTEGER PRIMARY KEY, tool_id INTEGER REFERENCES tools (tool_id),
  hour INTEGER);
CREATE TABLE leases (lease_id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (client_id),
  starts_on TEXT, ends_on TEXT);
"""


def made() -> dict[str, list[tuple[object, ...]]]:
    """Rows of each table; a third of the requests and deliveries are not done with."""
    dice = random.Random(11)

    def day(year: int) -> str:
        return f"{year}-{dice.randrange(1, 13):02}-{dice.randrange(1, 28):02}"

    staff = [(n, f"Worker {n}", n * 5) for n in range(1, 9)]
    clients = [
        (n, f"Client {n:02}", None if n % 4 else f"0{n}55", day(2025), ("Elmby", "Oakton")[n % 2], n * 9,
         n % 8 + 1)
        for n in range(1, 31)
    ]  # fmt: skip
    requests = []
    for n in range(1, 91):
        state = dice.choice(("open", "resolved", "closed"))
        done = None if state == "open" else "2026-03-10"
        requests.append(
            (n, n % 20 + 1, n % 8 + 1, day(2025 + n % 2), done, state, dice.choice(("water", "heat")), n)
        )
    bills = [
        (n, n % 30 + 1, day(2025), f"2026-0{n % 3 + 1}-20", n * 10, ("paid", "overdue")[n % 2])
        for n in range(1, 61)
    ]
    deliveries = [
        (n, n % 15 + 1, "2025-06-01", None if n % 3 == 0 else day(2025 + n % 2), n * 3, n % 4, 12)
        for n in range(1, 61)
    ]
    tools = [(n, f"Tool {n}", day(2020 + n % 3), 2023 + n % 3, n, n * 2) for n in range(1, 13)]
    usage = [(n, n % 7 + 1, n) for n in range(1, 40)]
    leases = [(n, n, day(2025), f"2026-{n % 12 + 1:02}-15") for n in range(1, 25)]
    return {"staff": staff, "clients": clients, "requests": requests, "bills": bills, "tools": tools,
            "deliveries": deliveries, "tool_usage": usage, "leases": leases}  # fmt: skip


ROWS = made()


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    lines = [
        f"INSERT INTO {table} VALUES ({', '.join('NULL' if v is None else repr(v) for v in row)});"
        for table, rows in ROWS.items()
        for row in rows
    ]
    folder = tmp_path_factory.mktemp("workshop")
    opened = set_up(folder, "workshop", "sqlite", TABLES + "\n".join(lines), MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def of_year(table: str, at: int, year: str) -> list[tuple[object, ...]]:
    return [row for row in ROWS[table] if str(row[at]).startswith(year)]


@pytest.mark.requirement("grounded:opening-date")
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("how many requests in 2025?", len(of_year("requests", 3, "2025"))),
        ("number of water requests in 2025", sum(r[6] == "water" for r in of_year("requests", 3, "2025"))),
        ("total amount of bills in 2025", sum(int(str(r[4])) for r in of_year("bills", 2, "2025"))),
        ("how many deliveries were made in 2026?", len(of_year("deliveries", 3, "2026"))),
        ("how many deliveries were delivered in 2025?", len(of_year("deliveries", 3, "2025"))),
        ("how many tools were bought in 2021?", len(of_year("tools", 2, "2021"))),
        ("how many tools in season 2024?", len([t for t in ROWS["tools"] if t[3] == 2024])),
        ("how many clients signed up in 2025?", 30),
    ],
)  # fmt: skip
def test_the_date_on_which_rows_came_about_is_taken_of_several(
    workshop: Business, text: str, rows: int
) -> None:
    assert rows_of(workshop, text) == [(rows,)]


@pytest.mark.requirement("grounded:opening-date")
def test_what_else_could_be_meant_is_said(workshop: Business) -> None:
    response = workshop.respond("how many requests in 2025?")
    told = {a["text"]: a["alternative"] for a in response.tool_calls[0].arguments["assumptions"]}
    assert told["Time is taken from requests.opened_at."] == "name another date: resolved_at"


@pytest.mark.requirement("grounded:opening-date")
@pytest.mark.parametrize(
    "text",
    [
        "resolved requests in 2025",
        "requests closed in 2025",
        "overdue bills in 2025",
        "deliveries in 2025",
        "how many deliveries were not delivered in 2026?",
    ],
)
def test_no_date_is_taken_where_a_word_tells_of_another_event_or_rows_lack_it(
    workshop: Business, text: str
) -> None:
    said = workshop.say(text)
    assert said.startswith("cannot") or "resolved_at" in said, said


@pytest.mark.requirement("grounded:opening-date")
def test_the_latest_row_goes_by_when_it_came_about(workshop: Business) -> None:
    (row,) = rows_of(workshop, "latest request")
    assert row[-1] == max(str(r[3]) for r in ROWS["requests"] if str(r[3]) <= str(NOW.date()))


@pytest.mark.requirement("grounded:head-nouns")
@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("how many clients have no phone number?", "clients.phone IS NULL"),
        ("average reply time of requests by topic", "AVG(requests.first_reply_minutes)"),
        ("average first reply time of requests", "AVG(requests.first_reply_minutes)"),
        ("leases with an end date in 2026", "leases.ends_on >= '2026-01-01'"),
        ("list leases with their start date", "leases.starts_on"),
        ("purchase date of tools", "tools.purchased_on"),
        ("who holds the most shares?", "staff.shares_held DESC"),
        ("tools with a target load above 10", "tools.target_load_per_day > 10"),
        ("average floor of tools", "AVG(tools.floor_acres)"),
    ],
)
def test_a_head_noun_that_the_name_leaves_out_is_read(workshop: Business, text: str, part: str) -> None:
    said = workshop.say(text)
    assert part in said, said


@pytest.mark.requirement("grounded:head-nouns")
@pytest.mark.parametrize(
    "text", ["total target load of tools", "start number of leases", "phone date of clients"]
)
def test_a_head_noun_of_another_kind_is_refused(workshop: Business, text: str) -> None:
    assert workshop.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:deeds")
def test_who_opened_the_most_has_the_most_rows(workshop: Business) -> None:
    counts: dict[object, int] = {}
    for request in ROWS["requests"]:
        counts[request[1]] = counts.get(request[1], 0) + 1
    found = rows_of(workshop, "which 3 clients opened the most requests?")
    assert [row[-1] for row in found] == sorted(counts.values(), reverse=True)[:3]


@pytest.mark.requirement("grounded:deeds")
def test_each_counts_what_it_made_in_that_time(workshop: Business) -> None:
    counts: dict[object, int] = {}
    for delivery in of_year("deliveries", 3, "2026"):
        counts[delivery[1]] = counts.get(delivery[1], 0) + 1
    found = rows_of(workshop, "how many deliveries did each client make in 2026?")
    assert {row[0]: row[-1] for row in found} == counts


@pytest.mark.requirement("grounded:deeds")
@pytest.mark.parametrize(
    ("text", "table", "child", "at"),
    [
        ("which clients have never opened a request?", "clients", "requests", 1),
        ("which tools have never been used?", "tools", "tool_usage", 1),
    ],
)
def test_what_was_never_done_has_no_rows_of_the_deed(
    workshop: Business, text: str, table: str, child: str, at: int
) -> None:
    having = {row[at] for row in ROWS[child]}
    expected = {row[0] for row in ROWS[table]} - having
    assert {row[0] for row in rows_of(workshop, text)} == expected


@pytest.mark.requirement("grounded:deeds")
@pytest.mark.parametrize(
    "text",
    ["which staff opened the most requests?", "which clients have never been staffed?"],
)
def test_a_link_that_is_called_after_another_doer_tells_no_deed(workshop: Business, text: str) -> None:
    assert workshop.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:deeds")
def test_what_somebody_did_is_no_state_of_that_name(workshop: Business) -> None:
    found = rows_of(workshop, "how many requests did each client open?")
    assert sum(int(str(row[-1])) for row in found) == len(ROWS["requests"])


@pytest.mark.requirement("grounded:adds-up")
@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("damaged kg per client", "SUM(deliveries.damaged_kg)"),
        ("clients with more than 100 staff", "clients.staff_count > 100"),
        ("leases expiring in 2026", "leases.ends_on >= '2026-01-01'"),
        ("leases that end in 2026", "leases.ends_on >= '2026-01-01'"),
    ],
)
def test_amounts_of_what_was_done_add_up_and_ends_are_said_by_verbs(
    workshop: Business, text: str, part: str
) -> None:
    said = workshop.say(text)
    assert part in said, said
