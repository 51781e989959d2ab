"""From what somebody wants remembered, in words, to a memory whose every name exists for them."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import TypeVar

from gnomon.context.memory.drift import known
from gnomon.context.memory.sight import Meant, meant
from gnomon.domain.catalog import TableRef
from gnomon.domain.errors import Refused, Retry
from gnomon.domain.memory import Memory, MemoryScope
from gnomon.domain.query import Limits, Query
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize
from gnomon.policy.personal_values import find_spans
from gnomon.policy.untrusted import without_hidden

T = TypeVar("T")

TEXT_CHARS = 500
REASON_CHARS = 300
QUESTION_CHARS = 500
SQL_CHARS = 4_000
PHRASE_CHARS = 60
PHRASE_WORDS = 6
MAX_MEANS = 8
MAX_TABLES = 10


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants remembered.

    Args:
        tables: Names of tables that it depends on besides those that `means` and `sql` name.
        means: Words of a question, and the name of the table or column that is meant.
        question: What `sql` answers; both or neither.
    """

    text: str
    reason: str = ""
    scope: MemoryScope = "user"
    channel: str = ""
    tables: tuple[str, ...] = ()
    means: tuple[tuple[str, str], ...] = ()
    question: str = ""
    sql: str = ""
    answer_id: str = ""
    expires_at: datetime | None = None


def drawn_up(wish: Wish, access: Access, warehouse: str, now: datetime) -> Memory:
    """The memory that a wish stands for, as a proposal of the person whose access it is.

    Raises:
        Retry: A text is empty or too long, a name is unknown (with the nearest one), the SQL does not pass,
            the time is over already, or others would read personal data.
        Refused: The SQL, or a table, is not for this person.
    """
    means = tuple(
        _meaning(words, target, access) for words, target in _bounded(wish.means, MAX_MEANS, "means")
    )
    sql, queried = _query(wish, access)
    named = [_table(name, access) for name in _bounded(wish.tables, MAX_TABLES, "tables")]
    refs = dict.fromkeys([*named, *(target.table for _, target in means), *queried])
    memory = Memory(
        id=f"m{token_hex(4)}",
        text=one_line(wish.text, TEXT_CHARS, "text"),
        reason=one_line(wish.reason, REASON_CHARS, "reason") if wish.reason else "",
        scope=wish.scope,
        place=_place(wish, access.principal.subject),
        tenant=access.principal.tenant,
        warehouse=warehouse,
        author=access.principal.subject,
        created_at=now,
        answer_id=wish.answer_id,
        tables=tuple(known(t) for ref in refs if (t := access.exact(ref)) is not None),
        means=tuple((words, str(target)) for words, target in means),
        question=one_line(wish.question, QUESTION_CHARS, "question") if wish.question else "",
        sql=sql,
        expires_at=wish.expires_at,
    )
    if memory.expired(now):
        raise Retry("its time would be over at once", hint="give an expiry that lies in the future")
    _require_impersonal(memory)
    return memory


def one_line(text: str, most_chars: int, what: str) -> str:
    """The text on one line, without characters that nobody sees.

    Raises:
        Retry: Nothing is left, or it is too long.
    """
    clean = " ".join(without_hidden(text).split())
    if not clean:
        raise Retry(f"the {what} is empty", hint=f"say in a sentence what the {what} is")
    if len(clean) > most_chars:
        raise Retry(
            f"the {what} has {len(clean):,} characters, {most_chars:,} are kept at most",
            hint="say it shorter, or make two memories of it",
        )
    return clean


def _bounded(values: tuple[T, ...], most: int, what: str) -> tuple[T, ...]:
    if len(values) > most:
        raise Retry(f"{len(values)} `{what}` are too many for one memory; {most} at most")
    return values


def _place(wish: Wish, subject: str) -> str:
    if wish.scope == "channel" and not wish.channel:
        raise Retry(
            "there is no channel here that the memory could be for",
            hint="take the scope `user`, or name the channel",
        )
    return {"user": subject, "channel": wish.channel, "global": ""}[wish.scope]


def _meaning(words: str, target: str, access: Access) -> tuple[str, Meant]:
    phrase = one_line(words, PHRASE_CHARS, "words that have a meaning")
    if len(phrase.split()) > PHRASE_WORDS:
        raise Retry(f"`{phrase}` are too many words to stand for one thing; {PHRASE_WORDS} at most")
    return phrase, _target(target.strip(), access)


def _target(name: str, access: Access) -> Meant:
    found = meant(name, access.catalog)
    if found is None:
        owner, _, column = name.rpartition(".")
        table = meant(owner, access.catalog) if owner else None
        if table is None or table.column:
            raise _unknown(name, access)
        raise _unknown_column(column, table.table, access)
    return found


def _table(name: str, access: Access) -> TableRef:
    found = meant(name.strip(), access.catalog)
    if found is None or found.column:
        raise _unknown(name.strip(), access)
    return found.table


def _unknown(name: str, access: Access) -> Retry | Refused:
    schema, _, table = name.rpartition(".")
    refusal = access.refusal(table, schema)
    return refusal or _not_there(f"there is no table or column `{name}`", name, access.catalog.names())


def _unknown_column(column: str, table: TableRef, access: Access) -> Retry | Refused:
    seen = access.catalog.find(table.name, table.schema)
    assert seen is not None
    refusal = access.column_refusal(seen, column)
    return refusal or _not_there(f"{table} has no column `{column}`", column, (c.name for c in seen.columns))


def _not_there(message: str, name: str, names: Iterable[str]) -> Retry:
    spelt = {n.casefold(): n for n in names}
    near = difflib.get_close_matches(name.casefold(), spelt, n=3, cutoff=0.6)
    told = ", ".join(f"`{spelt[n]}`" for n in near)
    return Retry(message, hint=f"did you mean {told}?" if near else "see the tables with `gnomon tables`")


def _query(wish: Wish, access: Access) -> tuple[str, tuple[TableRef, ...]]:
    """The corrected query as it is kept, and the tables it reads; it is authorized, and never run."""
    if bool(wish.question.strip()) != bool(wish.sql.strip()):
        raise Retry("a corrected query needs both its question and its SQL")
    if not wish.sql.strip():
        return "", ()
    if len(wish.sql) > SQL_CHARS:
        raise Retry(f"the SQL has {len(wish.sql):,} characters, {SQL_CHARS:,} are kept at most")
    query = authorize(Query(wish.sql, access.dialect, "remember"), access, Limits())
    if not query.tables:
        raise Retry("the SQL reads no table", hint="give the query that answers the question")
    return query.original_sql, query.tables


def _require_impersonal(memory: Memory) -> None:
    """Refuse personal data in what others will read."""
    if memory.scope == "user":
        return
    texts = (memory.text, memory.reason, memory.question, memory.sql, *(words for words, _ in memory.means))
    kinds = sorted({span.kind for text in texts for span in find_spans(text)})
    if kinds:
        raise Retry(
            f"others would read personal data in it: {', '.join(kinds)}",
            hint="say it without naming a person, or take the scope `user`",
        )
