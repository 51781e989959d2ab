"""Averages of one's own group, two values of one column, parts of amounts, kinds that are ranked."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from statistics import mean

import pytest
from grounded_businesses import ANSWERED_FROM, NOW, Business, script, set_up

from gnomon.models.grounded.decide import decide, read
from gnomon.models.minilm.embedder import MiniLmEmbedder

TABLES = """
CREATE TABLE apiaries (apiary_id INTEGER PRIMARY KEY, apiary_name TEXT, county TEXT, closed_on DATE);
CREATE TABLE keepers (keeper_id INTEGER PRIMARY KEY, keeper_name TEXT, post TEXT, wage INTEGER,
  tax_rate DOUBLE, yield_share DOUBLE, home_apiary INTEGER REFERENCES apiaries (apiary_id));
CREATE TABLE harvests (harvest_id INTEGER PRIMARY KEY, keeper_id INTEGER REFERENCES keepers (keeper_id),
  apiary_id INTEGER REFERENCES apiaries (apiary_id), grade TEXT, state TEXT, cost INTEGER, rebate INTEGER);
"""
COUNTIES = ("Dorset", "Kent")
POSTS = ("Warden", "Helper", "Trainee")
GRADES = ("fine", "plain", "coarse")
STATES = ("sold", "stored", "closed", "spoilt")
PAY = {"Warden": 4000, "Helper": 2500, "Trainee": 1500}


def made() -> dict[str, list[tuple[object, ...]]]:
    """Rows of each table; some keepers have no post and no home."""
    dice = random.Random(11)
    apiaries = [
        (n, f"{name} Field", COUNTIES[n % 2], "2025-02-01" if n == 3 else None)
        for n, name in enumerate(("Heath", "Clover", "Willow", "Lime"), 1)
    ]
    keepers: list[tuple[object, ...]] = []
    for n in range(1, 31):
        post = POSTS[n % 3] if n % 10 else None
        wage = PAY.get(str(post), 2000) + dice.randrange(0, 900)
        home = n % 4 + 1 if n % 7 else None
        keepers.append((n, f"Keeper {n:02}", post, wage, dice.randrange(10, 40) + 0.5, n / 40, home))
    harvests = [
        (n, dice.randrange(1, 31), dice.randrange(1, 5), dice.choice(GRADES), dice.choice(STATES),
         dice.randrange(20, 900), dice.choice((0, 0, 5, 20)))
        for n in range(1, 201)
    ]  # fmt: skip
    return {"apiaries": apiaries, "keepers": keepers, "harvests": harvests}


ROWS = made()
KEEPERS, HARVESTS = ROWS["keepers"], ROWS["harvests"]


@pytest.fixture(scope="module")
def bees(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    opened = set_up(tmp_path_factory.mktemp("bees"), "bees", "duckdb", script(TABLES, ROWS), MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def rows_of(business: Business, text: str) -> list[tuple[object, ...]]:
    """The rows of the answer, of which there is one."""
    said = business.say(text)
    assert said.startswith("SELECT"), f"{text}: {said}"
    return business.run(said)


def above_their_own(rows: list[tuple[object, ...]], measure: int, group: int) -> set[object]:
    """Keys of the rows whose figure is above the average of their group."""
    groups = defaultdict(list)
    for row in rows:
        groups[row[group]].append(row[measure])
    averages = {key: mean(values) for key, values in groups.items() if key is not None}  # type: ignore[type-var]
    return {r[0] for r in rows if r[group] in averages and r[measure] > averages[r[group]]}  # type: ignore[operator]


# -- above the average of their own group -------------------------------------------------------------


@pytest.mark.requirement("grounded:average-of-own-group")
@pytest.mark.parametrize(
    "text",
    [
        "Keepers with a wage above the average of their post",
        "Keepers with a wage above average in their post",
        "Which keepers have an above average wage for their post?",
        "Keepers with a wage above the average wage of keepers in their post",
    ],
)
def test_rows_are_compared_with_the_average_of_their_own_group(bees: Business, text: str) -> None:
    assert {row[0] for row in rows_of(bees, text)} == above_their_own(KEEPERS, 3, 2)


@pytest.mark.requirement("grounded:average-of-own-group")
def test_the_group_may_be_what_the_rows_refer_to(bees: Business) -> None:
    found = rows_of(bees, "How many harvests have a cost above the average for their keeper?")
    assert found == [(len(above_their_own(HARVESTS, 5, 1)),)]


@pytest.mark.requirement("grounded:average-of-own-group")
def test_rows_that_are_in_no_group_are_stated(bees: Business) -> None:
    text = "Keepers with a wage above the average of their post"
    decided = decide(read(text, bees.context(text), NOW.date()), ANSWERED_FROM)
    assert "without a post" in str(decided.reading.assumptions)


@pytest.mark.requirement("grounded:average-of-own-group")
def test_without_a_group_the_average_is_that_of_all_rows(bees: Business) -> None:
    average = mean(k[3] for k in KEEPERS)  # type: ignore[type-var]
    found = rows_of(bees, "Keepers with a wage above the average wage")
    assert {row[0] for row in found} == {k[0] for k in KEEPERS if k[3] > average}  # type: ignore[operator]


@pytest.mark.requirement("grounded:average-of-own-group")
@pytest.mark.parametrize(
    "text",
    [
        "Keepers with a wage above the average for posts",
        "Keepers with a wage above the average of their post and home apiary",
        "Keepers with a wage above the average of their post in their home apiary",
        "Wardens with a wage above the average of their home apiary",
    ],
)
def test_an_average_of_what_is_no_single_group_is_not_read(bees: Business, text: str) -> None:
    assert not bees.say(text).startswith("SELECT")


# -- two values of one column -------------------------------------------------------------------------


@pytest.mark.requirement("grounded:two-values-of-one-column")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("How many sold harvests were spoilt?", "sold, spoilt"),
        ("Stored harvests that are sold", "Stored, sold"),
        ("How many fine harvests are plain?", "fine, plain"),
    ],
)
def test_a_row_has_one_of_two_values_that_nothing_joins(bees: Business, text: str, words: str) -> None:
    assert bees.say(text) == f"cannot: {words}"


@pytest.mark.requirement("grounded:two-values-of-one-column")
@pytest.mark.parametrize(
    "text",
    ["How many harvests are sold or stored?", "How many harvests are sold, or stored?"],
)
def test_values_that_a_word_joins_are_alternatives(bees: Business, text: str) -> None:
    assert rows_of(bees, text) == [(sum(h[4] in ("sold", "stored") for h in HARVESTS),)]


# -- parts of amounts ---------------------------------------------------------------------------------


def percent(part: list[tuple[object, ...]], whole: list[tuple[object, ...]]) -> float:
    """The part that the costs of some harvests are of those of others."""
    return 100 * sum(h[5] for h in part) / sum(h[5] for h in whole)  # type: ignore[misc]


@pytest.mark.requirement("grounded:share-of-an-amount")
@pytest.mark.parametrize(
    "text",
    [
        "What percentage of harvest cost is for fine harvests?",
        "What percentage of the total cost is for fine harvests?",
        "What share of harvest cost comes from fine harvests?",
    ],
)
def test_a_part_of_an_amount_adds_the_amount_up(bees: Business, text: str) -> None:
    found = rows_of(bees, text)[0][0]
    assert float(str(found)) == pytest.approx(percent([h for h in HARVESTS if h[3] == "fine"], HARVESTS))


@pytest.mark.requirement("grounded:share-of-an-amount")
def test_a_part_of_rows_counts_them_in_each_group(bees: Business) -> None:
    found = {
        row[0]: float(str(row[1])) for row in rows_of(bees, "What percentage of harvests are sold by grade?")
    }
    for grade in GRADES:
        own = [h for h in HARVESTS if h[3] == grade]
        assert found[grade] == pytest.approx(100 * sum(h[4] == "sold" for h in own) / len(own))


@pytest.mark.requirement("grounded:share-of-an-amount")
@pytest.mark.parametrize(
    "text",
    [
        "What percentage of harvests are sold by state?",
        "What percentage of keeper yield share is Warden?",
        "Which grade has the highest share of sold harvests?",
    ],
)
def test_a_part_of_what_does_not_add_up_is_not_read(bees: Business, text: str) -> None:
    assert not bees.say(text).startswith("SELECT")


# -- numbers and what rows have -----------------------------------------------------------------------


@pytest.mark.requirement("grounded:number-before-what-rows-have")
def test_a_number_is_not_compared_with_what_rows_have_besides(bees: Business) -> None:
    assert not bees.say("Harvests over 500 with a rebate").startswith("SELECT")


@pytest.mark.requirement("grounded:number-before-what-rows-have")
def test_what_rows_have_behind_a_comparison_restricts_them_too(bees: Business) -> None:
    found = rows_of(bees, "Harvests with a cost over 500 and a rebate")
    assert {row[0] for row in found} == {h[0] for h in HARVESTS if h[5] > 500 and h[6] > 0}  # type: ignore[operator]


@pytest.mark.requirement("grounded:percentages")
def test_a_percentage_is_compared_as_the_column_holds_it(bees: Business) -> None:
    taxed = rows_of(bees, "How many keepers have a tax rate above 25%?")
    assert taxed == [(sum(k[4] > 25 for k in KEEPERS),)]  # type: ignore[operator]
    sharing = rows_of(bees, "How many keepers have a yield share above 25 percent?")
    assert sharing == [(sum(k[5] > 0.25 for k in KEEPERS),)]  # type: ignore[operator]


@pytest.mark.requirement("grounded:percentages")
@pytest.mark.parametrize("text", ["Keepers with a wage above 25%", "Top 10% of keepers by wage"])
def test_what_is_no_percentage_is_compared_with_none(bees: Business, text: str) -> None:
    assert not bees.say(text).startswith("SELECT")


# -- kinds that are ranked, columns behind a noun -----------------------------------------------------


@pytest.mark.requirement("grounded:ranked-kind")
@pytest.mark.parametrize("text", ["Which warden has the highest wage?", "Warden with the highest wage"])
def test_a_kind_with_the_highest_figure_is_shown_by_name(bees: Business, text: str) -> None:
    best = max((k for k in KEEPERS if k[2] == "Warden"), key=lambda k: k[3])  # type: ignore[arg-type,return-value]
    assert rows_of(bees, text) == [(best[1], best[3])]


@pytest.mark.requirement("grounded:ranked-kind")
def test_a_kind_is_ranked_by_the_rows_that_refer_to_it(bees: Business) -> None:
    counts = Counter(h[1] for h in HARVESTS)
    most = max(counts[k[0]] for k in KEEPERS if k[2] == "Helper")
    assert rows_of(bees, "Which helper has the most harvests?")[0][-1] == most


@pytest.mark.requirement("grounded:column-behind-a-noun-groups")
def test_a_column_behind_its_noun_is_the_group(bees: Business) -> None:
    posts = {k[0]: k[2] for k in KEEPERS}
    found = {row[0]: row[1] for row in rows_of(bees, "Number of harvests by keeper post")}
    assert found == Counter(posts[h[1]] for h in HARVESTS)


@pytest.mark.requirement("grounded:column-behind-a-noun-groups")
def test_a_column_that_refers_to_a_thing_groups_by_that_column_alone(bees: Business) -> None:
    """Harvests have an apiary of their own, which is not the home of whoever made them."""
    homes = {k[0]: k[6] for k in KEEPERS}
    found = {row[0]: row[-1] for row in rows_of(bees, "Number of harvests by keeper home apiary")}
    assert {k: n for k, n in found.items() if k is not None} == Counter(
        homes[h[1]] for h in HARVESTS if homes[h[1]] is not None
    )


@pytest.mark.requirement("grounded:occurred-before-values-of-others")
@pytest.mark.parametrize("text", ["Which apiaries have closed?", "Which apiaries are closed?"])
def test_what_has_happened_goes_before_a_state_of_rows_that_nobody_names(bees: Business, text: str) -> None:
    assert [row[0] for row in rows_of(bees, text)] == [3]
