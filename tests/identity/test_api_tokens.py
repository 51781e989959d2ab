"""API tokens of ours: what is kept, what is refused, and what a guesser can learn."""

import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gnomon.domain.errors import Refused, Retry
from gnomon.domain.identity import Principal
from gnomon.identity.api_tokens import LONGEST_S, ApiTokens, Grant, claimed_id
from gnomon.identity.people import People, load_people
from gnomon.store.tokens import TokenStore
from identity.identity_server import SetClock
from identity.refusing import rule_of

pytestmark = pytest.mark.requirement("identity:api-token")

OPERATOR = Principal("root")
ANA = Grant("ana@acme.test", "acme")
JOB = Grant("nightly", groups=frozenset({"finance"}), scopes=frozenset({"read", "history"}), lives_s=3600)


@pytest.fixture
def tokens(store: TokenStore, clock: SetClock) -> ApiTokens:
    return ApiTokens(store, clock)


@pytest.fixture
def people(people_path: Path) -> People:
    return load_people(people_path)


def made(tokens: ApiTokens, grant: Grant = JOB, people: People | None = None) -> str:
    return tokens.create(grant, created_by=OPERATOR, people=people).text


def test_a_token_speaks_for_its_subject_within_its_scopes(tokens: ApiTokens) -> None:
    text = made(tokens, replace(JOB, claims=(("region", "EU"),)))
    assert tokens.login(text, None).principal == Principal(
        "nightly",
        "local",
        frozenset({"finance"}),
        (("region", "EU"),),
        "api_token",
        frozenset({"read", "history"}),
    )


def test_a_token_without_scopes_named_may_ask_and_nothing_else(tokens: ApiTokens) -> None:
    principal = tokens.login(made(tokens, Grant("nightly")), None).principal
    assert principal.scopes == {"read", "compute", "ask"}


def test_only_a_hash_is_kept(tokens: ApiTokens, tmp_path: Path) -> None:
    """The secret is in no file of the state folder."""
    text = made(tokens)
    tokens.login(text, None)
    secret = text.split("_")[2].encode()
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if secret in path.read_bytes()] == []
    stored = tokens.store.find(claimed_id(text))
    assert stored is not None
    assert stored.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_a_new_token_is_not_shown_by_its_repr(tokens: ApiTokens) -> None:
    new = tokens.create(JOB, created_by=OPERATOR, people=None)
    assert new.text not in repr(new)
    assert new.stored.sha256 not in repr(new)


def test_two_tokens_share_nothing(tokens: ApiTokens) -> None:
    texts = [made(tokens) for _ in range(50)]
    assert len({t.split("_")[1] for t in texts}) == len({t.split("_")[2] for t in texts}) == 50


FORGED = {
    "the secret of another token": lambda a, b: f"gnm_{a.split('_')[1]}_{b.split('_')[2]}",
    "a secret with one letter changed": lambda a, _: a[:-1] + ("0" if a[-1] != "0" else "1"),
    "an id that nobody has": lambda a, _: f"gnm_{'0' * 16}_{a.split('_')[2]}",
    "a secret of zeros": lambda a, _: f"gnm_{a.split('_')[1]}_{'0' * 64}",
    "the hash in place of the secret": lambda a, _: (
        f"gnm_{a.split('_')[1]}_{hashlib.sha256(a.encode()).hexdigest()}"
    ),
}
MISSHAPEN = {
    "empty": "",
    "the prefix alone": "gnm_",
    "without a secret": "gnm_0123456789abcdef",
    "an empty secret": "gnm_0123456789abcdef_",
    "in capitals": f"gnm_{'A' * 16}_{'B' * 64}",
    "an id that is SQL": f"gnm_' OR 1=1 --_{'0' * 64}",
    "a line feed behind": f"gnm_{'0' * 16}_{'0' * 64}\n",
    "digits of another script": f"gnm_{'١' * 16}_{'0' * 64}",
    "huge": f"gnm_{'0' * 16}_{'0' * 1_000_000}",
    "not UTF-8": f"gnm_{'0' * 16}_{'0' * 63}\udcff",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_api_token_is_unknown(tokens: ApiTokens, name: str) -> None:
    forged = FORGED[name](made(tokens), made(tokens))
    assert rule_of(lambda: tokens.login(forged, None)) == "identity:unknown-token"


@pytest.mark.parametrize("name", MISSHAPEN)
def test_a_forged_api_token_without_the_form_of_one_is_refused(tokens: ApiTokens, name: str) -> None:
    assert rule_of(lambda: tokens.login(MISSHAPEN[name], None)) == "identity:malformed"


def test_an_unknown_id_and_a_wrong_secret_cannot_be_told_apart(store: TokenStore, tokens: ApiTokens) -> None:
    """Same words and same work: who tries ids learns of none, not even a revoked or expired one."""
    known, revoked = made(tokens), made(tokens)
    tokens.revoke(claimed_id(revoked), revoked_by=OPERATOR)
    wrong = [f"gnm_{'f' * 16}", *(text.rsplit("_", 1)[0] for text in (known, revoked))]
    seen = []
    for start in wrong:
        statements: list[str] = []
        store._db.set_trace_callback(statements.append)
        with pytest.raises(Refused) as refusal:
            tokens.login(f"{start}_{'0' * 64}", None)
        store._db.set_trace_callback(None)
        error = refusal.value
        work = [s.replace(start[4:], "ID") for s in statements]
        seen.append((error.message, error.rule, error.facts, error.hint, work))
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0][4]) == 1


