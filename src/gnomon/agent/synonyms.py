"""Further names for the tables and columns of a context, as far as the question uses them.

All of it is drawn from what the person sees: their cards, the trusted queries that they may read, and the
names on these cards. What is hidden from them calls nothing here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from gnomon.context.catalog.aliases import aliases
from gnomon.context.catalog.called import Asked, called
from gnomon.context.catalog.folding import fold, stem, words_of
from gnomon.context.catalog.nearest import nearest
from gnomon.domain.context import Context, Synonym
from gnomon.models.port import Embedder
from gnomon.search.tokens import STOP_WORDS, split_identifier

MAX_SYNONYMS = 40
"""Shown at most, the surest first: a question has few words, and each means few things."""

MAX_UNKNOWN = 6
"""Words of a question that are looked for by meaning; a question with more is not about this warehouse."""

_LEAST_LETTERS = 4

_NO_NOUNS = ("ed", "est", "ing")
"""Endings of words that say what happened, or which is wanted, more than what a thing is called."""

_QUOTED = re.compile(r""""[^"]{1,200}"|“[^”]{1,200}”|(?<!\w)'[^']{1,200}'(?!\w)""")

_ASKING = """
account accounts across add added aggregate ago all alphabetical alphabetically also always among amount any
anyone april around asc ascending ask august average avg back been belong belongs best better between big
biggest both bottom brief calculate called change changed chart cheaper cheapest combined common compare
compared comparison complete compute contain containing contains count counts cumulative currently daily
date dates day days december decline decrease define desc descending describe detail details difference
different display distinct divided double during each earlier earliest eight either eleven end ended ending
equal equals ever every exactly except excepting exclude excluding exist exists expensive explain false
february fetch fewer fewest fifth figure figures find first fiscal five following four fourth frequent
frequently friday from full fully further general generate give given graph great greater greatest group
grouped grouping grow growth half happen happened heavier hello help high higher highest hour hours hundred
identical identify include included including increase individual info information instead january july june
keep kind kinds know known large larger largest last late later latest least less like list listed live
lives long longer longest lot low lower lowest made main make many march maximum mean means median minimum
minus minute minutes moment monday month monthly months more most moving name named names near need never
newest next nine none november number numbers occur october often old older oldest only order ordered other
others overall part past people per percent percentage period please plus popular possible present previous
prior provide quarter quarterly quarters question rank ranked ranking ranks rate ratio recent recently
record records report respective respectively result results retrieve return returned right rolling running
same saturday second see select selling september seven several share short shorter shortest show since
single six small smaller smallest sold some sort sorted split start started starting still sum summary
sunday table tables take taller tell ten than thanks that their them then third those thousand three
thursday till time times today together tomorrow top total totals trend true tuesday turn twelve twenty
twice type types under unique unknown until upon used using value values versus want was wednesday week
weekday weekend weekly weeks well what when where whether which whole whose with within without word worst
would year yearly years yes yesterday yet young younger youngest zero
"""
_EXPLAINED = STOP_WORDS | frozenset(stem(word) for word in _ASKING.split())
"""Stems of words that say how to ask and not about what. One too few costs a call of the embedder."""


def with_synonyms(
    context: Context, vectors: Mapping[str, Any], embedder: Embedder, question: str, *earlier: str
) -> Context:
    """The context with what the words of the question, and of those it may follow up on, call its tables.

    Args:
        vectors: Those of names, as the index keeps them.
        embedder: Called once, and only if the question holds a word that nothing else explains.
        earlier: Questions before it; of these no word is looked for by meaning.
    """
    asked = Asked((question, *earlier))
    queries = aliases(context.trusted, context.cards, context.dialect)
    told = [s for s in (*called(context.cards), *queries) if asked.holds(s.phrase)]
    ranked = sorted(told, key=lambda s: (-s.score, s.phrase, s.meant))[:MAX_SYNONYMS]
    unknown = unknown_words(question, context, ranked)
    near = nearest(unknown, context.cards, vectors, embedder) if unknown else ()
    return replace(context, synonyms=(*ranked, *near))


def unknown_words(question: str, context: Context, told: Sequence[Synonym] = ()) -> tuple[str, ...]:
    """Words of the question that no name, value, chosen meaning, further name or usual word explains.

    None where there are many: what nothing here speaks of is no question of names. Quoted words and proper
    names are values, and no names of things.
    """
    question = _QUOTED.sub(lambda found: " " * len(found[0]), question)
    explained = _EXPLAINED | _named(context)
    for phrase in (
        *(v.phrase for v in context.values),
        *(p for p, _ in context.choices),
        *(s.phrase for s in told),
    ):
        explained |= {w.stem for w in words_of(phrase)}
    found = {
        question[w.start : w.end]: None
        for w in words_of(question)
        if len(w.folded) >= _LEAST_LETTERS and w.folded.isalpha() and not w.folded.endswith(_NO_NOUNS)
        if w.stem not in explained and w.folded not in STOP_WORDS
        if w.start == 0 or question[w.start].islower()
    }
    return tuple(found) if len(found) <= MAX_UNKNOWN else ()


def _named(context: Context) -> frozenset[str]:
    """Stems of every word that the tables and columns of the context are named by."""
    names = {n for card in context.cards for n in (card.ref.name, *(c.name for c in card.columns))}
    return frozenset[str]().union(*map(_stems, names))


@lru_cache(maxsize=16_384)
def _stems(name: str) -> frozenset[str]:
    return frozenset(stem(fold(word)) for word in split_identifier(name))
