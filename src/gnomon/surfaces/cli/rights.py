"""What a command may show to whoever runs it: operators' commands, and stored answers as rights are now."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from gnomon.domain.errors import Refused
from gnomon.domain.identity import Principal

if TYPE_CHECKING:
    from gnomon.policy.access import Access
    from gnomon.settings import Settings
    from gnomon.store.state import AnswerSummary, StateStore

HISTORY = "history"


def operators_only(settings: "Settings") -> None:
    """Refuse whoever came with a token that is not an operator's.

    Without a token it is a user of this machine, who can open the state's files as well.

    Raises:
        Refused: The token proves nobody, or has not the scope `admin`.
    """
    from gnomon.identity.authenticate import credential_of
    from gnomon.wiring import principal_of, require_operator

    if credential_of(os.environ) is not None:
        require_operator(principal_of(settings))


def reader_of_answers(settings: "Settings") -> Principal:
    """Who runs this command, if they may open stored answers.

    Raises:
        Refused: Their credential is not for stored answers.
        Misconfigured: The policies cannot be taken, so it is not known what may be shown.
    """
    from gnomon.wiring import policy_folder, principal_of

    policy_folder(settings).policies()
    principal = principal_of(settings)
    require_history(principal)
    return principal


def require_history(principal: Principal) -> None:
    """Refuse a credential that is limited to other things than stored answers.

    Raises:
        Refused: It is.
    """
    scopes = principal.scopes
    if scopes is not None and HISTORY not in scopes:
        raise Refused(
            "this credential is not for stored answers",
            rule="identity:scope",
            facts=(("scopes", ", ".join(sorted(scopes)) or "none"),),
            hint=f"use a credential with the scope `{HISTORY}`",
        )


def access_now(settings: "Settings", principal: Principal) -> "Access | None":
    """What a reader of stored answers sees of the warehouse now; None where nothing is kept from them.

    Raises:
        Misconfigured: The policies, or the index that they are held against, cannot be read.
    """
    from gnomon.wiring import open_gnomon

    if settings.policy_dir is None and principal.method == "local":
        return None
    gnomon = open_gnomon(settings)
    try:
        return gnomon.own_authority().access(gnomon.index.catalog(), gnomon.warehouse.dialect)
    finally:
        gnomon.close()


def told_summaries(
    summaries: Iterable["AnswerSummary"], store: "StateStore", principal: Principal, access: "Access | None"
) -> Iterator["AnswerSummary"]:
    """The summaries, without the figures of answers that the reader would not be shown any more."""
    from gnomon.agent.rights import still_seen

    for summary in summaries:
        if access is None or not summary.headline:
            yield summary
            continue
        answer = store.load_answer(summary.id, principal=principal, rows=False)
        yield summary if still_seen(answer, access) else replace(summary, headline="")
