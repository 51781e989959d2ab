"""Further names in a reading: who calls a table or column so, what that leaves in doubt, and whom to ask.

Owners' words are as sure as names. Those of comments and trusted queries are assumptions that the answer
states. Words that are only near in meaning to a name are never read; the person is asked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from gnomon.domain.context import Context, Synonym, SynonymSource
from gnomon.models.grounded.linking import Lexicon, Link, build_lexicon
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.tagging import Item, tag
from gnomon.models.grounded.words import tokenize

CALLED_BY: Mapping[SynonymSource, str] = {
    "annotation": "its owner also calls it so",
    "comment": "its description calls it so",
    "query": "a trusted query calls it so",
}
SURE = 0.99
"""What is called so by a surer source needs no assumption: only an owner is."""

ALIKE = 0.04
"""Further names whose scores differ by less may be meant alike."""

NONE_OF_THESE = "none of these"
MAX_OPTIONS = 4


def unsure_names(texts: Iterable[str], context: Context, today: date) -> dict[str, Link]:
    """Words of the questions that a comment or a trusted query alone gives a meaning, with that meaning.

    Raises:
        NotRead: The words may mean several things, and the person has to say which.
    """
    if not _speaks(context):
        return {}
    lexicon, chosen = build_lexicon(context), dict(context.choices)
    unsure: dict[str, Link] = {}
    for item in (i for text in texts for i in tag(text, lexicon, context.values, today)):
        if item.kind != "name" or not any(k.source for k in _as_good(item.links)):
            continue
        if chosen.get(item.text, "") in map(_address, item.links):
            continue
        _refuse_several(item)
        if item.links[0].score < SURE:
            unsure[item.text] = item.links[0]
    return unsure


def _speaks(context: Context) -> bool:
    return any(s.source != "embedder" for s in context.synonyms)


def _as_good(links: Sequence[Link]) -> list[Link]:
    return [k for k in links if links[0].score - k.score < ALIKE]


def _refuse_several(item: Item) -> None:
    """Several columns of one name that owners call so are told apart as any columns of one name are."""
    rivals = _as_good(item.links)
    names = {k.column for k in rivals}
    if len(rivals) < 2 or (rivals[0].score >= SURE and len(names) == 1 and None not in names):
        return
    options = tuple(dict.fromkeys(map(_address, rivals)))[:MAX_OPTIONS]
    raise NotRead(f"`{item.text}` could be {' or '.join(options)}.", (item.text,), options, final=True)


def _address(link: Link) -> str:
    return str(link.table) if link.is_table else str(link.ref)


def with_sources(reading: Reading, context: Context) -> Reading:
    """The reading, with who calls what it reads so beside each further name."""
    if not _speaks(context):
        return reading
    lexicon, chosen = build_lexicon(context), {words for words, _ in context.choices}
    explained = []
    for words, role in reading.explained:
        source = _source(words, role, lexicon) if words not in chosen else None
        told = f" ({CALLED_BY[source]})" if source else ""
        explained.append((words, f"{role.removesuffix(told)}{told}"))
    return replace(reading, explained=tuple(explained))


def _source(words: str, role: str, lexicon: Lexicon) -> SynonymSource | None:
    """Who calls what the role names so; None where that is its own name."""
    tokens = tokenize(words)
    named = role.replace(",", " ").split()
    links = lexicon.links(tokens) if tokens else ()
    return next((k.source for k in links if k.source and _address(k) in named), None)


def assuming(reading: Reading, unsure: Mapping[str, Link]) -> Reading:
    """The reading with an assumption for each of the words; that of a table makes it less sure, too."""
    certainty, plain = reading.certainty, {}
    for words, link in unsure.items():
        plain[f"`{words}` is read as {_address(link)}."] = CALLED_BY[link.source or "comment"]
        certainty *= 0.5 + link.score / 2 if link.is_table else 1.0
    kept = [a for a in reading.assumptions if a[0] not in plain]
    told = [(f"{text[:-1]}: {why}.", "name the table or column that you mean") for text, why in plain.items()]
    return replace(reading, assumptions=(*kept, *told), certainty=certainty)


def in_doubt(stopped: NotRead, context: Context) -> NotRead | None:
    """What to ask a person where words that may mean several things stopped the reader; None for others.

    Nobody's silence is taken for an answer: neither a name that may mean two things, nor one that is no more
    than near in meaning, has a default.
    """
    if stopped.options:
        return stopped if stopped.words and len(stopped.options) > 1 else None
    for word in stopped.words:
        near = tuple(dict.fromkeys(s.meant for s in _near(word, context)))[:MAX_OPTIONS]
        if near:
            named = " or ".join(f"`{meant}`" for meant in near)
            return NotRead(f"{stopped.reason} Do you mean {named} by `{word}`?", (word,), near, final=True)
    return None


def _near(word: str, context: Context) -> Iterator[Synonym]:
    folded = word.casefold()
    return (s for s in context.synonyms if s.source == "embedder" and s.phrase.casefold() == folded)
