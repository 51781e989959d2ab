"""Requests of Slack: signed, fresh, never seen before, and of a person the operator knows.

Source: Slack's "Verifying requests" (signature version v0): HMAC-SHA256 of `v0:<timestamp>:<body>` with the
app's signing secret, at most five minutes old.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from gnomon.domain.errors import Refused
from gnomon.identity.claims import Clock
from gnomon.identity.jws import read_object
from gnomon.identity.login import Login
from gnomon.identity.people import People
from gnomon.identity.refusals import refused
from gnomon.identity.secrets import Secret
from gnomon.store.tokens import TokenStore

WINDOW_S = 300
MAX_BODY_BYTES = 1024 * 1024
TIMESTAMP_HEADER = "X-Slack-Request-Timestamp"
SIGNATURE_HEADER = "X-Slack-Signature"
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NOBODY_SIGNS_IN = (
    "repeat it in Slack; if it stays so, an operator checks the app's signing secret and the clock"
)


@dataclass(frozen=True, slots=True)
class SlackSender:
    """The team and user that a request names."""

    team: str
    user: str


@dataclass(frozen=True, slots=True)
class SlackVerifier:
    """Verifies requests to one Slack app. Safe to share between threads."""

    signing_secret: Secret
    store: TokenStore
    clock: Clock

    def login(self, headers: Mapping[str, str], body: bytes, people: People | None) -> Login:
        """The person that the request speaks for.

        Raises:
            Refused: The request is not Slack's, not fresh, a replay, or of nobody the people file maps.
        """
        self.verify(headers, body)
        sender = sender_of(body)
        person = people.by_slack(sender.team, sender.user) if people else None
        account = f"{sender.team}/{sender.user}"
        if person is None:
            raise refused(
                "unknown-person",
                "this Slack user belongs to nobody who is known here",
                facts=(("slack", account),),
                hint=f'ask an operator to add slack = "{account}" to you in the people file',
            )
        return Login(
            person.principal("slack"), f"Slack's user {account} is {person.subject}", (("slack", account),)
        )

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Return if Slack sent this request just now and it never came before.

        Args:
            headers: Looked up without regard to case.

        Raises:
            Refused: It is not Slack's, not fresh, or a replay.
        """
        named = {name.lower(): value for name, value in headers.items()}
        timestamp = named.get(TIMESTAMP_HEADER.lower(), "")
        signature = named.get(SIGNATURE_HEADER.lower(), "")
        self._check_signature(timestamp, signature, body)
        sent_at, now = int(timestamp), self.clock()
        if abs(now - sent_at) > WINDOW_S:
            rule = "expired" if sent_at < now else "not-yet"
            raise refused(rule, "the Slack request is not of the last five minutes", hint=_NOBODY_SIGNS_IN)
        # The key ends when the window closes, also for a request from a clock that is ahead.
        if not self.store.first_time(f"slack:{signature}", sent_at + WINDOW_S + 1, now):
            raise refused("replayed", "this Slack request came before", hint=_NOBODY_SIGNS_IN)

    def _check_signature(self, timestamp: str, signature: str, body: bytes) -> None:
        if len(body) > MAX_BODY_BYTES:
            raise refused(
                "size", f"a Slack request has at most {MAX_BODY_BYTES} bytes", hint=_NOBODY_SIGNS_IN
            )
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            raise refused("malformed", "the request carries no signature of Slack", hint=_NOBODY_SIGNS_IN)
        signed = b"v0:" + timestamp.encode("ascii") + b":" + body
        expected = "v0=" + hmac.new(self.signing_secret.reveal().encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, signature):
            raise refused("signature", "Slack's signature does not hold", hint=_NOBODY_SIGNS_IN)


def sender_of(body: bytes) -> SlackSender:
    """Who a signed request is from: an event, a slash command or an interaction.

    Raises:
        Refused: It names nobody, a bot, or somebody of another organisation's team.
    """
    fields = _fields(body)
    if "event" in fields:
        return _event_sender(fields)
    if "payload" in fields:
        inner = _object(read_object(str(fields["payload"]).encode(), "the request's payload"))
        return _sender(_object(inner.get("team")).get("id"), _object(inner.get("user")).get("id"))
    return _sender(fields.get("team_id"), fields.get("user_id"))


def _event_sender(fields: Mapping[str, Any]) -> SlackSender:
    event = _object(fields["event"])
    if "bot_id" in event:
        raise _nobody("the Slack request is of a bot, which asks for no person")
    # In a channel shared between organisations the app's team is not the sender's.
    teams = {fields.get("team_id")} | {event[n] for n in ("team", "user_team", "source_team") if n in event}
    if len(teams) != 1:
        raise _nobody("the Slack user is of another organisation")
    return _sender(teams.pop(), event.get("user"))


def _fields(body: bytes) -> dict[str, Any]:
    if body[:1] == b"{":
        return read_object(body, "the request")
    try:
        found = parse_qs(body.decode("utf-8"), strict_parsing=True, max_num_fields=100)
    except ValueError as error:
        raise _nobody("the Slack request is neither JSON nor a form") from error
    if any(len(values) > 1 for values in found.values()):
        raise _nobody("the Slack request says something twice")
    return {name: values[0] for name, values in found.items()}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sender(team: object, user: object) -> SlackSender:
    if not (isinstance(team, str) and isinstance(user, str) and team and user):
        raise _nobody("the Slack request names no user")
    return SlackSender(team, user)


def _nobody(message: str) -> Refused:
    return refused("unknown-person", message, hint="a member of the team asks")
