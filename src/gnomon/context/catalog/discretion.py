"""Which texts name something that is hidden from one person.

Sentences about tables come from owners, code, dashboards, logs and memories, and everyone spells a name in
their own way: `zq_vault`, `ZqVault`, "the zq vaults", `stg_zq_vault.sql`, `zq\\_vault`. Names are compared by
their letters and digits alone, and so are the words of a text.

How strictly a name is looked for depends on what the person knows:

- anywhere: a name that is nothing else to them is looked for as words, in singular and plural.
- as code: an everyday word, or a column's name that is made of words of their own tables' names, counts
  where it is written as code: in quotes, beside an operator, joined by a dot. "Status of the order" tells of
  no table.
- as a relation: a hidden table that is called as a column of theirs counts where only a table can stand.
- A name that a table or column of theirs bears too counts behind its schema or table.
"""

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Literal

from gnomon.context.catalog.blocks import Block, above, blocks_of, standing, written
from gnomon.domain.catalog import TableRef, TableSchema
from gnomon.policy.access import Access
from gnomon.policy.untrusted import without_hidden
from gnomon.search.tokens import STOP_WORDS, split_identifier

_EVERYDAY = """
account active amount area category city code column comment company country count created currency data date
day description email event file first flag group hour id index item key kind label language last level line
link list location log message method minute mode month name new note number old order owner part path people
person phone place position price quantity rank rate reason record region result role row score section size
source start state status step sum table tag target text time title total type unit update updated user value
version view week word year
"""
_PLAIN = STOP_WORDS | frozenset(_EVERYDAY.split())
"""Words that do not say which column, or table, is meant."""

_SHORT = 3
"""Shorter names are looked for as code alone: `a`, `id` and `hr` are words, or parts of them."""

_INFLECTED = 4
"""Names of as many letters are looked for in singular and plural."""

_BEGIN = 3
"""By so many letters most words are told to begin no hidden name, in one number or the other."""

_GAP = 3
"""So many characters at most stand between the parts of a name that is written apart."""

_KNOWN_RUN = 4
"""So many words at most make up a name that the person knows."""

_SEAM = 200
"""So many characters on either side are looked at for a name that runs over the end of a block."""

