"""Conversations, answers and result rows in one folder: `state.db` (SQLite) and `results/`.

A saved value survives a kill at any later moment: each save is one durable transaction, and rows reach the
disk before the answer that refers to them. Several processes may use one folder (docs/state.md).
"""

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gnomon.domain.answer import Answer, AnswerStatus, Conversation, Question, Turn
from gnomon.domain.errors import Failed, Refused, Retry
from gnomon.domain.identity import Principal
from gnomon.domain.result import ResultRef, ResultTable
from gnomon.store import results
from gnomon.store.codec import answer_from_json, answer_to_json, from_json, to_json
from gnomon.store.database import Database
from gnomon.store.durable import explained, make_private_folder, write_atomically
from gnomon.store.schema import connect

KEEP_RESULTS_DAYS = 30
_NEAR_AMONG = 1_000


@dataclass(frozen=True, slots=True)
class AnswerSummary:
    """One line about a stored answer."""

    id: str
    asked_at: datetime
    status: AnswerStatus
    question: str
    headline: str
    confidence: float
    conversation_id: str


class StateStore(Database):
    """The state folder, open. Safe to share between threads; `open` makes one.

    Where a method takes a `principal`, what belongs to other people does not exist for it.
    """

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        super().__init__(folder, db)
        self._results = folder / "results"

    @classmethod
    def open(cls, path: Path, *, max_bytes: int | None = None) -> "StateStore":
        """Open the state folder, making it if need be.

        Args:
            max_bytes: Most that `state.db` may grow to; None for what the disk holds.

        Raises:
            Misconfigured: The folder is not writable, or `state.db` is damaged or too new.
            Failed: Another process holds it too long.
        """
        make_private_folder(path)
        make_private_folder(path / "results")
        ignore = path / ".gitignore"
        if not ignore.exists():
            with explained(path):
                write_atomically(ignore, b"*\n")
        return cls(path, connect(path / "state.db", max_bytes))

    def save_answer(self, answer: Answer) -> None:
        """Store the answer and its rows. An answer saved again under its id takes the old one's place.

        Raises:
            Refused: The id is an answer of somebody else.
            Misconfigured: No room or no right to write; nothing of it is stored.
        """
        with self._writing():
            self._put_answer(answer)

    def save_turn(self, turn: Turn) -> None:
        """Add the turn, answer and rows included, to its conversation, which starts with its first turn.

        A turn saved again keeps its place.

        Raises:
            Refused: The conversation, or the answer's id, belongs to somebody else.
            Misconfigured: No room or no right to write; nothing of it is stored.
        """
        question = turn.question
        with self._writing():
            self._own_conversation(question)
            self._put_answer(turn.answer)
            self._db.execute(
                "INSERT INTO turns (conversation_id, answer_id, question) VALUES (?, ?, ?) "
                "ON CONFLICT (answer_id) DO UPDATE SET question = excluded.question",
                (question.conversation_id, turn.answer.id, to_json(question, Question)),
            )

    def save_result(self, result_id: str, table: ResultTable) -> ResultRef:
        """Store a query's rows and return the reference to them.

        Args:
            result_id: Unique within the conversation, for example `r1`.

        Raises:
            Misconfigured: No room or no right to write.
        """
        with self._writing():
            digest = self._put_rows(table)
        return ResultRef(result_id, table.columns, len(table.rows), table.truncated, digest)

    def load_result(self, ref: ResultRef) -> ResultTable:
        """The rows behind a reference. `elapsed_s` is not part of a stored result and reads 0.

        Raises:
            Failed: The rows have expired, are missing, or were changed.
        """
        with self._reading():
            self._refuse_expired(ref.sha256)
        rows = results.read_rows(self._results, ref.sha256, ref.columns)
        return ResultTable(ref.columns, rows, ref.truncated)

    def load_answer(self, key: str, *, principal: Principal | None = None, rows: bool = True) -> Answer:
        """The stored answer.

        Args:
            key: Its id, a beginning of it that no other id has, or `last`.
            principal: Look among this person's answers only.
            rows: False leaves `result` None: for an answer whose rows have expired.

        Raises:
            Retry: No such answer, or several begin so; the ids that are near are named.
            Failed: Its rows have expired, are missing, or were changed.
        """
        with self._reading():
            row = self._find_answer(key, principal)
            answer = answer_from_json(row["body"])
            if not rows or answer.result is None:
                return replace(answer, result=None)
            self._refuse_expired(row["result_sha256"])
        return self._with_rows(answer, row["result_sha256"])

    def list_answers(
        self, limit: int = 20, *, principal: Principal | None = None
    ) -> tuple[AnswerSummary, ...]:
        """The newest answers, newest first."""
        where, args = _belongs_to(principal)
        with self._reading():
            found = self._db.execute(
                f"SELECT * FROM answers WHERE {where} ORDER BY seq DESC LIMIT ?", (*args, limit)
            ).fetchall()
        return tuple(_summary(row) for row in found)

    def load_conversation(
        self, conversation_id: str, *, principal: Principal | None = None
    ) -> Conversation | None:
        """The conversation with all its turns, or None. Expired rows leave their answer's `result` None.

        Raises:
            Failed: Rows that should be there are missing or were changed.
        """
        where, args = _belongs_to(principal)
        with self._reading():
            head = self._db.execute(
                f"SELECT * FROM conversations WHERE id = ? AND {where}", (conversation_id, *args)
            ).fetchone()
            if head is None:
                return None
            stored = self._db.execute(
                "SELECT t.question, a.body, a.result_sha256, r.expired_at FROM turns t "
                "JOIN answers a ON a.id = t.answer_id LEFT JOIN results r ON r.sha256 = a.result_sha256 "
                "WHERE t.conversation_id = ? ORDER BY t.seq",
                (conversation_id,),
            ).fetchall()
        turns = tuple(self._turn(row) for row in stored)
        return Conversation(conversation_id, from_json(head["principal"], Principal), turns)

    def latest_conversation(self, principal: Principal) -> Conversation | None:
        """The person's conversation with the newest turn, or None."""
        with self._reading():
            row = self._db.execute(
                "SELECT c.id FROM conversations c JOIN turns t ON t.conversation_id = c.id "
                "WHERE c.tenant = ? AND c.subject = ? ORDER BY t.seq DESC LIMIT 1",
                (principal.tenant, principal.subject),
            ).fetchone()
        return None if row is None else self.load_conversation(row["id"], principal=principal)

    def expire(self, now: datetime | None = None, *, keep_days: float = KEEP_RESULTS_DAYS) -> int:
        """Delete rows saved longer than `keep_days` ago, and files that a crash left behind.

        Answers stay; only their rows go.

        Returns:
            How many results expired.
        """
        moment = now or datetime.now(UTC)
        cutoff = (moment - timedelta(days=keep_days)).timestamp()
        with self._writing():
            expired = self._db.execute(
                "UPDATE results SET expired_at = ? WHERE expired_at IS NULL AND saved_at < ?",
                (moment.timestamp(), cutoff),
            ).rowcount
            held = self._db.execute("SELECT sha256 FROM results WHERE expired_at IS NULL").fetchall()
            keep = {row["sha256"] for row in held}
            # Every save writes its file under the same write lock, so a file without a row is nobody's.
            for path in self._results.iterdir():
                if results.hash_of(path) not in keep:
                    path.unlink(missing_ok=True)
        return expired

    def _put_answer(self, answer: Answer) -> None:
        digest = None if answer.result is None else self._put_rows(answer.result)
        bare = answer if answer.result is None else replace(answer, result=replace(answer.result, rows=()))
        asker = answer.question.principal
        stored = self._db.execute(
            "INSERT INTO answers (id, tenant, subject, asked_at, status, question, headline, confidence, "
            "conversation_id, body, result_sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET status = excluded.status, headline = excluded.headline, "
            "confidence = excluded.confidence, body = excluded.body, result_sha256 = excluded.result_sha256 "
            "WHERE tenant = excluded.tenant AND subject = excluded.subject",
            (
                answer.id,
                asker.tenant,
                asker.subject,
                answer.question.asked_at.isoformat(),
                answer.status,
                answer.question.text,
                answer.headline,
                answer.confidence,
                answer.question.conversation_id,
                answer_to_json(bare),
                digest,
            ),
        )
        if not stored.rowcount:
            raise _not_theirs("answer", answer.id)

    def _put_rows(self, table: ResultTable) -> str:
        content = results.content_of(table)
        digest = results.write_rows(self._results, content)
        self._db.execute(
            "INSERT INTO results (sha256, row_count, size_bytes, saved_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (sha256) DO UPDATE SET saved_at = excluded.saved_at, expired_at = NULL",
            (digest, len(table.rows), len(content), datetime.now(UTC).timestamp()),
        )
        return digest

    def _own_conversation(self, question: Question) -> None:
        asker = question.principal
        self._db.execute(
            "INSERT INTO conversations (id, tenant, subject, principal) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO NOTHING",
            (question.conversation_id, asker.tenant, asker.subject, to_json(asker, Principal)),
        )
        owner = self._db.execute(
            "SELECT tenant, subject FROM conversations WHERE id = ?", (question.conversation_id,)
        ).fetchone()
        if tuple(owner) != (asker.tenant, asker.subject):
            raise _not_theirs("conversation", question.conversation_id)

    def _turn(self, row: sqlite3.Row) -> Turn:
        answer = answer_from_json(row["body"])
        if answer.result is not None and row["expired_at"] is not None:
            answer = replace(answer, result=None)
        return Turn(from_json(row["question"], Question), self._with_rows(answer, row["result_sha256"]))

    def _with_rows(self, answer: Answer, sha256: str) -> Answer:
        if answer.result is None:
            return answer
        rows = results.read_rows(self._results, sha256, answer.result.columns)
        return replace(answer, result=replace(answer.result, rows=rows))

    def _refuse_expired(self, sha256: str) -> None:
        row = self._db.execute("SELECT expired_at FROM results WHERE sha256 = ?", (sha256,)).fetchone()
        if row is not None and row["expired_at"] is not None:
            on = datetime.fromtimestamp(row["expired_at"], UTC).date()
            raise Failed(
                f"the rows of this result expired on {on}",
                hint="ask the question again: the answer will be computed anew",
            )

    def _find_answer(self, key: str, principal: Principal | None) -> sqlite3.Row:
        where, args = _belongs_to(principal)
        if key == "last":
            found = self._db.execute(
                f"SELECT * FROM answers WHERE {where} ORDER BY seq DESC LIMIT 1", args
            ).fetchall()
        else:
            found = self._db.execute(
                f"SELECT * FROM answers WHERE {where} AND substr(id, 1, ?) = ? "
                "ORDER BY id = ? DESC, seq DESC LIMIT 6",
                (*args, len(key), key, key),
            ).fetchall()
        if found and (len(found) == 1 or found[0]["id"] == key):
            row: sqlite3.Row = found[0]
            return row
        raise self._unknown(key, [row["id"] for row in found], principal)

    def _unknown(self, key: str, several: list[str], principal: Principal | None) -> Retry:
        if several:
            return Retry(
                f"several answers begin with `{key}`",
                facts=(("they are", ", ".join(several)),),
                hint="give more letters of the id",
            )
        where, args = _belongs_to(principal)
        ids = [
            row["id"]
            for row in self._db.execute(
                f"SELECT id FROM answers WHERE {where} ORDER BY seq DESC LIMIT ?", (*args, _NEAR_AMONG)
            )
        ]
        if not ids:
            return Retry("no answer is stored yet", hint='ask a question first: gnomon ask "..."')
        import difflib

        near = difflib.get_close_matches(key, ids, n=3, cutoff=0.5)
        label = "near" if near else "newest"
        return Retry(
            f"no answer has the id `{key}`",
            facts=((label, ", ".join(near or ids[:3])),),
            hint="give one of these ids, or `last`",
        )


def _belongs_to(principal: Principal | None) -> tuple[str, tuple[str, ...]]:
    if principal is None:
        return "1", ()
    return "tenant = ? AND subject = ?", (principal.tenant, principal.subject)


def _not_theirs(noun: str, its_id: str) -> Refused:
    return Refused(
        f"this {noun} belongs to somebody else",
        rule=f"own-{noun}",
        facts=((noun, its_id),),
        hint="start a new conversation",
    )


def _summary(row: sqlite3.Row) -> AnswerSummary:
    return AnswerSummary(
        id=row["id"],
        asked_at=datetime.fromisoformat(row["asked_at"]),
        status=row["status"],
        question=row["question"],
        headline=row["headline"],
        confidence=row["confidence"],
        conversation_id=row["conversation_id"],
    )