def test_a_token_ends_when_it_is_said_to(tokens: ApiTokens, clock: SetClock) -> None:
    text = made(tokens)
    clock.forward(3599)
    assert tokens.login(text, None)
    clock.forward(1)
    assert rule_of(lambda: tokens.login(text, None)) == "identity:expired"


def test_a_clock_set_back_before_the_token_was_made_refuses_it(tokens: ApiTokens, clock: SetClock) -> None:
    text = made(tokens)
    clock.forward(-61)
    assert rule_of(lambda: tokens.login(text, None)) == "identity:not-yet"


def test_a_revoked_token_is_refused_at_once_in_every_process(
    tokens: ApiTokens, clock: SetClock, tmp_path: Path
) -> None:
    text = made(tokens)
    with closing(TokenStore.open(tmp_path / "state")) as elsewhere:
        ApiTokens(elsewhere, clock).revoke(claimed_id(text), revoked_by=OPERATOR)
    assert rule_of(lambda: tokens.login(text, None)) == "identity:revoked"
    clock.forward(10)
    again = tokens.revoke(claimed_id(text), revoked_by=OPERATOR)
    assert again.revoked_at == clock.now - 10


def test_revoking_a_token_that_does_not_exist_says_so(tokens: ApiTokens) -> None:
    with pytest.raises(Retry, match="no token has the id"):
        tokens.revoke("0" * 16, revoked_by=OPERATOR)


def test_the_last_use_is_kept_and_written_at_most_once_a_minute(
    tokens: ApiTokens, store: TokenStore, clock: SetClock
) -> None:
    text = made(tokens)

    def last_used() -> float | None:
        return store.list()[0].last_used_at

    assert last_used() is None
    first = clock.now
    for expected, forward in [(first, 59), (first, 1), (first + 60, 1), (first + 60, -3600)]:
        tokens.login(text, None)
        assert last_used() == expected
        clock.forward(forward)


def test_a_refused_use_is_no_use(tokens: ApiTokens, store: TokenStore) -> None:
    text = made(tokens)
    rule_of(lambda: tokens.login(text[:-8] + "00000000", None))
    assert store.list()[0].last_used_at is None


def test_a_person_s_token_has_the_groups_that_the_person_has(tokens: ApiTokens, people: People) -> None:
    principal = tokens.login(made(tokens, ANA, people), people).principal
    assert principal.groups == {"finance", "analysts"}
    assert principal.claims == (("region", "EU"),)


def test_a_person_s_token_cannot_be_made_with_a_group_they_are_not_in(
    tokens: ApiTokens, people: People
) -> None:
    with pytest.raises(Retry, match="is not in the group admins"):
        made(tokens, replace(ANA, groups=frozenset({"admins", "finance"})), people)


def test_a_group_taken_from_the_person_is_gone_from_their_token(
    tokens: ApiTokens, people: People, people_path: Path
) -> None:
    text = made(tokens, ANA, people)
    people_path.write_text(people_path.read_text().replace('"finance", ', ""))
    assert tokens.login(text, load_people(people_path)).principal.groups == {"analysts"}


