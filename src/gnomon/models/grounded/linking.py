"""Link spans of a question to tables and columns by their names, with how sure each link is.

What owners call a table or column counts as a name. What a comment or a trusted query calls it counts where
nothing else goes by these words, and only if no steering word is among them: `total amount` is a total. Words
that are no more than near in meaning link nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from gnomon.domain.catalog import TEMPORAL_KINDS, CardColumn, ColumnRef, TableCard, TableRef
from gnomon.domain.context import Context, Synonym, SynonymSource
from gnomon.models.grounded.coded import values_of
from gnomon.models.grounded.cues import CUES
from gnomon.models.grounded.participles import begins_done, is_done
from gnomon.models.grounded.schema import NO, YES, spelled_name
from gnomon.models.grounded.units import TAILS, ends_in_unit
from gnomon.models.grounded.words import Token, is_short_name, name_words, stem, tokenize

MAX_SPAN = 6
VERB_FACTOR = 0.9
CHOSEN = 1.0
"""A word that a person explained is as sure as a name."""

LAYER_WORDS = frozenset(
    {"fct", "fact", "dim", "stg", "staging", "raw", "src", "mart", "marts", "tbl", "vw", "view", "base"}
)
FLAG_WORDS = frozenset({"is", "has", stem("has"), "was", "are", "flag"})
NAME, DATE, CODE, TYPE = (stem(w) for w in ("name", "date", "code", "type"))
UNITS = TAILS
DENYING = frozenset({"not", "without"})
"""Kinds of words that are a name only where it is spelled so."""

HOLDERS = frozenset(
    stem(w)
    for line in ("list data info information record detail master table", "index register registry log file")
    for w in line.split()
)
"""Last words of a table's name that say no more than that it holds the things named before."""

HEADED = frozenset({"of", "in", "at", "by", "for"})
"""Behind these stands what a thing belongs to: `member_of_club` holds members."""

BY_FIRST = 0.75
"""Score of a link by the first word of a table's name."""

BY_LAST = 0.7
"""Score of a link by the last word of a column's name."""

PLACING = frozenset(
    {"since", "before", "after", "until", "till", "from", "to", "at", "by", "in", "on", "of", "for", "with"}
    | {"without", "during", "within", "over", "under", "between", "per"}
)
"""Words that bind what stands behind them: `suppliers since 2015` are no column `since` of suppliers."""

UNNAMED_TAILS = frozenset({"id", "at", "on", "by", "numb", stem("number"), NAME, DATE, CODE, TYPE})


@dataclass(frozen=True, slots=True)
class Link:
    """A table, or a column of it, that a span of the question may mean. `score` is in (0, 1].

    Args:
        source: Who calls it so, if that is not its own name.
    """

    table: TableRef
    column: str | None
    score: float
    source: SynonymSource | None = None
    _ref: ColumnRef | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the column's address once: it is asked for more often than there are links."""
        ref = ColumnRef(self.table, self.column) if self.column is not None else None
        object.__setattr__(self, "_ref", ref)

    @property
    def is_table(self) -> bool:
        """Whether the link is to a table rather than a column."""
        return self.column is None

    @property
    def ref(self) -> ColumnRef:
        """The column's address."""
        assert self._ref is not None
        return self._ref


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The names of a context, by stemmed words.

    Args:
        names: Stemmed words of a name to what it may mean.
        glued: The same without spaces, for names written as one word.
    """

    names: dict[tuple[str, ...], tuple[Link, ...]]
    glued: dict[str, tuple[Link, ...]]
    context: Context

    def links(self, tokens: Sequence[Token]) -> tuple[Link, ...]:
        """What a span of word tokens may mean, best first."""
        if not all(t.kind in ("word", "number") for t in tokens) or all(t.kind == "number" for t in tokens):
            return ()
        words = tuple(w for t in tokens for w in _stems(t.text))
        found = self.names.get(words, ())
        denying = {t.lemma for t in tokens if _denies(t.lower)} if found else set()
        if denying:
            found = tuple(k for k in found if k.source is not None or denying <= _spelled(k))
        elif not found:
            found = self.glued.get("".join(words), ())
        if any(_is_verb(t.lower) for t in tokens):
            return tuple(replace(k, score=k.score * self._verb_factor(k, tokens)) for k in found)
        return found

    def _verb_factor(self, link: Link, tokens: Sequence[Token]) -> float:
        """`named` is not `name`: a verb form counts less, unless the name itself has it."""
        if link.source is not None:
            return 1.0
        name = link.column or link.table.name
        return 1.0 if {t.lemma for t in tokens} <= set(name_words(name)) else VERB_FACTOR


def _denies(word: str) -> bool:
    """Whether a word leaves something out: `not` is no column `notes`, though their stems are alike."""
    cue = CUES.get((word,))
    return cue is not None and cue.kind in DENYING


def _spelled(link: Link) -> set[str]:
    """The words of what is linked, as they are and not by their stems."""
    return {*name_words(link.table.name), *name_words(link.column or "")}


@lru_cache(maxsize=8192)
def _stems(name: str) -> tuple[str, ...]:
    return tuple(stem(w) for w in name_words(name))


def build_lexicon(context: Context) -> Lexicon:
    """Read every name of the context's cards."""
    collected: dict[tuple[str, ...], dict[tuple[TableRef, str | None], float]] = {}

    def put(words: tuple[str, ...], table: TableRef, column: str | None, score: float) -> None:
        if not words:
            return
        entry = collected.setdefault(words, {})
        entry[(table, column)] = max(score, entry.get((table, column), 0.0))

    firsts: list[tuple[tuple[str, ...], TableRef, float]] = []
    lasts = {card.ref: _core(card.ref)[-1:] for card in context.cards}
    for rank, card in enumerate(context.cards):
        others = {last for ref, last in lasts.items() if ref != card.ref}
        penalty = (0.9 if card.use_instead else 1.0) * (0.93 if _is_raw(card.ref) else 1.0)
        for words, score in _table_names(card, others):
            put(words, card.ref, None, (score - rank * 1e-4) * penalty)
        firsts.append((_first_word(card), card.ref, (BY_FIRST - rank * 1e-4) * penalty))
        for column in card.columns:
            for words, score in _column_names(card, column):
                put(words, card.ref, column.name, (score - rank * 1e-4) * penalty)
    known = frozenset(collected)
    for words, table, score in firsts:
        if words not in known:
            put(words, table, None, score)
    for said, words, meant in _chosen(context):
        # A value of the data stays one: the choice says which column is meant, and is no name of it.
        if meant in collected.get(words, {}) or not _is_value(said, context):
            # Once a person has said what words mean, they mean nothing else.
            collected[words] = {meant: CHOSEN}
    names = {
        words: tuple(sorted((Link(t, c, s) for (t, c), s in entry.items()), key=lambda link: -link.score))
        for words, entry in collected.items()
    }
    further = _further_names(context, names)
    glued = {"".join(words): links for words, links in (*further.items(), *names.items())}
    return Lexicon({**names, **further}, glued, context)


