"""Slack requests, signed as Slack signs them."""

import hashlib
import hmac
import json
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from gnomon.domain.identity import Principal
from gnomon.identity.people import People, load_people
from gnomon.identity.secrets import Secret
from gnomon.identity.slack import SlackSender, SlackVerifier, sender_of
from gnomon.store.tokens import TokenStore
from identity.identity_server import SetClock
from identity.refusing import rule_of

pytestmark = pytest.mark.requirement("identity:slack")

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
EVENT = json.dumps(
    {
        "type": "event_callback",
        "team_id": "T0ACME",
        "event": {"type": "message", "user": "U0ANA", "team": "T0ACME"},
    }
).encode()
COMMAND = urlencode(
    {"team_id": "T0ACME", "user_id": "U0ANA", "command": "/ask", "text": "orders & co"}
).encode()
INTERACTION = urlencode({"payload": json.dumps({"team": {"id": "T0ACME"}, "user": {"id": "U0ANA"}})}).encode()


@pytest.fixture
def slack(store: TokenStore, clock: SetClock) -> SlackVerifier:
    return SlackVerifier(Secret(SECRET), store, clock)


@pytest.fixture
def people(people_path: Path) -> People:
    return load_people(people_path)


def headers(body: bytes, at: float, secret: str = SECRET, version: str = "v0") -> dict[str, str]:
    signed = f"{version}:{int(at)}:".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(int(at)), "X-Slack-Signature": f"{version}={digest}"}


