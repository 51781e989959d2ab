"""Further names in questions: as sure as names from owners, assumed from others, never read from nearness."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from grounded_businesses import ENGINES, NOW, TOOLS, Business, examples, one_line

from gnomon.domain.answer import Question
from gnomon.domain.catalog import TableRef
from gnomon.domain.context import Context, Synonym, SynonymSource
from gnomon.domain.identity import Principal
from gnomon.models.grounded import GroundedModel
from gnomon.models.grounded.linking import build_lexicon
from gnomon.models.grounded.words import tokenize
from gnomon.models.port import Message, ModelRequest, ModelResponse, ToolMessage, UserMessage

Businesses = Callable[..., Business]
SCORES: dict[SynonymSource, float] = {"annotation": 1.0, "query": 0.74, "comment": 0.72, "embedder": 0.9}


def called(phrase: str, meant: str, source: SynonymSource = "annotation") -> Synonym:
    table, _, column = meant.partition(".")
    return Synonym(phrase, TableRef(table), column or None, source, SCORES[source], "library.yaml:3")


def respond(
    business: Business,
    question: str,
    *synonyms: Synonym,
    said: tuple[Message, ...] = (),
    interactive: bool = True,
    **more: Any,
) -> ModelResponse:
    context = replace(business.context(question), synonyms=synonyms, **more)
    asked = Question("q", question, Principal("ana"), NOW, "c", interactive)
    request = ModelRequest(asked, "", context, "", (UserMessage(question), *said), TOOLS)
    return GroundedModel().respond(request, lambda _: None)


def statement(business: Business, response: ModelResponse) -> str:
    assert response.tool_calls, response.text
    assert response.tool_calls[0].name == "run_sql", response.tool_calls
    return one_line(str(response.tool_calls[0].arguments["sql"]), business.engine)


def assumed(response: ModelResponse) -> list[str]:
    return [a["text"] for a in response.tool_calls[0].arguments["assumptions"]]


def options(response: ModelResponse) -> list[str]:
    assert response.tool_calls, response.text
    assert response.tool_calls[0].name == "ask_user", response.tool_calls
    return list(response.tool_calls[0].arguments["options"])


@pytest.fixture(scope="module")
def library(businesses: Businesses) -> Business:
    return businesses("library")


@pytest.mark.requirement("synonyms:annotations")
@pytest.mark.parametrize(
    ("by_word", "by_name"),
    [
        ("how many readers live in Oslo?", "how many members live in Oslo?"),
        ("how many readers are there?", "how many members are there?"),
        ("readers who never had loans", "members who never had loans"),
        ("average list value of books per category", "average price of books per genre"),
        ("how many volumes of each category are there?", "how many books of each genre are there?"),
    ],
)
def test_an_owners_word_reads_as_the_name_does(library: Business, by_word: str, by_name: str) -> None:
    names = (
        called("reader", "members"),
        called("volumes", "books"),
        called("category", "books.genre"),
        called("list value", "books.price"),
    )
    word, name = respond(library, by_word, *names), respond(library, by_name, *names)
    assert word.tool_calls[0].name == name.tool_calls[0].name
    if word.tool_calls[0].name == "run_sql":
        assert statement(library, word) == statement(library, name)
        assert assumed(word) == assumed(name)
    assert "its owner also calls it so" in repr(word.reading) or word.tool_calls[0].name == "ask_user"


@pytest.mark.requirement("synonyms:queries", "synonyms:comments")
@pytest.mark.parametrize("source", ["query", "comment"])
@pytest.mark.parametrize(
    ("question", "synonym", "by_name"),
    [
        ("how many readers are there?", ("readers", "members"), "how many members are there?"),
        ("average worth of books", ("worth", "books.price"), "average price of books"),
        ("books per category", ("category", "books.genre"), "books per genre"),
    ],
)
def test_words_of_others_are_read_with_a_stated_assumption(
    library: Business, question: str, synonym: tuple[str, str], by_name: str, source: SynonymSource
) -> None:
    word, name = respond(library, question, called(*synonym, source)), respond(library, by_name)
    assert statement(library, word) == statement(library, name)
    why = {"query": "a trusted query calls it so", "comment": "its description calls it so"}[source]
    words = next(w for w in question.rstrip("?").split() if w.startswith(synonym[0][:5]))
    assert f"`{words}` is read as {synonym[1]}: {why}." in assumed(word)
    assert f"`{words}` is read as {synonym[1]}." not in assumed(word), "it is said once"
    assert f"({why})" in repr(word.reading)
    assert word.confidence < 0.9


@pytest.mark.requirement("synonyms:ambiguity-asks")
@pytest.mark.parametrize(
    "synonyms",
    [
        (called("people", "members"), called("people", "authors")),
        (called("people", "members", "query"), called("people", "authors", "comment")),
        (called("people", "members.first_name", "query"), called("people", "authors.full_name", "query")),
        (called("people", "members"), called("people", "loans.member_id")),
        (called("people", "members", "query"), called("people", "authors", "query"), called("x", "books")),
    ],
)
def test_a_word_for_two_things_is_asked_about(library: Business, synonyms: tuple[Synonym, ...]) -> None:
    question = "how many people are there?"
    meant = [s.meant for s in synonyms if s.phrase == "people"]
    response = respond(library, question, *synonyms)
    assert sorted(options(response)[:-1]) == sorted(meant)
    assert response.tool_calls[0].arguments["default"] == options(response)[-1] == "none of these"
    alone = respond(library, question, *synonyms, interactive=False)
    assert not alone.tool_calls
    assert (alone.confidence, alone.unplaced) == (0.0, ("people",))
    chosen = respond(library, question, *synonyms, said=(_said("people", meant[0]),))
    assert meant[0].split(".")[0] in statement(library, chosen)
    assert not respond(library, question, *synonyms, said=(_said("people", "none of these"),)).tool_calls


@pytest.mark.requirement("synonyms:ambiguity-asks")
def test_an_owners_word_that_is_the_name_of_something_else_is_asked_about(library: Business) -> None:
    response = respond(library, "how many titles are there?", called("title", "books"))
    assert options(response) == ["books.title", "books", "none of these"]


def _said(word: str, chosen: str) -> ToolMessage:
    content = {"question": f"What do you mean by `{word}`?", "chosen": chosen, "by_person": True}
    return ToolMessage("ask-1", "ask_user", content)


@pytest.mark.requirement("synonyms:ambiguity-asks")
def test_an_owners_word_for_a_column_of_several_tables_is_told_apart_as_a_name_is(library: Business) -> None:
    names = (called("day", "fines.issued_on"), called("origin", "authors.country"))
    response = respond(library, "authors per origin", *names)
    assert statement(library, response) == statement(library, respond(library, "authors per country"))


@pytest.mark.requirement("synonyms:embedder-never-answers")
def test_a_near_word_is_asked_about_and_read_only_as_chosen(library: Business) -> None:
    question, near = "how many readers live in Oslo?", called("readers", "members", "embedder")
    assert options(respond(library, question, near)) == ["members", "none of these"]
    alone = respond(library, question, near, interactive=False)
    assert not alone.tool_calls
    assert "Do you mean `members` by `readers`?" in alone.text
    chosen = respond(library, question, near, said=(_said("readers", "members"),))
    assert statement(library, chosen) == statement(
        library, respond(library, "how many members live in Oslo?")
    )
    for other in ("none of these", "the public", "gnomon"):
        assert not respond(library, question, near, said=(_said("readers", other),)).tool_calls


@pytest.mark.requirement("synonyms:embedder-never-answers", "synonyms:names-first")
@pytest.mark.parametrize("business", ENGINES)
def test_golden_questions_read_the_same_whatever_is_near_to_their_words(
    business: str, businesses: Businesses
) -> None:
    """Each word of each question is near to each table, and others call things by the names of others."""
    asked = businesses(business)
    for example in examples(business):
        context = asked.context(example.question, earlier=example.earlier)
        plain, full = (
            replace(context, synonyms=()),
            replace(context, synonyms=tuple(_noise(context, example.question))),
        )
        one, two = (_asked(c, example.question) for c in (plain, full))
        if one.tool_calls:
            assert one == two, example.question
        else:
            assert not any(call.name == "run_sql" for call in two.tool_calls), example.question


def _noise(context: Context, question: str) -> list[Synonym]:
    refs = [card.ref for card in context.cards]
    words = dict.fromkeys(t.text for t in tokenize(question) if t.kind == "word")
    near = [Synonym(w, ref, None, "embedder", 0.95) for w in words for ref in refs]
    names = [(c.ref.name, refs[-1 - i]) for i, c in enumerate(context.cards)]
    names += [(column.name, refs[0]) for card in context.cards for column in card.columns]
    steering = [(w, refs[0]) for w in ("how many", "total", "average", "most", "per", "last year", "not")]
    return [*near, *(Synonym(w, r, None, "query", 0.74) for w, r in (*names, *steering))]


def _asked(context: Context, question: str) -> ModelResponse:
    asked = Question("q", question, Principal("ana"), NOW, "c", True)
    request = ModelRequest(asked, "", context, "", (UserMessage(question),), TOOLS)
    return GroundedModel().respond(request, lambda _: None)


@pytest.mark.requirement("synonyms:names-first")
def test_what_others_call_something_takes_no_words_from_names_steering_and_values(library: Business) -> None:
    question = "total amount of fines in 2025"
    names = (
        called("total amount", "books.price", "comment"),
        called("amount", "books.pages", "query"),
        called("fines", "books", "query"),
    )
    assert respond(library, question, *names) == respond(library, question)
    value = "how many members are senior?"
    assert respond(library, value, called("senior", "authors", "comment")) == respond(library, value)


@pytest.mark.requirement("synonyms:names-first")
def test_without_further_names_the_lexicon_is_that_of_the_names(library: Business) -> None:
    context = library.context("how many readers?")
    plain = build_lexicon(replace(context, synonyms=()))
    near = build_lexicon(replace(context, synonyms=(called("readers", "members", "embedder"),)))
    assert (near.names, near.glued) == (plain.names, plain.glued)
    more = build_lexicon(replace(context, synonyms=(called("readers", "members"),)))
    assert {w: more.names[w] for w in plain.names} == plain.names
    assert [str(k.table) for k in more.links(tokenize("reader"))] == ["members"]


@pytest.mark.requirement("synonyms:annotations")
def test_a_question_that_goes_on_knows_the_words_of_the_one_before(library: Business) -> None:
    earlier = ("how many readers live in Oslo?",)
    values = library.context("and in Lyon?", earlier=earlier).values
    for source in ("annotation", "comment"):
        known = called("readers", "members", source)
        response = respond(library, "and in Lyon?", known, earlier=earlier, values=values)
        expected = respond(library, "how many members live in Lyon?")
        assert statement(library, response) == statement(library, expected)
        told = "`readers` is read as members: its description calls it so." in assumed(response)
        assert told == (source == "comment")


@pytest.mark.requirement("synonyms:in-the-question")
def test_the_same_question_with_further_names_is_read_the_same_again(library: Business) -> None:
    names = (called("reader", "members"), called("worth", "books.price", "query"))
    question = "average worth of books"
    assert respond(library, question, *names) == respond(library, question, *reversed(names))


@pytest.mark.requirement("synonyms:comments")
def test_what_a_description_says_of_a_flag_is_no_name_of_it(library: Business) -> None:
    text = "how many keen readers do we have?"
    told = called("keen readers", "members.is_active", "comment")
    response = respond(library, text, told, interactive=False)
    assert not response.tool_calls
