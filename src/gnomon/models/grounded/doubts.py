"""Readings that other columns contradict: names of something else, and counts that a column holds too."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import dropwhile

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.context import Context
from gnomon.models.grounded.alternatives import doubted_alternatives
from gnomon.models.grounded.asked_too import doubted_seconds
from gnomon.models.grounded.at_most_one import doubted_numbers
from gnomon.models.grounded.attached import doubted_places
from gnomon.models.grounded.blanks import doubted_blanks, doubted_stock
from gnomon.models.grounded.composer.outcomes import doubted_events
from gnomon.models.grounded.computed import doubted_totals, fixed_counts
from gnomon.models.grounded.counted_rows import doubted_counts
from gnomon.models.grounded.doers import doubted_doers, ungrouped
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.filters import doubted_bounds, doubted_numbers_moved
from gnomon.models.grounded.flags import doubted_flags
from gnomon.models.grounded.group_averages import doubted_averages
from gnomon.models.grounded.grouping import doubted_groups
from gnomon.models.grounded.heard import hear
from gnomon.models.grounded.heights import doubted_heights
from gnomon.models.grounded.homes import doubted_homes
from gnomon.models.grounded.identities import doubted_identities, doubted_partners
from gnomon.models.grounded.kind_ranked import doubted_kinds
from gnomon.models.grounded.kinds import counted_per_row
from gnomon.models.grounded.kinds_listed import doubted_lists
from gnomon.models.grounded.linking import LAYER_WORDS, NAME
from gnomon.models.grounded.misdated import misdated
from gnomon.models.grounded.namesakes import doubted_namesakes
from gnomon.models.grounded.numbered import doubted_plurals
from gnomon.models.grounded.own_name import doubted_names
from gnomon.models.grounded.past_states import doubted_denials
from gnomon.models.grounded.people import doubted_who
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.recent import doubted_latest
from gnomon.models.grounded.refusals import excluding
from gnomon.models.grounded.relative_clauses import doubted_clauses
from gnomon.models.grounded.row_states import (
    doubted_amounts,
    doubted_being,
    doubted_payees,
    doubted_states,
    doubted_sums,
    doubted_words,
)
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.standing import doubted_times
from gnomon.models.grounded.stored_words import stored_values
from gnomon.models.grounded.superlative_nouns import doubted_rankings, several_ranked
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words, stem

NAMING = frozenset(stem(w) for w in ("name", "title", "description"))
"""What nearly everything has: `names of banks` are not the names of their customers."""

TITLES = frozenset(stem(w) for w in ("name", "title"))
PREPOSITIONS = frozenset({"of", "for"})
WHOLE_NAME = 0.96
"""Score of a link by the whole of a table's name, or by all of it but its layer."""

LAST_WORD = 0.75
"""The same by the last word of it: `rider` of `race_rider`."""

COUNTING = frozenset(
    stem(w) for w in ("number", "num", "no", "nr", "nb", "count", "cnt", "amount", "total", "quantity", "qty")
)
JOINING = frozenset({"of", "the"})


