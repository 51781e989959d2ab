"""What of an earlier answer a person may still see: rights change, and stored rows do not know of it."""

from collections.abc import Iterator
from dataclasses import replace

from gnomon.agent.candidate import QUOTES
from gnomon.domain.answer import Answer, Conversation, Question
from gnomon.domain.catalog import TableRef
from gnomon.domain.errors import Refused
from gnomon.policy.access import Access


def own_conversation(
    question: Question, conversation: Conversation | None, access: Access
) -> Conversation | None:
    """The conversation as the asker may see it now: turns whose tables they see otherwise today are left out.

    Raises:
        Refused: It is somebody else's.
    """
    if conversation is None:
        return None
    asker, owner = question.principal, conversation.principal
    if (asker.subject, asker.tenant) != (owner.subject, owner.tenant):
        raise Refused(
            "this conversation belongs to somebody else",
            rule="own-conversation",
            facts=(("conversation", conversation.id),),
            hint="start a new conversation",
        )
    return replace(conversation, turns=tuple(t for t in conversation.turns if still_seen(t.answer, access)))


def still_seen(answer: Answer, access: Access) -> bool:
    """Whether the person sees the tables of every query of the answer as they did when it was given.

    An answer without a query speaks of cards and values, and nothing says of which: who sees all may read it.
    One that quotes documents may be read by nobody: who sees all tables need not be let read them any more.
    """
    if any(check.name == QUOTES for check in answer.checks):
        return False
    if not answer.queries:
        return access.sees_all or answer.status == "interrupted"
    return not any(_seen_otherwise(answer, access))


def _seen_otherwise(answer: Answer, access: Access) -> Iterator[tuple[TableRef, ...]]:
    """The tables of each query, and of each check that read others, which the person sees otherwise now."""
    read = [(query.tables, query.access) for query in answer.queries]
    read += [(c.evidence.tables, c.evidence.access) for c in answer.checks if c.evidence is not None]
    for tables, then in read:
        if not _as_then(then, access, access.fingerprint(tables)):
            yield tables


def _as_then(then: str, access: Access, now: str) -> bool:
    return then == now if then else access.sees_all


def require_still_seen(answer: Answer, access: Access) -> None:
    """Refuse to open an answer that rests on what the person no longer sees, or sees otherwise.

    Raises:
        Refused: It does.
    """
    if not answer.queries and not still_seen(answer, access):
        raise Refused(
            "this answer stands on no query, so it cannot be told whether you may still see what it says",
            rule="policy:rights-changed",
            facts=(("answer", answer.id),),
            hint="ask the question again: it will be answered with the rights you have now",
        )
    changed = {str(table) for tables in _seen_otherwise(answer, access) for table in tables}
    if changed:
        tables = ", ".join(sorted(changed))
        raise Refused(
            "your rights to the data of this answer have changed since it was given",
            rule="policy:rights-changed",
            facts=(("answer", answer.id), ("tables", tables)),
            hint="ask the question again: it will be answered with the rights you have now",
        )