@pytest.mark.parametrize("without", ["the person", "the file"])
def test_a_person_taken_from_the_people_file_takes_their_tokens_along(
    tokens: ApiTokens, people: People, people_path: Path, without: str
) -> None:
    text = made(tokens, ANA, people)
    people_path.write_text("")
    now = load_people(people_path) if without == "the person" else None
    assert rule_of(lambda: tokens.login(text, now)) == "identity:unknown-person"


@pytest.mark.parametrize(
    "grant",
    [
        replace(JOB, lives_s=59),
        replace(JOB, lives_s=LONGEST_S + 1),
        replace(JOB, lives_s=float("nan")),
        replace(JOB, lives_s=-1),
        replace(JOB, scopes=frozenset({"reed"})),
        replace(JOB, subject=""),
        replace(JOB, subject="a\nb"),
        replace(JOB, subject="a" * 256),
        replace(JOB, tenant=""),
        replace(JOB, groups=frozenset({"finance\x1b[31m"})),
        replace(JOB, claims=(("region", ""),)),
    ],
)
def test_what_cannot_be_granted_is_not_made(tokens: ApiTokens, store: TokenStore, grant: Grant) -> None:
    with pytest.raises(Retry) as error:
        made(tokens, grant)
    assert error.value.hint
    assert store.list() == ()


@pytest.mark.parametrize(
    "by",
    [
        Principal("ana", scopes=frozenset({"read", "ask"})),
        Principal("ana", scopes=frozenset()),
        Principal("ana", scopes=frozenset({"admin"}), actor="spiffe://acme.test/agent/a/r"),
        Principal("ana", actor="spiffe://acme.test/agent/a/r"),
    ],
)
def test_a_limited_credential_or_an_agent_makes_and_ends_no_tokens(
    tokens: ApiTokens, store: TokenStore, by: Principal
) -> None:
    text = made(tokens)
    assert rule_of(lambda: tokens.create(JOB, created_by=by, people=None)) == "identity:scope"
    assert rule_of(lambda: tokens.revoke(claimed_id(text), revoked_by=by)) == "identity:scope"
    assert len(store.list()) == 1


def test_a_credential_with_the_scope_admin_makes_tokens(tokens: ApiTokens) -> None:
    by = Principal("ana", scopes=frozenset({"admin"}))
    assert tokens.create(JOB, created_by=by, people=None).stored.created_by == "ana"


def test_a_state_file_of_the_version_before_gains_the_tables(tmp_path: Path) -> None:
    """Conversations stay; the file is brought up to date once."""
    from gnomon.store.schema import MIGRATIONS

    folder = tmp_path / "old"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "state.db")) as db:
        for statement in MIGRATIONS[0]:
            db.execute(statement)
        db.execute("INSERT INTO conversations VALUES ('c1', 'acme', 'ana', '{}')")
        db.execute("PRAGMA user_version = 1")
        db.commit()
    with closing(TokenStore.open(folder)) as store:
        assert store.list() == ()
        assert store._db.execute("SELECT id FROM conversations").fetchone()["id"] == "c1"


TAKER = """
import sys, time
from pathlib import Path
from gnomon.store.tokens import TokenStore
store = TokenStore.open(Path(sys.argv[1]))
print(sum(store.first_time(f"key-{n}", 100.0, 50.0) for n in range(100)))
"""


@pytest.fixture
def takers(tmp_path: Path) -> Iterator[list["subprocess.Popen[str]"]]:
    command = [sys.executable, "-c", TAKER, str(tmp_path / "shared")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    yield started
    for process in started:
        process.wait(30)


def test_what_counts_once_counts_once_in_all_processes(takers: list["subprocess.Popen[str]"]) -> None:
    assert sum(int(process.communicate(timeout=60)[0]) for process in takers) == 100


def test_keys_are_forgotten_when_they_count_for_nothing_and_do_not_come_back(store: TokenStore) -> None:
    assert store.first_time("a", until=100.0, now=50.0)
    assert store.first_time("b", until=300.0, now=150.0)
    kept = [row["key"] for row in store._db.execute("SELECT key FROM seen_once")]
    assert kept == ["b"]
    # The clock is set back: `a` is forgotten, and may not be new again.
    assert not store.first_time("a", until=100.0, now=50.0)
    assert store.first_time("c", until=101.0, now=50.0)