class Doubts:
    """The words of a question, and what its tables hold beside what a reading takes."""

    def __init__(self, text: str, context: Context, today: date) -> None:
        self._items = hear(text, context, today)[1]
        self._schema, self._today = Schema(context, text), today
        self._chosen = {words for words, _ in context.choices}
        self._small = tuple(stored_values(self._items, context))

    def words(self, reading: Reading) -> tuple[str, ...]:
        """The words of the question that the reading takes for something else than they may say."""
        several = (words for words, *_ in (*self._stored(reading), *self._elliptic(reading)))
        told = (*self._of_others(reading), *several, *self._of_rows(reading), *self._of_nothing(reading))
        told = (*told, *(words for words, _ in doubted_times(reading, self._draft())))
        told = (*told, *doubted_rankings(reading, self._draft()))
        return tuple(dict.fromkeys((*told, *misdated(reading, self._items, self._schema))))

    def _of_rows(self, reading: Reading) -> Iterator[str]:
        """Values that may be those of other rows, and kinds of rows that are taken row by row."""
        draft = self._draft()
        yield from doubted_places(reading, draft)
        yield from doubted_clauses(reading, draft)
        yield from doubted_lists(reading, draft)
        yield from doubted_denials(reading, draft)
        yield from doubted_doers(reading, draft)
        yield from doubted_names(reading, draft)
        yield from doubted_identities(reading, draft)
        yield from doubted_partners(reading, draft)
        yield from doubted_numbers(reading, draft)
        yield from doubted_plurals(reading, self._items, self._schema)
        yield from (words for words, _ in doubted_namesakes(reading, draft))
        yield from doubted_bounds(reading, draft)
        yield from (words for words, _ in doubted_measures(reading, draft))
        yield from (one.words for one, _ in excluding(reading.conditions))
        yield from doubted_counts(draft, reading)
        yield from doubted_heights(draft, reading)
        yield from doubted_latest(draft, reading)
        yield from doubted_homes(reading, draft)
        yield from doubted_averages(reading, draft)
        yield from doubted_numbers_moved(reading, draft)
        yield from doubted_kinds(reading, draft)
        yield from doubted_groups(reading, draft)
        yield from (second for (_, second), _ in doubted_alternatives(reading, draft))
        yield from doubted_states(reading, draft)
        yield from doubted_seconds(reading, draft)
        yield from self._passed_over(reading, draft)
        yield from (words for words, _ in counted_per_row(reading, self._items, self._schema))

    def _passed_over(self, reading: Reading, draft: Draft) -> Iterator[str]:
        """Words that say which rows count, or what of them, where the reading says nothing of it."""
        yield from doubted_words(reading, draft, self._small)
        yield from doubted_sums(reading, draft)
        yield from doubted_payees(reading, draft)
        yield from doubted_being(draft)
        yield from doubted_amounts(reading, draft)

    def _of_nothing(self, reading: Reading) -> Iterator[str]:
        """Flags whose two values are counted, and zeros that are passed over where nothing is asked for."""
        yield from doubted_flags(reading, self._schema, self._items)
        yield from doubted_blanks(reading, self._schema, self._items)
        yield from doubted_stock(reading, self._schema, self._items)
        yield from (column.column for column in fixed_counts(reading))
        yield from doubted_totals(reading, self._draft())
        yield from doubted_events(reading, self._schema, self._items)

    def _draft(self) -> Draft:
        """The question, of which nothing has been read."""
        return Draft(self._schema, self._items, self._today)

    def refuse(self, reading: Reading) -> None:
        """Stop at such a reading.

        Raises:
            NotRead: The words may say something else; of two things that they may say either is an option.
        """
        for words, table, column in self._stored(reading):
            reason = f"`{words}` could be a count of {table} or {column}."
            raise NotRead(reason, (words,), (str(table), str(column)))
        for words, column, other in self._elliptic(reading):
            raise NotRead(f"`{words}` could be {column} or {other}.", (words,), (str(column), str(other)))
        for words in self._of_nothing(reading):
            raise NotRead(f"I cannot tell what of `{words}` counts.", (words,))
        for pair, held in doubted_alternatives(reading, self._draft()):
            said = " and ".join(f"`{w}`" for w in pair)
            raise NotRead(f"{said} are two values of {held}, and a row has one of them.", pair)
        for words in doubted_clauses(reading, self._draft()):
            raise NotRead(f"I cannot tell of what `{words}` is said.", (words,))
        for words, column in doubted_times(reading, self._draft()):
            reason = f"`{words}` could go by {column} alone, which need not say when that was so; name it."
            raise NotRead(reason, (words,))
        for words in doubted_rankings(reading, self._draft()):
            if words == several_ranked(self._draft()):
                raise NotRead(f"How many are the `{words}`? Say, for example, `the 5 {words}`.", (words,))
            raise NotRead(f"`{words}` stands for many rows each; I cannot tell how to rank that.", (words,))
        for words in self._of_others(reading):
            raise NotRead(f"I cannot tell whose `{words}` is meant.", (words,))
        for words, column in doubted_measures(reading, self._draft()):
            raise NotRead(f"`{words}` could say which rows count, or that {column} is meant.", (words,))
        for words in doubted_names(reading, self._draft()):
            reason = f"`{words}` is the name of one of {reading.base}: I cannot tell what is tied to it."
            raise NotRead(reason, (words,), final=True)
        for words in doubted_identities(reading, self._draft()):
            raise NotRead(f"I cannot tell whose `{words}` is meant.", (words,))
        for words, meant in doubted_namesakes(reading, self._draft()):
            options = (str(meant.table), str(meant)) if meant is not None else ()
            named = f": rows of {meant.table}, or values of {meant}" if meant is not None else ""
            raise NotRead(f"`{words}` has two meanings{named}.", (words,), options)
        for words in doubted_seconds(reading, self._draft()):
            raise NotRead(f"`{words}` is asked for too; I read one question at a time.", (words,))
        for words in ungrouped(reading, self._draft()):
            raise NotRead(f"`by {words}` asks for groups, and I see none.", (words,))
        for words in doubted_plurals(reading, self._items, self._schema):
            raise NotRead(f"`{words}` is one of many; I see only how many there are.", (words,))
        for words in doubted_who(reading, self._draft()):
            raise NotRead(f"`{words}` asks for people, and I see none that this is about.", (words,))
        for words in doubted_homes(reading, self._draft()):
            raise NotRead(f"Nothing says that somebody lives in `{words}`.", (words,))
        for words in doubted_amounts(reading, self._draft()):
            reason = f"I cannot tell whether `{words}` are listed or added up; say `total {words}`."
            raise NotRead(reason, (words,))
        for words in self._passed_over(reading, self._draft()):
            raise NotRead(f"`{words}` may say which rows count, and I cannot tell how.", (words,))
        for words in doubted_numbers(reading, self._draft()):
            raise NotRead(f"One of {reading.base} has no more than one of `{words}`.", (words,))
        for words in doubted_counts(self._draft(), reading):
            raise NotRead(f"I cannot tell whether `{words}` is said of what is counted.", (words,))
        for words, kind in counted_per_row(reading, self._items, self._schema):
            reason = f"I cannot tell whether `{words}` is of all rows of {kind.table} or of one."
            raise NotRead(reason, (words,))

    def _elliptic(self, reading: Reading) -> Iterator[tuple[str, ColumnRef, ColumnRef]]:
        """`color code and description`: that of the color whose code it is, or of the thing that has it."""
        shown = {t.ref for t in reading.targets if t.ref is not None and t.aggregate is None}
        for first, and_, second in zip(self._items, self._items[1:], self._items[2:], strict=False):
            if and_.text.lower() != "and" or second.text in self._chosen:
                continue
            word = stem(second.text.lower())
            for code in {k.ref for k in first.links if not k.is_table} & shown:
                taken = [c for c in shown if c.table == code.table and _ends_in(c, word)]
                other = [c for c in self._behind(code) if _ends_in(c, word)]
                if taken and other and not set(other) & shown:
                    yield second.text, taken[0], other[0]

    def _behind(self, code: ColumnRef) -> Iterator[ColumnRef]:
        """The columns of the table that a column refers to."""
        for join in self._schema.card(code.table).joins:
            refers = join.child == code.table and join.child_columns == (code.column,)
            if refers and join.parent in self._schema.tables():
                columns = self._schema.card(join.parent).columns
                yield from (ColumnRef(join.parent, c.name) for c in columns)

    def _of_others(self, reading: Reading) -> Iterator[str]:
        """`names of banks`, where what is listed is the name of something else."""
        for item, whose in _with_owner(self._items):
            word = stem(item.text.lower())
            listed = [t for t in reading.targets if t.column is not None and t.aggregate is None]
            shown = {t.table for t in listed if word in map(stem, name_words(t.column or ""))}
            owners = {k.table for k in whose.links if k.is_table and k.score >= WHOLE_NAME}
            own = {t for t in owners if self._has(t, word)}
            columns = {
                (t.table, t.column) for t in listed if word not in map(stem, name_words(t.column or ""))
            }
            instead = not owners and any((k.table, k.column) in columns for k in whose.links)
            if shown and ((own and not shown & owners) or instead):
                yield item.text
        yield from self._of_unnamed(reading)

    def _of_unnamed(self, reading: Reading) -> Iterator[str]:
        """`last name of students`, where what is listed is that of teachers, whom nobody speaks of."""
        said = {stem(w) for item in self._items for w in name_words(item.text)}
        named = {k.table for i in self._items for k in i.links if k.is_table and k.score >= LAST_WORD}
        listed = [t.ref for t in reading.targets if t.ref is not None and t.aggregate is None]
        compared = [c.column for c in reading.conditions if c.operator == "contains"]
        for column in (*listed, *compared) if named else ():
            word = stem(name_words(column.column)[-1])
            called = {stem(w) for w in name_words(column.table.name)} - LAYER_WORDS
            if word not in NAMING or column.table in named or called & said:
                continue
            if any(self._is_called(t, word) or self._has_several_names(t, word) for t in named):
                items = (i.text for i in self._items if any(k.ref == column for k in i.links if k.column))
                yield next(items, word)

    def _has_several_names(self, table: TableRef, word: str) -> bool:
        """Whether it has none of its own and refers to several things that have: whose is meant?"""
        parents = {j.parent for j in self._schema.card(table).joins if j.child == table} - {table}
        return len([t for t in parents & set(self._schema.tables()) if self._is_called(t, word)]) > 1

    def _is_called(self, table: TableRef, word: str) -> bool:
        """Whether its rows have such a thing: a title is a name, and so is a column called after them."""
        label = self._schema.label(table)
        own = {stem(w) for w in name_words(table.name)} - LAYER_WORDS
        last = stem(name_words(label[0])[-1])
        titled = len(label) == 1 and (last in TITLES or {stem(w) for w in name_words(label[0])} == own)
        return self._has(table, word) or (word == NAME and titled)

    def _has(self, table: TableRef, word: str) -> bool:
        """Whether the table has a column of that kind; `bname` is a name too."""
        columns = (name_words(c.name) for c in self._schema.card(table).columns)
        return any(stem(w).endswith(word) for words in columns for w in words)

    def _stored(self, reading: Reading) -> Iterator[tuple[str, TableRef, ColumnRef]]:
        """Rows that are counted, where what they are counted for has a column for their number."""
        for table in _counted(reading):
            for column, of in self._kept_numbers(table, _tables(reading) - {table}):
                said = (i.text for i in self._items if of & {stem(w) for w in i.text.lower().split()})
                words = next(said, None)
                if words is not None and words not in self._chosen and not _is_named(column, self._items):
                    yield words, table, column

    def _kept_numbers(
        self, counted: TableRef, holders: set[TableRef]
    ) -> Iterator[tuple[ColumnRef, set[str]]]:
        """Columns of the holders that are called a number of what is counted, and what they call it."""
        names = {stem(w) for w in name_words(counted.name)} - LAYER_WORDS
        for table in sorted(holders, key=str):
            for column in self._schema.card(table).columns:
                words = [stem(w) for w in name_words(column.name)]
                rest = {w for w in words if w not in COUNTING | JOINING}
                ref = ColumnRef(table, column.name)
                if set(words) & COUNTING and rest and rest <= names and not self._schema.is_key(ref):
                    yield ref, rest