def test_slack_s_own_example_holds(store: TokenStore) -> None:
    """The request and signature that Slack's page "Verifying requests from Slack" shows."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    verifier = SlackVerifier(Secret(SECRET), store, SetClock(1531420618.0))
    verifier.verify({"X-Slack-Request-Timestamp": "1531420618", "X-Slack-Signature": signature}, body)
    assert sender_of(body) == SlackSender("T1DC2JH3J", "U2CERLKJA")


@pytest.mark.parametrize("body", [EVENT, COMMAND, INTERACTION])
def test_a_signed_request_speaks_for_the_person_it_is_mapped_to(
    slack: SlackVerifier, people: People, clock: SetClock, body: bytes
) -> None:
    login = slack.login(headers(body, clock.now), body, people)
    assert login.principal == Principal(
        "ana@acme.test", "acme", frozenset({"finance", "analysts"}), (("region", "EU"),), "slack"
    )


def test_headers_are_found_in_any_case(slack: SlackVerifier, clock: SetClock) -> None:
    slack.verify({name.lower(): value for name, value in headers(EVENT, clock.now).items()}, EVENT)


@pytest.mark.parametrize(("age", "rule"), [(300, ""), (301, "expired"), (-300, ""), (-301, "not-yet")])
def test_a_request_counts_for_five_minutes(
    slack: SlackVerifier, clock: SetClock, age: int, rule: str
) -> None:
    made = headers(EVENT, clock.now - age)
    assert rule_of(lambda: slack.verify(made, EVENT)).removeprefix("identity:") == rule


@pytest.mark.parametrize("wait", [0, 1, 299, 300])
def test_a_replayed_request_is_refused_for_as_long_as_it_would_count(
    slack: SlackVerifier, clock: SetClock, wait: int
) -> None:
    made = headers(EVENT, clock.now)
    slack.verify(made, EVENT)
    clock.forward(wait)
    assert rule_of(lambda: slack.verify(made, EVENT)) == "identity:replayed"


def test_a_replay_is_refused_after_a_restart_and_after_the_clock_went_forth_and_back(
    slack: SlackVerifier, clock: SetClock, tmp_path: Path
) -> None:
    made, start = headers(EVENT, clock.now), clock.now
    slack.verify(made, EVENT)
    clock.forward(86_400)
    slack.verify(headers(EVENT, clock.now), EVENT)
    clock.now = start + 10
    with closing(TokenStore.open(tmp_path / "state")) as reopened:
        again = SlackVerifier(Secret(SECRET), reopened, clock)
        assert rule_of(lambda: again.verify(made, EVENT)) == "identity:replayed"
    slack.verify(headers(COMMAND, clock.now), COMMAND)


FORGERIES = {
    "another secret": lambda now: (headers(EVENT, now, "guess"), EVENT),
    "an empty secret": lambda now: (headers(EVENT, now, ""), EVENT),
    "another body": lambda now: (headers(EVENT, now), EVENT.replace(b"U0ANA", b"U0BOB")),
    "a byte behind the body": lambda now: (headers(EVENT, now), EVENT + b" "),
    "another time": lambda now: (
        headers(EVENT, now) | {"X-Slack-Request-Timestamp": str(int(now) + 1)},
        EVENT,
    ),
}
MISSHAPEN = {
    "no headers": lambda now: {},
    "no signature": lambda now: {"X-Slack-Request-Timestamp": str(int(now))},
    "an empty signature": lambda now: headers(EVENT, now) | {"X-Slack-Signature": ""},
    "another version": lambda now: headers(EVENT, now, version="v1"),
    "a short signature": lambda now: headers(EVENT, now) | {"X-Slack-Signature": "v0=" + "a" * 63},
    "a signature in capitals": lambda now: headers(EVENT, now) | {"X-Slack-Signature": "v0=" + "A" * 64},
    "a signature that is not ASCII": lambda now: (
        headers(EVENT, now) | {"X-Slack-Signature": "v0=" + "é" * 64}
    ),
    "a time that is no number": lambda now: headers(EVENT, now) | {"X-Slack-Request-Timestamp": "NaN"},
    "a negative time": lambda now: headers(EVENT, now) | {"X-Slack-Request-Timestamp": "-1"},
    "a time of 10000 digits": lambda now: headers(EVENT, now) | {"X-Slack-Request-Timestamp": "9" * 10_000},
    "a time in other digits": lambda now: headers(EVENT, now) | {"X-Slack-Request-Timestamp": "١٢٣"},
    "a time with a line feed": lambda now: (
        headers(EVENT, now) | {"X-Slack-Request-Timestamp": f"{int(now)}\n"}
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_slack_request_is_refused(slack: SlackVerifier, clock: SetClock, name: str) -> None:
    made, body = FORGERIES[name](clock.now)
    assert rule_of(lambda: slack.verify(made, body)) == "identity:signature"


@pytest.mark.parametrize("name", MISSHAPEN)
def test_a_forged_slack_request_without_the_form_of_one_is_refused(
    slack: SlackVerifier, clock: SetClock, name: str
) -> None:
    assert rule_of(lambda: slack.verify(MISSHAPEN[name](clock.now), EVENT)) == "identity:malformed"


def test_a_huge_request_is_refused(slack: SlackVerifier, clock: SetClock) -> None:
    body = b"x" * (1024 * 1024 + 1)
    assert rule_of(lambda: slack.verify(headers(body, clock.now), body)) == "identity:size"


def event(**members: object) -> bytes:
    return json.dumps({"team_id": "T0ACME", "event": {"user": "U0ANA", **members}}).encode()


NOBODY = {
    "a bot": event(bot_id="B0BOT"),
    "a user of another organisation": event(user_team="T0EVIL"),
    "a sender of another team": event(team="T0EVIL"),
    "no user": json.dumps({"team_id": "T0ACME", "event": {}}).encode(),
    "a user that is a list": event(user=["U0ANA"]),
    "an event that is a text": json.dumps({"team_id": "T0ACME", "event": "U0ANA"}).encode(),
    "a team that is an object": json.dumps({"team_id": None, "event": {"user": "U0ANA"}}).encode(),
    "two users in a form": b"team_id=T0ACME&user_id=U0BOB&user_id=U0ANA",
    "a form without a user": b"team_id=T0ACME",
    "neither JSON nor a form": b"\xff\xfe",
    "nothing": b"",
    "an unmapped user": event(user="U0EVE"),
    "an unmapped team": b"team_id=T0EVIL&user_id=U0ANA",
    "a user that crosses over": b"team_id=T0ACME%2FU0ANA&user_id=",
}


@pytest.mark.parametrize("name", NOBODY)
def test_a_signed_request_of_nobody_who_is_known_is_refused(
    slack: SlackVerifier, people: People, clock: SetClock, name: str
) -> None:
    body = NOBODY[name]
    rule = rule_of(lambda: slack.login(headers(body, clock.now), body, people))
    assert rule == "identity:unknown-person"


def test_without_a_people_file_nobody_comes_by_slack(slack: SlackVerifier, clock: SetClock) -> None:
    made = headers(EVENT, clock.now)
    assert rule_of(lambda: slack.login(made, EVENT, None)) == "identity:unknown-person"


@pytest.mark.parametrize("body", [b'{"event": {}, "event": {}}', b'{"event": NaN}', b"{" + b'"a":[' * 3_000])
def test_a_signed_request_with_two_readings_is_refused(
    slack: SlackVerifier, people: People, clock: SetClock, body: bytes
) -> None:
    assert rule_of(lambda: slack.login(headers(body, clock.now), body, people)) == "identity:malformed"
