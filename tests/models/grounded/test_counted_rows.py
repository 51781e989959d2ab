"""What is said behind a counted noun restricts the rows that are counted, not what they are counted for."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from dance_school import answer, school, script
from grounded_businesses import NOW, Business, set_up

from gnomon.models.grounded.decide import read
from gnomon.models.minilm.embedder import MiniLmEmbedder

ROWS = school()


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def dance(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp("dance")
    opened = set_up(folder, "dance", request.param, script(ROWS), MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def most(counts: Counter[str]) -> tuple[str, int]:
    """The first, which nothing ties with."""
    (first, many), (_, fewer) = counts.most_common(2)
    assert many > fewer
    return first, many


def fewest(counts: Counter[str]) -> tuple[str, int]:
    (_, more), (last, few) = counts.most_common()[-2:]
    assert few < more
    return last, few


@pytest.mark.requirement("grounded:counted-rows")
def test_related_rows_behind_the_counted_noun_restrict_the_counted_rows(dance: Business) -> None:
    complained = ROWS.lessons_by(lambda e: e.term, lambda e: "complaint" in e.reviews)
    assert most(complained)[0] != most(ROWS.lessons_by(lambda e: e.term, lambda e: True))[0]
    assert answer(dance, "Which term has the most lessons with complaint reviews?") == [most(complained)]
    fined = ROWS.lessons_by(ROWS.hall, ROWS.fined)
    assert answer(dance, "Which hall has the most lessons with penalties?") == [most(fined)]
    assert answer(dance, "hall with the fewest lessons with penalties") == [fewest(fined)]
    assert answer(dance, "top 2 halls by number of lessons with penalties") == fined.most_common(2)


@pytest.mark.requirement("grounded:counted-rows")
def test_rows_that_lack_others_are_counted_where_the_counted_noun_lacks_them(dance: Business) -> None:
    bare = ROWS.lessons_by(ROWS.hall, lambda e: not e.reviews)
    assert answer(dance, "Which hall has the most lessons without reviews?") == [most(bare)]


@pytest.mark.requirement("grounded:counted-rows")
def test_a_flag_of_a_place_is_that_of_the_rows_that_are_counted_there(dance: Business) -> None:
    """A term has a sponsor, which is a hall as well."""
    inside = ROWS.lessons_by(lambda e: e.term, lambda e: ROWS.halls[e.hall][2])
    assert answer(dance, "Which term has the most lessons at indoor halls?") == [most(inside)]


@pytest.mark.requirement("grounded:counted-rows")
def test_a_bound_on_a_number_of_rows_counts_the_rows_that_meet_what_is_said_of_them(dance: Business) -> None:
    fined = ROWS.lessons_by(ROWS.hall, ROWS.fined)
    busy = {hall for hall, many in fined.items() if many > 8}
    assert busy < set(ROWS.lessons_by(ROWS.hall, lambda e: True))
    assert {row[1] for row in answer(dance, "halls with more than 8 lessons with penalties")} == busy
    assert answer(dance, "How many halls have more than 8 lessons with penalties?") == [(len(busy),)]
    twice = ROWS.lessons_by(lambda e: e.term, lambda e: len(e.reviews) > 1)
    terms = {term for term, many in twice.items() if many > 5}
    found = answer(dance, "terms with more than 5 lessons with more than 1 review")
    assert {row[1] for row in found} == terms


@pytest.mark.requirement("grounded:counted-rows")
def test_what_is_said_before_the_counted_noun_is_said_of_what_is_ranked(dance: Business) -> None:
    inside = ROWS.lessons_by(ROWS.hall, lambda e: ROWS.halls[e.hall][2])
    assert answer(dance, "Which indoor hall has the most lessons?") == [most(inside)]
    in_oakley = ROWS.lessons_by(ROWS.hall, lambda e: ROWS.halls[e.hall][1] == "Birkby" and bool(e.reviews))
    assert answer(dance, "Which hall in Birkby has the most lessons with reviews?") == [most(in_oakley)]


@pytest.mark.requirement("grounded:counted-rows")
def test_a_value_or_flag_right_before_the_counted_noun_restricts_the_counted_rows(dance: Business) -> None:
    moved = ROWS.lessons_by(ROWS.hall, lambda e: e.state == "moved")
    assert answer(dance, "hall with the most moved lessons") == [most(moved)]
    assert {row[1] for row in answer(dance, "halls with more than 9 moved lessons")} == {
        hall for hall, many in moved.items() if many > 9
    }
    inside = ROWS.lessons_by(lambda e: e.term, lambda e: ROWS.halls[e.hall][2])
    said = dance.say("Which term has the most indoor lessons?")
    assert said.startswith("cannot") or dance.run(said) == [most(inside)]


@pytest.mark.requirement("grounded:counted-rows")
def test_the_fewest_rows_may_be_none(dance: Business) -> None:
    """Gross penalties of pupils of level C: some pupils of that level have none."""
    gross = Counter(p.pupil for p in ROWS.penalties if p.severity == "gross")
    level = [name for name, at, _, _ in ROWS.pupils if at == "C"]
    assert min(gross[name] for name in level) == 0
    found = answer(dance, "Which level C pupil has the fewest gross penalties?")
    assert found[0][1] == 0
    assert gross[str(found[0][0])] == 0


@pytest.mark.requirement("grounded:counted-rows")
def test_two_numbers_of_rows_are_two_conditions(dance: Business) -> None:
    pupils = Counter(hall for _, _, _, hall in ROWS.pupils)
    wanted = {n for n in ROWS.halls if pupils[n] > 3 and n > 1}
    found = answer(dance, "halls with more than 3 pupils and more than 1 locker")
    assert {row[0] for row in found} == wanted


@pytest.mark.requirement("grounded:counted-rows")
@pytest.mark.parametrize(
    "text",
    [
        "Which hall has the most pupils with lockers?",
        "Which term has the most lessons and reviews?",
        "Which hall has the most lessons and penalties?",
    ],
)
def test_what_may_be_said_of_either_is_not_answered(dance: Business, text: str) -> None:
    assert dance.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:counted-rows")
def test_a_change_that_may_be_said_of_the_counted_rows_is_refused(dance: Business) -> None:
    assert dance.say("with reviews?", earlier=("Which term has the most lessons?",)).startswith("cannot")
    fined = "Which hall has the most lessons with penalties?"
    assert dance.say("and in Oakley?", earlier=(fined,)).startswith("cannot")
    only = most(ROWS.lessons_by(ROWS.hall, lambda e: ROWS.halls[e.hall][1] == "Birkby"))
    assert answer(dance, "and in Birkby?", "Which hall has the most lessons?") == [only]


@pytest.mark.requirement("grounded:counted-rows")
def test_the_answer_says_what_is_counted(dance: Business) -> None:
    response = dance.respond("Which hall has the most lessons with penalties?")
    assert "counting lessons with penalties" in response.tool_calls[0].arguments["purpose"]


@pytest.mark.requirement("grounded:counted-rows")
@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Which hall has the most lessons?", "done"),
        ("Which hall has the most lessons with penalties?", "done"),
        ("Which hall has the most moved lessons with penalties?", "moved"),
        ("Which hall has the most lessons with state moved?", "moved"),
    ],
)
def test_rows_that_their_owner_leaves_out_are_not_counted(dance: Business, text: str, asked: str) -> None:
    """Where the question asks for a state itself, the owner's rule on it is out of force."""
    context = dance.context(text)
    ruled = tuple(
        replace(c, always_filter=("state = 'done'",)) if c.ref.name == "lessons" else c for c in context.cards
    )
    known = read(text, replace(context, cards=ruled), NOW.date())
    penal = "penalties" in text
    wanted = ROWS.lessons_by(ROWS.hall, lambda e: e.state == asked and (not penal or ROWS.fined(e)))
    assert known.careful.reading is not None
    assert dance.run(known.careful.sql) == [most(wanted)]