def _further_names(
    context: Context, names: dict[tuple[str, ...], tuple[Link, ...]]
) -> dict[tuple[str, ...], tuple[Link, ...]]:
    """What words mean that others call a table or column by; owners' words beside what the names say."""
    found: dict[tuple[str, ...], tuple[Link, ...]] = {}
    glued = {"".join(words) for words in names} if context.synonyms else set()
    for synonym in context.synonyms:
        words = _stems(synonym.phrase)
        owned = synonym.source == "annotation"
        if not words or synonym.source == "embedder":
            continue
        if not owned and ("".join(words) in glued or _steers(synonym) or _is_flag(synonym, context)):
            continue
        known = found.get(words) or (names.get(words, ()) if owned else ())
        link = Link(synonym.table, synonym.column, synonym.score, synonym.source)
        same = [k for k in known if (k.table, k.column) == (link.table, link.column)]
        if not same or same[0].score < link.score:
            kept = [k for k in known if k not in same]
            found[words] = tuple(sorted((*kept, link), key=lambda k: -k.score))
    return found


def _is_flag(synonym: Synonym, context: Context) -> bool:
    """What is said of a flag (`active customers`) describes the rows that have it, and is no name of it."""
    card = context.card(synonym.table)
    column = card.column(synonym.column) if card is not None and synonym.column is not None else None
    return column is not None and column.column.kind == "boolean"


def _steers(synonym: Synonym) -> bool:
    """Whether a word of the phrase, or all of it, says how to compute rather than what."""
    words = synonym.phrase.lower().split()
    spans = ((word,) for word in words)
    return any((cue := CUES.get(span)) is not None and cue.kind != "fill" for span in (*spans, tuple(words)))


def _chosen(context: Context) -> Iterator[tuple[str, tuple[str, ...], tuple[TableRef, str | None]]]:
    """Words that a person gave a meaning to and their stems, with the table or column that is meant."""
    for words, meant in context.choices:
        for card in context.cards:
            if str(card.ref) == meant:
                yield words, _stems(words), (card.ref, None)
            for column in card.columns:
                if str(ColumnRef(card.ref, column.name)) == meant:
                    yield words, _stems(words), (card.ref, column.name)


def _is_value(words: str, context: Context) -> bool:
    """Whether the data holds the words as a value."""
    said = [t.lower for t in tokenize(words)]
    return any([t.lower for t in tokenize(v.phrase)] == said for v in values_of(words, context))


def _is_verb(word: str) -> bool:
    return len(word) > 4 and word.endswith(("ed", "ing"))


def _core(table: TableRef) -> tuple[str, ...]:
    """The words of a table's name but those of its layer."""
    return tuple(w for w in _stems(table.name) if w not in LAYER_WORDS)