_DEFAULT_SCHEMAS = ("main", "public", "dbo")
_TOKEN = re.compile(r"\w+")
_TAG = re.compile(r"</?[a-z][^<>]{0,200}>|[\\*~]", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_BEFORE_COLUMN = re.compile(r"[`\"\]]?\.[`\"\[]?\w")
_JOINED = re.compile(r"[`\"\]]?\s?\.\s?[`\"\[]?")
_QUOTES = frozenset("`\"'“”‘’«»[]")
_OPERATORS = frozenset("=+*/<>%|")
_RELATION_WORDS = frozenset({"from", "join", "into", "table", "view", "update", "relation"})
Strictness = Literal["anywhere", "as code", "as a relation", ""]

_ALIKE = str.maketrans("аеорсухіјѕԁһӏԛԝɡαονρτυκι", "aeopcyxijsdhlqwgaovptuki")
"""Small letters that look like Latin ones."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A run of letters, digits and low lines: the words in it, and the letters by which it is compared."""

    start: int
    end: int
    letters: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Names:
    """Hidden names by their letters, tables and schemas apart from columns.

    Args:
        behind: Pairs of a schema and a table of it, or of a table and a column of it.
        odd: Names without a letter or digit, as they are.
        begins: How the names begin, so that most words of a text are looked at once.
        longest: Letters of the longest name, in its other number.
    """

    tables: frozenset[str]
    columns: frozenset[str]
    behind: frozenset[tuple[str, str]]
    odd: frozenset[str]
    begins: frozenset[str]
    longest: int


class Discretion:
    """Holds texts against what one person may know of. What it needs is computed when first asked."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._strictness: dict[str, Strictness] = {}

    def conceals(self, text: str, *about: TableRef) -> bool:
        """Whether the text names a hidden table or column, and so must not be told.

        Args:
            about: The tables that it speaks of: their hidden columns are looked for whatever they are called.
        """
        return self._conceals(text, about, ())

    def without(self, text: str, *about: TableRef) -> str:
        """What may be told of a text: sentences of paragraphs and whole list items that name nothing hidden.

        A heading goes when all below it is gone. Of a paragraph in which a name runs over several sentences,
        and of two blocks that it runs over, nothing stays.
        """
        if not self.conceals(text, *about):
            return text
        before = blocks_of(text)
        after = [self._block_without(before, i, about) for i in range(len(before))]
        for i, j in pairwise([i for i, block in enumerate(after) if block is not None]):
            if self._runs_over(before[i].text, before[j].text):
                after[i] = after[j] = None
        return written(list(standing(before, after)))

    def _block_without(self, blocks: Sequence[Block], i: int, about: Collection[TableRef]) -> Block | None:
        """What may be told of one block. The tables that it names, or that stand above it, count."""
        block = blocks[i]
        around = " ".join(b.text for b in (*above(blocks, i), block))
        tokens = [t for reading in _readings(around) for t in _tokens(reading)]
        named = tuple(ref for t in tokens for ref in self._partly.get(t.letters, ()))
        if not self._conceals(block.text, about, named):
            return block
        told = self._sentences(block.text, about, named) if block.kind == "paragraph" else ""
        return replace(block, text=told) if told else None

    def _sentences(self, text: str, about: Collection[TableRef], named: Collection[TableRef]) -> str:
        parts = _SENTENCE_END.split(text)
        kept = [p for p in parts if not self._conceals(p, about, named)]
        runs_over = any(
            one in kept and two in kept and self._conceals(f"{one} {two}", about, ())
            for one, two in pairwise(parts)
        )
        return "" if runs_over else " ".join(kept)

    def _runs_over(self, one: str, two: str) -> bool:
        """Whether a name begins at the end of one text and ends at the beginning of the other."""
        seam = f"{one[-_SEAM:]} {two[:_SEAM]}"
        return any(self._stands_apart(_tokens(reading), frozenset()) for reading in _readings(seam))

    def _conceals(self, text: str, about: Collection[TableRef], named: Collection[TableRef]) -> bool:
        if not text or self._access.sees_all:
            return False
        return any(self._tells(reading, about, named) for reading in _readings(text))

    def _tells(self, text: str, about: Collection[TableRef], named: Collection[TableRef]) -> bool:
        if any(name in text for name in self._hidden.odd):
            return True
        tokens = _tokens(text)
        partly = [ref for t in tokens for ref in self._partly.get(t.letters, ())]
        own, code = self._of_tables(about, [*partly, *named])
        return self._stands_apart(tokens, own) or any(
            self._is_one_of(token.letters, own) or self._stands_alone(text, tokens, i, code)
            for i, token in enumerate(tokens)
        )

    def _stands_alone(self, text: str, tokens: list[_Token], i: int, code: frozenset[str]) -> bool:
        """Whether a word is a hidden name where it stands."""
        token = tokens[i]
        strictness = self._how(token.letters)
        if strictness == "as code" or token.letters in code:
            return len(token.parts) > 1 or _is_code(text, token) or _is_relation(text, tokens, i)
        if strictness == "as a relation" and _is_relation(text, tokens, i):
            return True
        if not i or (tokens[i - 1].letters, token.letters) not in self._hidden.behind:
            return False
        return _JOINED.fullmatch(text, tokens[i - 1].end, token.start) is not None

    def _stands_apart(self, tokens: list[_Token], own: frozenset[str]) -> bool:
        """Whether words that follow each other make up a name, none of them one that the person knows."""
        parts, begins = [(part, t) for t in tokens for part in t.parts], self._hidden.begins
        likely = (i for i, (part, _) in enumerate(parts) if len(part) < _BEGIN or part[:_BEGIN] in begins)
        found = [run for first in likely for run in self._runs(parts, first, own)]
        known = self._known(tokens) if found else set()
        return any(known.isdisjoint(run) for run in found)

    def _runs(
        self, parts: list[tuple[str, _Token]], first: int, own: frozenset[str]
    ) -> Iterator[list[_Token]]:
        """The words from there on that, put together, are a hidden name."""
        letters, run, names = "", list[_Token](), self._hidden
        for i in range(first, len(parts)):
            part, token = parts[i]
            if run and token.start - run[-1].end > _GAP:
                return
            letters, run = letters + part, [*run, token]
            begins = len(letters) < _BEGIN or letters[:_BEGIN] in names.begins
            if not begins or len(letters) > names.longest:
                return
            if self._is_anywhere(letters) or self._is_one_of(letters, own):
                yield run

    def _known(self, tokens: list[_Token]) -> set[_Token]:
        """The words that are, or make up, names that the person knows: `order_items`, "order items"."""
        found = {t for t in tokens if t.letters in self._shown}
        for first in range(len(tokens)):
            run = tokens[first : first + 1]
            for token in tokens[first + 1 : first + _KNOWN_RUN]:
                if token.start - run[-1].end != 1:
                    break
                run.append(token)
                if "".join(t.letters for t in run) in self._shown:
                    found.update(run)
        return found

    def _is_anywhere(self, letters: str) -> bool:
        """Whether words are a name that is looked for anywhere, or such a name in its other number."""
        if self._how(letters) == "anywhere":
            return True
        return any(self._how(n) == "anywhere" for n in _inflected(letters)) and not self._is_word(letters)

    def _is_one_of(self, letters: str, own: frozenset[str]) -> bool:
        """The same for names that count whatever they are called."""
        if not own or letters in own:
            return bool(own)
        return not own.isdisjoint(_inflected(letters)) and not self._is_word(letters)

    def _is_word(self, letters: str) -> bool:
        return letters in _PLAIN or letters in self.vocabulary

    def _how(self, letters: str) -> "Strictness":
        """How strictly a name is looked for; not at all if nothing hidden is called so."""
        is_table = letters in self._hidden.tables
        if not is_table and letters not in self._hidden.columns:
            return ""
        if letters not in self._strictness:
            self._strictness[letters] = self._strictness_of(letters, is_table)
        return self._strictness[letters]

    def _strictness_of(self, letters: str, is_table: bool) -> "Strictness":
        if letters in self._shown:
            return "as a relation" if is_table and letters not in self._shown_tables else ""
        if len(letters) < _SHORT or letters in _PLAIN:
            return "as code"
        return "anywhere" if is_table or not self._is_familiar(letters) else "as code"

    def _is_familiar(self, letters: str) -> bool:
        """Whether a column's name is made of everyday words and of words of the person's own names."""
        return all(
            any(self._is_word(form) for form in (part, *_inflected(part)))
            for part in self._parts_of_columns.get(letters, (letters,))
        )

    def _of_tables(
        self, about: Collection[TableRef], named: Collection[TableRef]
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Hidden columns of the tables that a text is about, or names: looked for anywhere, and as code.

        As code where one of these tables shows the person a column of that name.
        """
        own = frozenset(_letters(name) for ref in about for name in self._hidden_columns.get(ref, ()))
        if not named:
            return own, frozenset()
        shown = (self._by_ref[ref] for ref in (*about, *named) if ref in self._by_ref)
        known = {_letters(c.name) for table in shown for c in table.columns}
        others = frozenset(_letters(name) for ref in named for name in self._hidden_columns.get(ref, ()))
        return own | (others - known), others & known

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words that the person's tables and columns are named by."""
        words = split_identifier(_plain(" ".join(self._shown_names)))
        return frozenset(word.casefold().translate(_ALIKE) for word in words)

    @cached_property
    def _by_ref(self) -> dict[TableRef, TableSchema]:
        return {t.ref: t for t in self._access.catalog.tables}

    @cached_property
    def _hidden_columns(self) -> dict[TableRef, list[str]]:
        """Of each table that the person sees in part, the columns that they do not see."""
        found: dict[TableRef, list[str]] = {}
        for table in self._access.full.tables:
            seen = self._by_ref.get(table.ref)
            if seen is not None and len(seen.columns) < len(table.columns):
                shown = {c.name for c in seen.columns}
                found[table.ref] = [c.name for c in table.columns if c.name not in shown]
        return found

    @cached_property
    def _partly(self) -> dict[str, list[TableRef]]:
        """The tables with hidden columns, by name."""
        found: dict[str, list[TableRef]] = defaultdict(list)
        for ref in self._hidden_columns:
            found[_letters(ref.name)].append(ref)
        return found

    @cached_property
    def _shown_tables(self) -> frozenset[str]:
        """Tables and schemas that the person sees, by name."""
        return frozenset(_letters(name) for ref in self._by_ref for name in (ref.name, ref.schema) if name)

    @cached_property
    def _shown_names(self) -> frozenset[str]:
        """All names that the person sees, as they are."""
        columns = {c.name for t in self._by_ref.values() for c in t.columns}
        return frozenset(columns | {name for ref in self._by_ref for name in (ref.name, ref.schema)})

    @cached_property
    def _shown(self) -> frozenset[str]:
        return frozenset(map(_letters, self._shown_names))

    @cached_property
    def _away(self) -> list[TableSchema]:
        """The tables that do not exist for the person."""
        return [t for t in self._access.full.tables if t.ref not in self._by_ref]

    @cached_property
    def _column_names(self) -> set[str]:
        """Columns that are hidden somewhere."""
        return {c.name for t in self._away for c in t.columns}.union(*self._hidden_columns.values())

    @cached_property
    def _parts_of_columns(self) -> dict[str, tuple[str, ...]]:
        """The words of hidden columns' names, by their letters."""
        return {_letters(name): _parts(_plain(name)) for name in self._column_names}

    @cached_property
    def _hidden(self) -> _Names:
        names = {name for t in self._away for name in (t.ref.name, t.ref.schema) if name}
        behind = {
            (_letters(schema), _letters(t.ref.name))
            for t in self._away
            for schema in ((t.ref.schema,) if t.ref.schema else _DEFAULT_SCHEMAS)
        }
        for ref, hidden in self._hidden_columns.items():
            behind.update((_letters(ref.name), _letters(name)) for name in hidden)
        tables = frozenset(map(_letters, names)) - {""}
        columns = frozenset(map(_letters, self._column_names)) - {""}
        return _Names(
            tables=tables,
            columns=columns,
            behind=frozenset(behind),
            odd=frozenset(name for name in names | self._column_names if not _letters(name)),
            begins=frozenset(name[:_BEGIN] for name in (*tables, *columns)),
            longest=max(map(len, (*tables, *columns)), default=0) + len("es"),
        )


def _readings(text: str) -> Iterator[str]:
    """The text as it stands, and as a page would show it where it may hold markup."""
    plain = _plain(text)
    yield plain
    if any(mark in plain for mark in "<&\\*~"):
        yield _plain(_TAG.sub("", html.unescape(plain)))


def _plain(text: str) -> str:
    """One spelling for wide, accented and look-alike letters, without what nobody sees."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", without_hidden(text))
    return "".join(c for c in apart if unicodedata.category(c) not in ("Mn", "Cf")).translate(_ALIKE)


def _letters(name: str) -> str:
    """A name's letters and digits, in lower case."""
    if name.isascii() and name.isidentifier():
        return name.replace("_", "").lower()
    return "".join(_parts(_plain(name)))


@lru_cache(50_000)
def _parts(token: str) -> tuple[str, ...]:
    return tuple(part.casefold().translate(_ALIKE) for part in split_identifier(token))


def _tokens(text: str) -> list[_Token]:
    found = ((m.start(), m.end(), _parts(m.group())) for m in _TOKEN.finditer(text))
    return [_Token(start, end, "".join(parts), parts) for start, end, parts in found if parts]


def _is_code(text: str, token: _Token) -> bool:
    """Whether a word is quoted, or stands beside an operator or a dot that joins it to another."""
    before, behind = text[: token.start], text[token.end :]
    if before[-1:] in _QUOTES and behind[:1] in _QUOTES:
        return True
    if before[-1:] == "." and before[-2:-1].isalnum():
        return True
    return before.rstrip()[-1:] in _OPERATORS or behind.lstrip()[:1] in _OPERATORS


def _is_relation(text: str, tokens: list[_Token], i: int) -> bool:
    """Whether a word stands where only a table can: before `.column`, behind FROM, in a path."""
    token = tokens[i]
    if _BEFORE_COLUMN.match(text, token.end) or text[: token.start].endswith("/"):
        return True
    return i > 0 and tokens[i - 1].letters in _RELATION_WORDS and token.start - tokens[i - 1].end <= _GAP


def _inflected(word: str) -> Iterator[str]:
    """What a word of four letters or more may be in its other number.

    >>> list(_inflected("salaries")), list(_inflected("vault"))
    (['salary', 'salarie'], ['vaults', 'vaultes'])
    """
    if len(word) < _INFLECTED or word[-1].isdecimal():
        return
    if word.endswith("ies"):
        yield f"{word[:-3]}y"
    if word.endswith("s") and not word.endswith("ss"):
        yield word[:-1]
        if word.endswith(("ses", "xes", "zes", "ches", "shes")):
            yield word[:-2]
        return
    yield f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    yield f"{word}es"
