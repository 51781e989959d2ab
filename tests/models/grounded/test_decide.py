"""Which reading is taken: the likeliest that leaves no word out, or the one that a person chooses."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from grounded_businesses import NOW, TOOLS, Business

from gnomon.domain.answer import Question
from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.identity import Principal
from gnomon.models.grounded import GroundedModel
from gnomon.models.grounded.composer.propose import Careful
from gnomon.models.grounded.composer.relations import links
from gnomon.models.grounded.decide import CLEAR, KEPT, SURE, Read, decide, found_nothing, offer, read, take
from gnomon.models.grounded.reading import Condition, NotRead
from gnomon.models.grounded.refusals import refuse_split_name
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import root
from gnomon.models.port import ModelRequest, ModelResponse, ToolMessage, UserMessage

Open = Callable[..., Business]
UNCLEAR = "Which students attended courses about Crafts?"


def requested(business: Business, text: str, *replies: ToolMessage, interactive: bool = True) -> ModelRequest:
    asked = Question("q", text, Principal("ana"), NOW, "c", interactive=interactive)
    return ModelRequest(asked, "", business.context(text), "", (UserMessage(text), *replies), TOOLS)


def respond(request: ModelRequest) -> ModelResponse:
    return GroundedModel().respond(request, lambda _: None)


def chosen(asked: ModelResponse, option: int, *, by_person: bool) -> ToolMessage:
    arguments = asked.tool_calls[0].arguments
    content = {
        "question": arguments["question"],
        "chosen": arguments["options"][option],
        "by_person": by_person,
    }
    return ToolMessage("ask-1", "ask_user", content, False)


@pytest.mark.requirement("grounded:asks-which-reading")
def test_a_person_is_asked_which_reading_is_meant_in_words_and_in_sql(businesses: Open) -> None:
    school = businesses("school")
    asked = respond(school.looked(requested(school, UNCLEAR))).tool_calls[0]
    assert asked.name == "ask_user"
    options = asked.arguments["options"]
    assert [o.partition(".")[0] for o in options] == [str(n) for n in range(1, len(options) + 1)]
    assert all(": SELECT" in o for o in options)
    assert len(set(options)) == len(options) >= 2


@pytest.mark.requirement("grounded:asks-which-reading")
def test_the_reading_that_a_person_chooses_is_run(businesses: Open) -> None:
    school = businesses("school")
    first = school.looked(requested(school, UNCLEAR))
    asked = respond(first)
    answered = replace(first, messages=(*first.messages, chosen(asked, 1, by_person=True)))
    run = respond(answered)
    assert run.tool_calls[0].name == "run_sql"
    assert " ".join(run.tool_calls[0].arguments["sql"].split()) in asked.tool_calls[0].arguments["options"][1]
    assert run.confidence >= SURE


@pytest.mark.requirement("grounded:asks-which-reading")
def test_where_nobody_chooses_there_is_no_answer(businesses: Open) -> None:
    school = businesses("school")
    first = school.looked(requested(school, UNCLEAR))
    left_alone = chosen(respond(first), 0, by_person=False)
    for request in (
        replace(first, messages=(*first.messages, left_alone)),
        school.looked(requested(school, UNCLEAR, interactive=False)),
    ):
        assert respond(request).text.startswith("Cannot answer:")


@pytest.mark.requirement("grounded:asks-which-reading")
@pytest.mark.parametrize("choice", ["", "0. none", "9. the names", "the names", "²"])
def test_a_choice_that_was_not_offered_is_no_reading(choice: str, businesses: Open) -> None:
    school = businesses("school")
    context = school.context(UNCLEAR)
    offers = read(UNCLEAR, context, NOW.date()).offers
    assert len(offer(offers)) == len(offers) < 9
    with pytest.raises(NotRead):
        take(offers, choice)


@pytest.mark.requirement("grounded:every-word-is-placed")
@pytest.mark.parametrize(
    "text",
    [
        "Which members return books?",
        "Show the names of authors who report to Ingrid Solberg.",
        "Which students dropped courses?",
        "Find the names of students who failed courses.",
    ],
)
def test_a_verb_of_its_own_meaning_is_not_passed_over(text: str, businesses: Open) -> None:
    business = businesses("school" if "student" in text else "library")
    assert business.say(text).startswith(("cannot:", "ask:"))


@pytest.mark.requirement("grounded:every-word-is-placed")
def test_a_verb_that_only_joins_the_tables_around_it_has_a_place(businesses: Open) -> None:
    library = businesses("library")
    said = library.say("Find the titles of books written by authors from Norway.")
    wanted = (
        "SELECT b.title FROM books b JOIN authors a ON a.author_id = b.author_id WHERE a.country = 'Norway'"
    )
    assert sorted(library.run(said)) == sorted(library.run(wanted))


@pytest.mark.requirement("grounded:every-word-is-placed")
def test_verbs_of_outcome_and_of_one_sided_parts_are_not_among_those_that_join() -> None:
    assert all(links(w) for w in ("attended", "taught", "wrote", "sells", "belonging", "taken"))
    assert not any(links(w) for w in ("won", "cancelled", "returned", "manages", "failed", "advised", "left"))


@pytest.mark.requirement("grounded:every-word-is-placed")
@pytest.mark.parametrize(
    ("verb", "noun"),
    [("directed", "director"), ("advises", "advisor"), ("teaching", "teacher"), ("attended", "attendance")],
)
def test_a_verb_and_the_noun_made_of_it_have_one_root(verb: str, noun: str) -> None:
    assert root(verb) == root(noun)


@pytest.mark.requirement("grounded:every-word-is-placed")
def test_a_second_thing_that_is_asked_for_is_not_passed_over(businesses: Open) -> None:
    library = businesses("library")
    first = "What are the countries of authors without books"
    assert library.say(f"{first}?").startswith("SELECT")
    assert library.say(f"{first} and what are the authors?").startswith(("cannot:", "ask:"))


@pytest.mark.requirement("grounded:composer")
def test_a_reading_that_is_not_likely_enough_stays_below_the_threshold(businesses: Open) -> None:
    library = businesses("library")
    seen = 0
    for text in ("Show the genres of books.", "Which members return books?", "What is the price of books?"):
        known = read(text, library.context(text), NOW.date())
        for composed in known.composed:
            alone = replace(known, composed=(composed,))
            careful = composed.sql == known.careful.sql
            if composed.unplaced and known.careful.reading is not None:
                continue
            certainty = decide(alone, 0.0).reading.certainty
            if composed.unplaced or composed.probability < (KEPT if careful else SURE):
                assert certainty < 0.45
            elif composed.probability * known.lead >= CLEAR and not composed.reading.assumptions:
                assert certainty >= 0.45
            assert certainty <= composed.probability
            seen += 1
    assert seen > 10


def ranked(known: Read, *likelihoods: float) -> Read:
    """The same readings, with these likelihoods."""
    pairs = zip(known.composed, likelihoods, strict=False)
    return replace(known, composed=tuple(replace(c, probability=p, unplaced=()) for c, p in pairs))


@pytest.mark.requirement("grounded:composer")
@pytest.mark.parametrize(("ahead", "careful"), [(0.05, True), (0.2, False)])
def test_the_careful_reading_is_preferred_to_one_that_is_hardly_likelier(
    ahead: float, careful: bool, businesses: Open
) -> None:
    library = businesses("library")
    text = "What are the titles of books whose price is above 20?"
    known = read(text, library.context(text), NOW.date())
    order = sorted(known.composed, key=lambda c: c.sql == known.careful.sql)
    assert order[-1].sql == known.careful.sql
    among = ranked(replace(known, composed=(order[0], order[-1])), 0.75 + ahead, 0.75)
    assert (decide(among, 0.0).sql == known.careful.sql) is careful


@pytest.mark.requirement("grounded:composer")
def test_a_ranked_reading_that_gives_no_row_is_doubted_and_a_careful_one_alone_is_not(
    businesses: Open,
) -> None:
    library = businesses("library")
    text = "What are the titles of books whose price is above 20?"
    known = read(text, library.context(text), NOW.date())
    for asked, doubted in ((known, True), (replace(known, composed=()), False)):
        decided = decide(asked, 0.0)
        after = found_nothing(decided, asked).reading.certainty
        assert (after < decided.reading.certainty) is doubted
        assert (after < 0.45) is doubted


def ran(sql: str, *rows: list[object], call: str = "run-1") -> ToolMessage:
    content = {"sql": sql, "columns": ["title"], "rows": list(rows), "row_count": len(rows)}
    return ToolMessage(call, "run_sql", content, False)


@pytest.mark.requirement("grounded:told-apart-by-data")
def test_where_the_likeliest_reading_finds_nothing_the_next_that_is_sure_is_run_and_says_so(
    businesses: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "What are the titles of books whose price is above 20?"
    context = businesses("library").context(text)
    known = read(text, context, NOW.date())
    two = [replace(c, twin="") for c in known.composed if c.sql != known.careful.sql][:2]
    assert len(two) == 2
    alone = replace(known, careful=Careful(), composed=tuple(two), lead=1.0)
    both, one = ranked(alone, 0.95, 0.92), ranked(alone, 0.95, 0.3)
    for asked, next_sql in ((both, two[1].sql), (one, "")):
        monkeypatch.setattr("gnomon.models.grounded.model.read", lambda *_, known=asked: known)
        nothing = ran(two[0].sql)
        second = respond(requested(businesses("library"), text, nothing))
        assert [c.arguments["sql"] for c in second.tool_calls] == ([next_sql] if next_sql else [])
        if not next_sql:
            assert second.confidence < 0.45
            continue
        told = second.tool_calls[0].arguments["assumptions"]
        assert any("A likelier reading found nothing" in a["text"] for a in told)
        something = ran(next_sql, ["Salt"], call="run-2")
        assert respond(requested(businesses("library"), text, nothing, something)).confidence >= 0.45
        again = ran(next_sql, call="run-2")
        assert respond(requested(businesses("library"), text, nothing, again)).confidence < 0.45


@pytest.mark.requirement("grounded:cannot-say-so")
def test_one_name_is_not_split_between_a_customer_and_an_employee() -> None:
    people, staff = TableRef("main", "people"), TableRef("main", "staff")
    items = [Item("value", "Ada"), Item("value", "Lind"), Item("value", "Oslo")]
    ada = Condition(ColumnRef(people, "first_name"), "=", ("Ada",), "Ada")
    lind = Condition(ColumnRef(staff, "last_name"), "=", ("Lind",), "Lind")
    with pytest.raises(NotRead, match="whose name `Ada Lind`"):
        refuse_split_name((lind, ada), items)
    refuse_split_name((replace(lind, column=ColumnRef(people, "last_name")), ada), items)
    refuse_split_name((ada, Condition(ColumnRef(staff, "city"), "=", ("Oslo",), "Oslo")), items)