def _table_names(card: TableCard, others: Collection[tuple[str, ...]]) -> list[tuple[tuple[str, ...], float]]:
    """What a table is called, and how surely.

    Args:
        others: The last words of other tables' names: where there are `tickets`, a `ticket_log` is none.
    """
    words, core = _stems(card.ref.name), _core(card.ref)
    named = [(words, 1.0)]
    if core and core != words:
        named.append((core, 0.97 if not _is_raw(card.ref) else 0.8))
    if len(core) > 1 and core[-1] not in UNNAMED_TAILS:
        named.append((core[-1:], 0.76))
        if core[1] in HEADED or (set(core[1:]) <= HOLDERS and core[:1] not in others):
            named.append((core[:1], BY_FIRST))
    return named


def _first_word(card: TableCard) -> tuple[str, ...]:
    """What a table may be called where nothing else is: `counties` of `county_public_safety`.

    What is said by the last word is the thing itself: `customers` are not the rows of `customer_orders` where
    there is a table of customers.
    """
    core = _core(card.ref)
    return core[:1] if len(core) > 1 and core[-1] not in UNNAMED_TAILS else ()


def _is_raw(ref: TableRef) -> bool:
    words = set(_stems(ref.name)) | set(_stems(ref.schema))
    return bool(words & {"raw", "stg", "staging", "src", "stag"})


def _says_of_rows(column: CardColumn) -> bool:
    """`stores opened` are stores of which something is said, and no name of their column `opened`."""
    dated = column.column.kind in TEMPORAL_KINDS and _is_verb(column.name.lower())
    return dated or _holds_yes_or_no(column)


def _holds_yes_or_no(column: CardColumn) -> bool:
    held = {value.casefold() for value, _ in column.profile.top} if column.profile else set()
    return column.column.kind == "boolean" or (bool(held) and held <= YES | NO)


def _binds(column: CardColumn) -> bool:
    """`tickets reported by` somebody are no `reported_by` of tickets, nor are those `at` a place."""
    first, *rest = name_words(column.name)
    last = rest[-1] if rest else first
    return bool({first, last} & PLACING) or (not rest and is_done(first) and not first.endswith("eed"))


def drops_table(link: Link, words: str) -> bool:
    """Whether a column is called so but for its table's name, which it begins with: `coverage_premium`."""
    if link.is_table or link.source is not None:
        return False
    table, said = _core(link.table), _stems(words)
    return bool(said) and len(table) == 1 and _stems(link.ref.column) == (*table, *said)


def _column_names(card: TableCard, column: CardColumn) -> list[tuple[tuple[str, ...], float]]:
    words = tuple(stem(w) for w in spelled_name(column))
    table = _core(card.ref)
    named = [(words, 1.0)]
    if len(words) > 1 and len(table) == 1 and words[0] == table[0]:
        named.append((words[1:], 0.97))
    elif table and words[0] not in table and not _says_of_rows(column) and not _binds(column):
        named.append(((*table, *words), 0.97))
    if column.column.kind == "boolean" or (column.profile and column.profile.distinct <= 2):
        bare = tuple(w for w in words if w not in FLAG_WORDS)
        if bare != words:
            named.append((bare, 0.9))
    if ends_in_unit(words):
        named.append((words[:-1], 0.9))
        if table and words[0] not in table and not _binds(column):
            named.append(((*table, *words[:-1]), 0.88))
    if len(words) > 1 and words[-1] == "id" and column.column.kind == "text":
        named.append((words[:-1], 0.6))
    # The last word of a longer name is what people say for short: `price` for `unit_price`. Rows are not
    # said to be what the last word of a flag is: visits are not those of `is_first_visit`.
    shortened = words[-1] not in UNNAMED_TAILS and words[0] != "id" and not _holds_yes_or_no(column)
    if len(words) > 1 and shortened and not _is_verb(name_words(column.name)[-1]):
        named.append((words[-1:], BY_LAST))
    if len(words) > 1 and words[-1] in (NAME, DATE):
        named.append((words[-1:], 0.75))
    if is_short_name(column.name, card.ref.name):
        named.append(((NAME,), 0.75))
    if len(words) > 1 and words[-1] == NAME:
        named.append((words[:-1], 0.72))
    if len(words) == 2 and words[-1] in (TYPE, CODE):
        named.append((words[-1:], 0.7))
    if len(words) > 1 and words[-1] == CODE:
        named += [(words[:-1], 0.8), (words[-2:], 0.7), (words[-2:-1], 0.68)]
    if len(words) == 2 and begins_done(column.name):
        # `amount paid` is what a column `paid_amount` holds, whatever is in a state of that name.
        named.append((words[::-1], 0.95))
    for link_word in ("of", "in"):
        if link_word in words[1:-1]:
            at = words.index(link_word)
            head, tail = words[:at], words[at + 1 :]
            named += [((*tail, *head), 0.95)] if link_word == "of" else [(head, 0.9)]
    return named
