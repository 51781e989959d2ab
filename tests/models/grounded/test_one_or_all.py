"""One row, how many rows, or all together: the highest penalty, the average penalty, the last lesson."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from statistics import fmean

import pytest
from dance_school import answer, school, script
from grounded_businesses import NOW, Business, set_up

from gnomon.models.minilm.embedder import MiniLmEmbedder

ROWS = school()
TODAY = NOW.date()


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def dance(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp("dance")
    opened = set_up(folder, "dance", request.param, script(ROWS), MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def assumed(dance: Business, text: str) -> str:
    assumptions = dance.respond(text).tool_calls[0].arguments["assumptions"]
    return " ".join(a["text"] for a in assumptions)


@pytest.mark.requirement("grounded:highest-of-rows")
def test_the_highest_of_things_goes_by_what_one_comes_to(dance: Business) -> None:
    first = max(ROWS.penalties, key=lambda p: p.amount)
    last = min(ROWS.penalties, key=lambda p: p.amount)
    assert [row[1] for row in answer(dance, "Which pupil has the highest penalty?")] == [first.pupil]
    assert [row[1] for row in answer(dance, "pupil with the lowest penalty")] == [last.pupil]
    assert "penalties.amount" in assumed(dance, "Which pupil has the highest penalty?")


@pytest.mark.requirement("grounded:highest-of-rows")
def test_the_most_of_things_is_how_many_there_are(dance: Business) -> None:
    counts = Counter(p.pupil for p in ROWS.penalties)
    most = {item for item in counts.items() if item[1] == max(counts.values())}
    assert {*answer(dance, "Which pupil has the most penalties?")} <= most
    assert {*answer(dance, "pupil with the highest number of penalties")} <= most
    lessons = Counter(map(ROWS.hall, ROWS.lessons))
    assert answer(dance, "hall with the highest lessons") == [lessons.most_common(1)[0]]
    assert "how many" in assumed(dance, "hall with the highest lessons")


@pytest.mark.requirement("grounded:highest-of-rows")
@pytest.mark.parametrize(
    "text", ["hall with the highest lesson", "Which pupil has the highest handling fee?"]
)
def test_the_highest_of_what_may_be_one_or_all_is_not_answered(dance: Business, text: str) -> None:
    assert dance.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:highest-of-rows")
def test_a_total_and_a_row_that_is_named_say_which(dance: Business) -> None:
    fees: dict[str, float] = defaultdict(float)
    for penalty in ROWS.penalties:
        fees[penalty.pupil] += penalty.handling_fee
    (found,) = answer(dance, "Which pupil has the highest total handling fee?")
    assert found[2] == max(fees.values())
    highest = max(p.amount for p in ROWS.penalties)
    (found,) = answer(dance, "Which pupil has the highest penalty amount?")
    assert found[2] == pytest.approx(highest)
    assert "single" in assumed(dance, "Which pupil has the highest penalty amount?")


@pytest.mark.requirement("grounded:highest-of-rows")
def test_a_column_of_another_table_does_not_hide_the_table_that_is_ranked(dance: Business) -> None:
    """Guest days have a home hall and a guest hall."""
    assert answer(dance, "hall with the most seats") == [("Hall 5", 250)]


@pytest.mark.requirement("grounded:average-of-one")
def test_the_average_of_a_thing_is_of_its_amount_and_that_of_things_of_how_many(dance: Business) -> None:
    by_severity: dict[str, list[float]] = defaultdict(list)
    for penalty in ROWS.penalties:
        by_severity[penalty.severity].append(penalty.amount)
    found = dict(answer(dance, "average penalty per severity"))
    assert found == {name: pytest.approx(fmean(amounts)) for name, amounts in by_severity.items()}
    assert "penalties.amount" in assumed(dance, "average penalty per severity")
    pupils = {p.pupil for p in ROWS.penalties}
    assert answer(dance, "average penalties per pupil") == [(len(ROWS.penalties) / len(pupils),)]
    assert dance.say("average lesson per hall").startswith("cannot")


@pytest.mark.requirement("grounded:latest-so-far")
def test_the_latest_rows_are_those_so_far(dance: Business) -> None:
    assert max(e.held_on for e in ROWS.lessons) > TODAY
    so_far = sorted((e.held_on, e.lesson_id) for e in ROWS.lessons if e.held_on <= TODAY)
    for text in ("last lesson", "newest lesson", "the most recent lesson"):
        assert [row[0] for row in answer(dance, text)] == [so_far[-1][1]], text
        assert "after today" in assumed(dance, text), text
    assert [row[0] for row in answer(dance, "the last 3 lessons")] == [n for _, n in so_far[:-4:-1]]
    assert [row[0] for row in answer(dance, "first lesson")] == [so_far[0][1]]
    assert "today" not in assumed(dance, "first lesson")


@pytest.mark.requirement("grounded:latest-so-far")
def test_a_period_to_come_is_that_period(dance: Business) -> None:
    april = [e for e in ROWS.lessons if (e.held_on.year, e.held_on.month) == (2026, 4)]
    assert april
    assert [row[0] for row in answer(dance, "last lesson in April 2026")] == [april[-1].lesson_id]
    assert "after today" not in assumed(dance, "last lesson in 2025")


@pytest.mark.requirement("grounded:given-column")
def test_a_column_before_its_value_restricts_what_is_counted(dance: Business) -> None:
    insured = sum(level == "A" and safe for _, level, safe, _ in ROWS.pupils)
    assert answer(dance, "How many level A pupils are insured?") == [(insured,)]
    levels = Counter(level for _, level, _, _ in ROWS.pupils)
    assert answer(dance, "How many level B pupils are there?") == [(levels["B"],)]
    assert answer(dance, "and level C?", "How many pupils are there?") == [(levels["C"],)]
    assert answer(dance, "How many different levels are there?") == [(len(levels),)]


@pytest.mark.requirement("grounded:given-column")
def test_values_of_a_given_column_are_not_counted(dance: Business) -> None:
    assert dance.say("and level A?", earlier=("How many different levels are there?",)).startswith("cannot")


@pytest.mark.requirement("grounded:spellings-as-one")
def test_spellings_that_differ_in_case_are_one_group(dance: Business) -> None:
    written = Counter(e.style for e in ROWS.lessons)
    styles = Counter(e.style.lower() for e in ROWS.lessons)
    assert written.most_common(1)[0][0] == "salsa"
    name, count = answer(dance, "Which style is the most common?")[0]
    assert (name.lower(), count) == styles.most_common(1)[0]
    groups = answer(dance, "number of lessons by style")
    assert {shown.lower(): count for shown, count in groups} == styles
    assert {shown for shown, _ in groups} <= set(written), "a spelling is shown that is stored"
    assert answer(dance, "How many different styles are there?") == [(len(styles),)]
    assert answer(dance, "average number of lessons per style") == [(len(ROWS.lessons) / len(styles),)]
    assert "differ in case" in assumed(dance, "number of lessons by style")


@pytest.mark.requirement("grounded:spellings-as-one")
def test_groups_of_one_spelling_are_taken_as_stored(dance: Business) -> None:
    assert "LOWER" not in dance.say("number of lessons by state")
    assert "differ in case" not in assumed(dance, "number of lessons by state")


@pytest.mark.requirement("grounded:highest-of-rows")
def test_the_highest_of_things_alone_is_the_highest_amount(dance: Business) -> None:
    highest = max(p.amount for p in ROWS.penalties)
    assert answer(dance, "What is the highest penalty?") == [(pytest.approx(highest),)]
    gross = min(p.amount for p in ROWS.penalties if p.severity == "gross")
    assert dict(answer(dance, "lowest penalty per severity"))["gross"] == pytest.approx(gross)
    for text in ("highest penalties", "Who has the highest penalty?", "pupil with the highest penalties"):
        assert dance.say(text).startswith("cannot"), text
