"""Columns whose names say less than the question: short forms, units, letters for a sex, birth dates."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
import sqlglot
from grounded_businesses import NOW, Business, set_up

from gnomon.models.grounded.ages import born_before
from gnomon.models.grounded.decide import decide, read
from gnomon.models.grounded.reading import NotRead
from gnomon.models.grounded.short_forms import likeness
from gnomon.models.minilm.embedder import MiniLmEmbedder

TODAY = NOW.date()
MEMBERS = 41
BIRTHS = [date(1931 + 2 * n, 1 + n % 12, 1 + 7 * n % 28) for n in range(MEMBERS)]
GENDERS = ["F", "M", "f", "X"]
RENTAL = """
CREATE TABLE station (stn_id INTEGER PRIMARY KEY, name TEXT, town TEXT, cap INTEGER, dock_count INTEGER);
CREATE TABLE rider (rider_id INTEGER PRIMARY KEY, full_name TEXT, gender TEXT, birth_date DATE, seg TEXT,
  credit_lim INTEGER, disc_pct INTEGER, recomm_id INTEGER, stn_id INTEGER REFERENCES station (stn_id));
CREATE TABLE bike (bike_id INTEGER PRIMARY KEY, make TEXT, wt_kg INTEGER, lic_class TEXT,
  stn_id INTEGER REFERENCES station (stn_id));
CREATE TABLE ride (ride_id INTEGER PRIMARY KEY, rider_id INTEGER REFERENCES rider (rider_id),
  bike_id INTEGER REFERENCES bike (bike_id), dur_min INTEGER, dist_km INTEGER, rode_on DATE, svc_fee INTEGER);
CREATE TABLE course (course_id INTEGER PRIMARY KEY, title TEXT, len_m INTEGER, price_min INTEGER,
  price_max INTEGER);
INSERT INTO station VALUES (1, 'Elm Dock', 'Ulm', 40, 12), (2, 'Oak Dock', 'Bonn', 25, 8),
  (3, 'Fir Dock', 'Ulm', 60, 20);
