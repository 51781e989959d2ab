"""What somebody does by which other rows come about: `accounts that opened a ticket`, `were never used`.

The verb adds nothing to the link of the two where the rows have a date of that deed (`opened_at`), or are
called after it (`feature_usage`), and the column that links them is called after the doer and nobody else.
"""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.event_dates import date_of_verb
from gnomon.models.grounded.happening import DEEDS, is_of_noun
from gnomon.models.grounded.linking import HOLDERS, Link
from gnomon.models.grounded.opening_dates import OPENING, date_of_deed
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.people import are_people
from gnomon.models.grounded.reading import NotRead
from gnomon.models.grounded.role_words import is_noun_of, role_parts, verb_stem
from gnomon.models.grounded.words import name_words, root, stem

NOUNS = {"used": "usage", "sold": "sale", "bought": "purchase", "paid": "payment"}
"""What the rows of a deed are called, where that does not begin with the verb."""

MIN_VERB = 4
SCORE = 0.85


def deed_date(draft: Draft, word: str, doer: TableRef, rows: TableRef) -> ColumnRef | None:
    """The date on which a doer's rows came about by what a verb tells; None where it may say more."""
    column = date_of_deed(draft, rows, word.lower())
    if column is None or not _belongs(draft, rows, doer):
        return None
    verb = stem(word.lower())
    made = verb in DEEDS and is_of_noun(column)
    opened = verb in OPENING and verb in {stem(w) for w in name_words(column.column)}
    return column if made or opened else None


def _belongs(draft: Draft, rows: TableRef, doer: TableRef) -> bool:
    """Whether one column of the rows refers to the doer, and is called so: `account_id`, no `assignee_id`."""
    joins = [j for j in draft.schema.card(rows).joins if (j.child, j.parent) == (rows, doer)]
    named = [j.child_columns for j in joins if len(j.child_columns) == 1]
    return len(joins) == len(named) == 1 and is_noun_of(role_parts(named[0][0]), doer.name)


def read_never_done(draft: Draft) -> None:
    """`features that have never been used`: the one table of what is done to them, called after the verb."""
    for at in draft.cues("without"):
        verb = draft.after(at)
        if verb is None or draft.after(verb) is not None:
            continue
        _refuse_people(draft, verb)
        if not _is_open_verb(draft, verb):
            continue
        nouns = [t for item in draft.items[:at] if (t := draft.as_table(item)) is not None]
        found = list(_done_to(draft, nouns[-1], draft.items[verb].text.lower())) if nouns else []
        if len(found) == 1:
            item = draft.items[verb]
            item.kind, item.links, draft.alone = "name", (Link(found[0], None, SCORE),), True
            draft.assume(f"`{item.text}` is read as having rows of {found[0]}.")


def _refuse_people(draft: Draft, at: int) -> None:
    """`accounts that have never been contacted` may well have contacts: people are no deeds.

    Raises:
        NotRead: The verb is only like the noun for people.
    """
    text, table = draft.items[at].text, draft.as_table(draft.items[at])
    if is_done(text.lower()) and table is not None and are_people(draft.schema, table):
        raise NotRead(f"I cannot tell what `{text}` says of {table}.", (text,), final=True)


def _is_open_verb(draft: Draft, at: int) -> bool:
    item = draft.items[at]
    columns = any(not k.is_table for k in item.links)
    passive = any(i.text.lower().split()[-1] == "been" for i in draft.items[max(at - 2, 0) : at])
    plain = item.kind in ("unknown", "name") and not item.role and not item.values
    word = item.text.lower()
    done = word in NOUNS or is_done(word)
    return plain and passive and not columns and done and draft.as_table(item) is None


def _done_to(draft: Draft, table: TableRef, verb: str) -> Iterator[TableRef]:
    """Tables that refer to a table once and are called after the verb, where no column of it tells that."""
    own = {root(w) for c in draft.schema.card(table).columns for w in name_words(c.name)}
    if root(verb) in own or date_of_verb(draft.schema, table, verb) is not None:
        return
    for rows in draft.schema.tables():
        words = [w for w in name_words(rows.name) if stem(w) not in HOLDERS]
        called = bool(words) and (NOUNS.get(verb) == words[-1] or _is_noun_of_verb(words[-1], verb))
        if called and rows != table and _belongs(draft, rows, table):
            yield rows


def _is_noun_of_verb(noun: str, verb: str) -> bool:
    base = verb_stem(verb)
    return len(base) >= MIN_VERB and stem(noun).startswith(base)