def doubted_measures(reading: Reading, draft: Draft) -> Iterator[tuple[str, ColumnRef]]:
    """`amount that was paid` of a reading that adds up the amounts of what is paid, beside `paid_amount`."""
    measured = [t.ref for t in reading.targets if t.ref is not None and t.aggregate not in (None, "count")]
    for ref in measured:
        own = {stem(w) for w in name_words(ref.column)}
        for condition in (c for c in reading.conditions if c.operator in ("=", "in") and c.words):
            if _describes_noun(draft, condition.words):
                continue
            said = own | {stem(w) for w in condition.words.lower().split()}
            for column in draft.schema.card(ref.table).columns if condition.column.table == ref.table else ():
                other = ColumnRef(ref.table, column.name)
                called = {stem(w) for w in name_words(column.name)}
                if called == said and other != ref and draft.schema.is_numeric(other):
                    yield condition.words, other


def _describes_noun(draft: Draft, words: str) -> bool:
    """`paid claims`: the state stands right before the noun of its rows, so that it is said of them."""
    at = next((i for i, item in enumerate(draft.items) if item.text == words), None)
    return at is not None and any(draft.as_table(i) is not None for i in draft.items[at + 1 : at + 2])


def _with_owner(items: Sequence[Item]) -> Iterator[tuple[Item, Item]]:
    """`name`, `title` or `description`, with what stands behind its `of`."""
    for at, item in enumerate(items):
        if stem(item.text.lower()) not in NAMING:
            continue
        # `the names and cities of banks`: what stands between is of the same owner.
        behind = dropwhile(lambda i: i.kind == "name" or i.text.lower() in ("and", "the"), items[at + 1 :])
        if (owner := next(behind, None)) is None or owner.text.lower() not in PREPOSITIONS:
            continue
        whose = next((i for i in behind if not i.is_cue("fill", "all", "each", "distinct")), None)
        if whose is not None and whose.links:
            yield item, whose