INSERT INTO bike VALUES (1, 'Velo', 14, 'A', 1), (2, 'Velo', 18, 'B', 1), (3, 'Rad', 23, 'B', 2);
INSERT INTO course VALUES (1, 'Park', 900, 5, 9), (2, 'Lake', 2100, 7, 12);
"""


def _script() -> str:
    riders = [
        f"({n + 1}, 'Rider {n}', '{GENDERS[n % 4]}', '{born.isoformat()}', '{('gold', 'basic')[n % 2]}', "
        f"{'NULL' if n % 3 else 100 * n + 100}, {n % 3 * 5 + 5}, {'NULL' if n % 2 else 1}, {n % 3 + 1})"
        for n, born in enumerate(BIRTHS)
    ]
    rides = [
        f"({n + 1}, {n % MEMBERS + 1}, {n % 3 + 1}, {20 + n}, {k}, '2026-0{k}-11', {n % 4 + 1})"
        for n in range(90)
        for k in [1 + n % 9]
    ]
    return (
        f"{RENTAL}INSERT INTO rider VALUES {', '.join(riders)};\nINSERT INTO ride VALUES {', '.join(rides)};"
    )


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def rental(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp("rental")
    opened = set_up(folder, "rental", request.param, _script(), MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def plain(sql: str) -> list[tuple[object, ...]]:
    """The rows of a statement of ours over the same script."""
    with sqlite3.connect(":memory:") as engine:
        engine.executescript(_script())
        return engine.execute(sql).fetchall()


def same(got: list[tuple[object, ...]], wanted: list[tuple[object, ...]]) -> bool:
    """Whether both hold the same rows, whatever the types of their numbers."""
    tidy = [
        sorted(
            tuple(
                round(float(v), 6) if isinstance(v, int | float) or hasattr(v, "as_tuple") else v for v in row
            )
            for row in rows
        )
        for rows in (got, wanted)
    ]
    return tidy[0] == tidy[1]


@pytest.mark.requirement("grounded:short-names")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("average weight of bikes", "SELECT AVG(wt_kg) FROM bike"),
        ("average weight of bikes in kg", "SELECT AVG(wt_kg) FROM bike"),
        ("total distance of rides", "SELECT SUM(dist_km) FROM ride"),
        ("average duration of rides in minutes", "SELECT AVG(dur_min) FROM ride"),
        ("average credit limit of riders", "SELECT AVG(credit_lim) FROM rider"),
        ("how many riders have a credit limit?", "SELECT COUNT(credit_lim) FROM rider"),
        ("number of riders by segment", "SELECT seg, COUNT(*) FROM rider GROUP BY 1"),
        ("number of bikes by licence class", "SELECT lic_class, COUNT(*) FROM bike GROUP BY 1"),
        ("how many bikes have licence class B?", "SELECT COUNT(*) FROM bike WHERE lic_class = 'B'"),
        ("average service fee of rides", "SELECT AVG(svc_fee) FROM ride"),
        ("average discount of gold riders", "SELECT AVG(disc_pct) FROM rider WHERE seg = 'gold'"),
        ("how many stations have a capacity over 30?", "SELECT COUNT(*) FROM station WHERE cap > 30"),
        ("how many rides are longer than 1 hour?", "SELECT COUNT(*) FROM ride WHERE dur_min > 60"),
        ("how many bikes are heavier than 15000 g?", "SELECT COUNT(*) FROM bike WHERE wt_kg > 15"),
        ("how many riders have no recommender?", None),
    ],
)
def test_a_word_stands_for_the_one_column_that_is_short_for_it(
    rental: Business, text: str, sql: str | None
) -> None:
    said = rental.say(text)
    assert said.startswith("cannot") if sql is None else same(rental.run(said), plain(sql)), said


@pytest.mark.requirement("grounded:short-names")
@pytest.mark.parametrize(
    ("text", "row"),
    [("which bike is the heaviest?", 3), ("what is the longest course?", "Lake")],
)
def test_an_adjective_goes_by_a_column_that_is_called_so_for_short(
    rental: Business, text: str, row: object
) -> None:
    rows = rental.run(rental.say(text))
    assert len(rows) == 1
    assert row in rows[0]


@pytest.mark.requirement("grounded:short-names")
@pytest.mark.parametrize(
    "text",
    [
        "what is the longest ride?",  # in minutes or in kilometres
        "average duration of rides in hours",
        "average weight of bikes in grams",
        "total discount of riders",  # percentages
        "how many weights are there?",
        "average price of courses",  # the least and the highest
        "captain of Elm Dock",  # `cap` is no captain
        "total orders",
        "average district",
        "riders with a discount over 5 euros",
    ],
)
def test_what_a_name_may_not_be_short_for_is_not_read(rental: Business, text: str) -> None:
    assert rental.say(text).startswith(("cannot", "ask"))


@pytest.mark.requirement("grounded:short-names")
def test_a_guess_is_stated_and_the_composer_does_not_judge_what_it_was_not_calibrated_with(
    rental: Business,
) -> None:
    known = read("how many stations have a capacity over 30?", rental.context("capacity of stations"), TODAY)
    assert known.composed == ()
    texts = [text for text, _ in decide(known, 0.45).reading.assumptions]
    assert any("`capacity` is read as" in text and "station.cap" in text for text in texts)


@pytest.mark.requirement("grounded:short-names")
def test_a_column_or_table_that_is_called_so_in_full_is_never_hidden(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    script = """
    CREATE TABLE crate (crate_id INTEGER PRIMARY KEY, label TEXT, wt_kg INTEGER, weight INTEGER, dist TEXT);
    CREATE TABLE district (district_id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO crate VALUES (1, 'a', 5, 70, 'North'), (2, 'b', 6, 80, 'South');
    INSERT INTO district VALUES (1, 'North'), (2, 'South'), (3, 'East');
    """
    opened = set_up(tmp_path_factory.mktemp("crates"), "crates", "duckdb", script, MiniLmEmbedder())
    assert opened.run(opened.say("average weight of crates")) == [(75.0,)]
    assert opened.run(opened.say("how many districts are there?")) == [(3,)]
    opened.assembler.index.close()


@pytest.mark.requirement("grounded:short-names")
@pytest.mark.parametrize(
    ("part", "word", "how"),
    [
        ("wt", "weights", "listed"), ("dist", "district", "likely"), ("license", "licence", "listed"),
        ("wrhs", "warehouse", "guessed"), ("cap", "captain", None), ("st", "stadium", None),
        ("car", "carrier", None), ("part", "partner", None),
    ],
)  # fmt: skip
def test_a_short_form_is_listed_or_made_of_consonants_in_order(part: str, word: str, how: str | None) -> None:
    assert likeness(part, word) == how


@pytest.mark.requirement("grounded:stored-counts")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("how many docks are there?", "SELECT SUM(dock_count) FROM station"),
        ("how many docks does Elm Dock have?", "SELECT 12"),
        ("how many stations have more than 10 docks?", "SELECT COUNT(*) FROM station WHERE dock_count > 10"),
    ],
)
def test_things_that_only_a_column_counts_are_added_up(rental: Business, text: str, sql: str) -> None:
    said = rental.say(text)
    assert same(rental.run(said), plain(sql)), said


@pytest.mark.requirement("grounded:stored-counts")
def test_two_things_that_are_counted_are_not_one(rental: Business) -> None:
    assert rental.say("how many docks and stations are there?").startswith(("cannot", "ask"))


@pytest.mark.requirement("grounded:stored-counts")
def test_numbers_of_things_and_counts_of_many_days_are_not_added_up(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    script = """
    CREATE TABLE branch (branch_id INTEGER PRIMARY KEY, town TEXT, account_no INTEGER, parcel_nr INTEGER);
    CREATE TABLE daily_page (page_id INTEGER PRIMARY KEY, day DATE, title TEXT, follower_count INTEGER);
    INSERT INTO branch VALUES (1, 'Ulm', 4711, 12), (2, 'Bonn', 4712, 13);
    INSERT INTO daily_page VALUES (1, '2026-01-01', 'a', 10), (2, '2026-01-02', 'a', 12);
    """
    opened = set_up(tmp_path_factory.mktemp("branches"), "branches", "duckdb", script, MiniLmEmbedder())
    for text in (
        "how many accounts are there?",
        "how many parcels are there?",
        "how many followers are there?",
    ):
        assert opened.say(text).startswith(("cannot", "ask")), text
    opened.assembler.index.close()


@pytest.mark.requirement("grounded:sexes")
def test_what_is_made_for_women_is_no_woman(tmp_path_factory: pytest.TempPathFactory) -> None:
    script = """
    CREATE TABLE shoe (shoe_id INTEGER PRIMARY KEY, model TEXT, gender TEXT, price INTEGER);
    INSERT INTO shoe VALUES (1, 'Run', 'F', 70), (2, 'Walk', 'M', 80), (3, 'Hike', 'F', 90);
    """
    opened = set_up(tmp_path_factory.mktemp("shoes"), "shoes", "duckdb", script, MiniLmEmbedder())
    assert opened.say("how many women are there?").startswith(("cannot", "ask"))
    opened.assembler.index.close()


@pytest.mark.requirement("grounded:sexes")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("how many female riders are there?", "SELECT COUNT(*) FROM rider WHERE gender IN ('F', 'f')"),
        ("how many women are there?", "SELECT COUNT(*) FROM rider WHERE gender IN ('F', 'f')"),
        ("number of riders by sex", "SELECT MIN(gender), COUNT(*) FROM rider GROUP BY LOWER(gender)"),
        ("number of men by segment", "SELECT seg, COUNT(*) FROM rider WHERE gender = 'M' GROUP BY 1"),
        (
            "how many rides of women are there?",
            "SELECT COUNT(*) FROM ride JOIN rider USING (rider_id) WHERE gender IN ('F', 'f')",
        ),
    ],
)
def test_women_and_men_are_rows_whose_sex_is_stored_as_a_letter(
    rental: Business, text: str, sql: str
) -> None:
    said = rental.say(text)
    assert same(rental.run(said), plain(sql)), said


def _age(born: date) -> int:
    return TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))


@pytest.mark.requirement("grounded:ages")
def test_an_average_age_is_that_of_whole_years_on_the_day_of_the_clock(rental: Business) -> None:
    ages = [_age(born) for born in BIRTHS]
    assert same(rental.run(rental.say("average age of our riders")), [(sum(ages) / len(ages),)])
    assert same(rental.run(rental.say("maximum age of riders")), [(max(ages),)])
    gold = [a for n, a in enumerate(ages) if n % 2 == 0]
    said = rental.say("average age of riders by segment")
    assert ("gold", round(sum(gold) / len(gold), 6)) in [
        (s, round(float(str(a)), 6)) for s, a in rental.run(said)
    ]


@pytest.mark.requirement("grounded:ages")
@pytest.mark.parametrize("years", [1, 18, 30, 59, 60, 61])
def test_older_and_younger_are_counted_in_whole_years(rental: Business, years: int) -> None:
    older = rental.run(rental.say(f"how many riders are older than {years}?"))
    younger = rental.run(rental.say(f"how many riders are younger than {years}?"))
    assert older == [(sum(_age(b) > years for b in BIRTHS),)]
    assert younger == [(sum(_age(b) < years for b in BIRTHS),)]


@pytest.mark.requirement("grounded:ages")
@pytest.mark.parametrize(
    "today", [date(2024, 2, 29), date(2023, 2, 28), date(2024, 12, 31), date(2025, 3, 1)]
)
@pytest.mark.parametrize("years", [1, 4, 17, 100])
def test_all_born_before_a_day_have_reached_an_age_and_nobody_else_has(today: date, years: int) -> None:
    def age(born: date) -> int:
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    until = born_before(today, years)
    days = [date.fromordinal(until.toordinal() + n) for n in range(-3, 3)]
    assert [born < until for born in days] == [age(born) >= years for born in days]


@pytest.mark.requirement("grounded:ages")
@pytest.mark.parametrize(
    "text",
    [
        "average age of bikes",
        "average age of riders in 2025",
        "total age of riders",
        "riders older than 30 days",
        "average age of riders by age",
    ],
)
def test_an_age_that_no_birth_date_tells_is_not_read(rental: Business, text: str) -> None:
    assert rental.say(text).startswith(("cannot", "ask"))


@pytest.mark.requirement("grounded:ages")
def test_ages_are_written_for_postgresql_and_the_day_is_stated(rental: Business) -> None:
    context = replace(rental.context("average age of riders"), dialect="postgres")
    decided = decide(read("average age of riders", context, TODAY), 0.45)
    assert sqlglot.parse_one(decided.sql, read="postgres").find(sqlglot.exp.Extract) is not None
    assert any(TODAY.isoformat() in text for text, _ in decided.reading.assumptions)


@pytest.mark.requirement("grounded:ages")
def test_nobody_is_older_where_the_table_says_who_died(tmp_path_factory: pytest.TempPathFactory) -> None:
    script = """
    CREATE TABLE poet (poet_id INTEGER PRIMARY KEY, name TEXT, birth_date DATE, death_date DATE);
    INSERT INTO poet VALUES (1, 'Ada', '1900-05-01', '1970-01-01'), (2, 'Bo', '1990-05-01', NULL);
    """
    opened = set_up(tmp_path_factory.mktemp("poets"), "poets", "duckdb", script, MiniLmEmbedder())
    context = opened.context("average age of poets")
    with pytest.raises(NotRead):
        decide(read("average age of poets", context, TODAY), 0.45)
    opened.assembler.index.close()


@pytest.mark.requirement("grounded:kind-nouns")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("how many vans are there?", "SELECT COUNT(*) FROM vehicle WHERE type = 'van'"),
        (
            "how many electric vans are there?",
            "SELECT COUNT(*) FROM vehicle WHERE type = 'van' AND fuel = 'electric'",
        ),
        ("average weight of vans", "SELECT AVG(wt_kg) FROM vehicle WHERE type = 'van'"),
        (
            "how many trips of vans are there?",
            "SELECT COUNT(*) FROM trip JOIN vehicle USING (veh_id) WHERE type = 'van'",
        ),
        ("how many vans were sold?", None),
        ("how many tools are there?", None),  # a category of wares that were sold
    ],
)
def test_the_plural_of_a_kind_is_its_rows(
    tmp_path_factory: pytest.TempPathFactory, text: str, sql: str | None
) -> None:
    script = """
    CREATE TABLE vehicle (veh_id INTEGER PRIMARY KEY, type TEXT, fuel TEXT, wt_kg INTEGER);
    CREATE TABLE trip (trip_id INTEGER PRIMARY KEY, veh_id INTEGER REFERENCES vehicle (veh_id));
    CREATE TABLE line (line_id INTEGER PRIMARY KEY, ware_category TEXT, price INTEGER);
    INSERT INTO vehicle VALUES (1, 'van', 'electric', 900), (2, 'van', 'diesel', 1100),
      (3, 'truck', 'diesel', 9000);
    INSERT INTO trip VALUES (1, 1), (2, 1), (3, 2), (4, 3);
    INSERT INTO line VALUES (1, 'tool', 5), (2, 'tool', 6), (3, 'toy', 7);
    """
    opened = set_up(tmp_path_factory.mktemp("fleet"), "fleet", "sqlite", script, MiniLmEmbedder())
    said = opened.say(text)
    with sqlite3.connect(":memory:") as engine:
        engine.executescript(script)
        rows = engine.execute(sql).fetchall() if sql else []
    assert said.startswith(("cannot", "ask")) if sql is None else same(opened.run(said), rows), said
    opened.assembler.index.close()


@pytest.mark.requirement("grounded:short-names")
def test_a_question_that_goes_on_from_another_may_use_short_names_too(rental: Business) -> None:
    said = rental.say("by segment", earlier=("how many riders are there?",))
    assert same(rental.run(said), plain("SELECT seg, COUNT(*) FROM rider GROUP BY 1")), said