def _ends_in(column: ColumnRef, word: str) -> bool:
    return stem(name_words(column.column)[-1]) == word


def _counted(reading: Reading) -> list[TableRef]:
    """Tables whose rows are counted for the answer."""
    linked = [k.table for k in reading.linked if k.operator not in ("exists", "not exists")]
    ranked = [reading.order.linked] if reading.order is not None and reading.order.linked is not None else []
    bounded = [reading.having[0]] if reading.having is not None else []
    counts = [t.table for t in (*reading.targets, *bounded) if t.aggregate == "count"]
    return list(dict.fromkeys((*linked, *ranked, *counts)))


def _tables(reading: Reading) -> set[TableRef]:
    conditions = (*reading.conditions, *reading.either, *(t.condition for t in reading.tests))
    columns = (*(c.column for c in conditions), *(g.column for g in reading.groups))
    entity = {reading.group_by_entity} if reading.group_by_entity is not None else set()
    used = {reading.base, *(t.table for t in reading.targets), *(c.table for c in columns)}
    return used | entity | {k.table for k in reading.linked} | set(reading.mentioned)


def _is_named(column: ColumnRef, items: Sequence[Item]) -> bool:
    """Whether the question names the column itself, so that the count is asked for beside it."""
    return any(
        k.column == column.column and k.table == column.table
        for i in items
        for k in i.links
        if k.score >= 0.9
    )
