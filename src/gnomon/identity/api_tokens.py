"""API tokens of our own: `gnm_<id>_<secret>`, shown once, kept as a hash, limited in scope and time.

An unknown id and a wrong secret end in the same words after the same work, so that ids cannot be guessed one
by one. Whether a token is revoked or expired is said only to somebody who has its secret.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from gnomon.domain.errors import Retry
from gnomon.domain.identity import Principal
from gnomon.identity.claims import MAX_TEXT, Clock, is_readable, not_yet
from gnomon.identity.login import Login
from gnomon.identity.people import People
from gnomon.identity.refusals import refused
from gnomon.identity.scopes import DEFAULT_SCOPES, checked_scopes
from gnomon.store.tokens import StoredToken, TokenStore

PREFIX = "gnm_"
SHORTEST_S = 60.0
LONGEST_S = 366 * 86_400.0
_FORM = re.compile(r"gnm_([0-9a-f]{16})_([0-9a-f]{64})")
_NOBODY = hashlib.sha256(b"no token has this hash").hexdigest()
_NOTE_USE_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Grant:
    """What a new token is to be.

    Args:
        groups: None for all groups that the people file gives the subject.
        lives_s: Seconds until it ends.
    """

    subject: str
    tenant: str = "local"
    groups: frozenset[str] | None = None
    scopes: frozenset[str] = DEFAULT_SCOPES
    claims: tuple[tuple[str, str], ...] = ()
    lives_s: float = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made. `text` is shown to a person once and never kept; its repr hides it."""

    text: str
    stored: StoredToken

    def __repr__(self) -> str:
        return f"NewToken(id={self.stored.id!r})"


@dataclass(frozen=True, slots=True)
class ApiTokens:
    """Makes, verifies and ends API tokens. Safe to share between threads."""

    store: TokenStore
    clock: Clock
    skew_s: float = 60.0

    def create(self, grant: Grant, *, created_by: Principal, people: People | None) -> NewToken:
        """Make a token.

        Raises:
            Retry: A name, scope, group or time that cannot be granted.
            Refused: Whoever makes it holds a credential without the scope `admin`.
        """
        check_admin(created_by)
        _check_names(grant)
        if not SHORTEST_S <= grant.lives_s <= LONGEST_S:
            raise Retry(
                f"a token lives from a minute to {LONGEST_S / 86_400:g} days",
                hint="choose a time in between, for example 30d",
            )
        person = people.get(grant.tenant, grant.subject) if people else None
        theirs = person.groups if person else frozenset()
        groups = theirs if grant.groups is None else grant.groups
        if person and not groups <= theirs:
            raise _not_in(grant.subject, groups - theirs)
        token_id, now = secrets.token_hex(8), self.clock()
        text = f"{PREFIX}{token_id}_{secrets.token_hex(32)}"
        stored = StoredToken(
            id=token_id,
            sha256=_hash(text),
            subject=grant.subject,
            tenant=grant.tenant,
            groups=tuple(sorted(groups)),
            scopes=tuple(sorted(checked_scopes(grant.scopes))),
            claims=tuple(sorted(grant.claims)),
            person=person is not None,
            created_by=created_by.subject,
            created_at=now,
            expires_at=now + grant.lives_s,
        )
        self.store.add(stored)
        return NewToken(text, stored)

    def login(self, text: str, people: People | None) -> Login:
        """Who the token speaks for.

        Raises:
            Refused: It is not a token of ours, or one that ended.
        """
        stored = self._known(text)
        self._check_alive(stored)
        now = self.clock()
        principal = _principal(stored, people)
        if stored.last_used_at is None or abs(now - stored.last_used_at) >= _NOTE_USE_EVERY_S:
            self.store.used(stored.id, now)
        return Login(principal, f"the API token {stored.id} says so", (("token_id", stored.id),))

    def revoke(self, token_id: str, *, revoked_by: Principal) -> StoredToken:
        """End a token for good, at once and everywhere that shares the state folder.

        Raises:
            Retry: There is no such token.
            Refused: Whoever revokes it holds a credential without the scope `admin`.
        """
        check_admin(revoked_by)
        return self.store.revoke(token_id, self.clock())

    def _known(self, text: str) -> StoredToken:
        form = _FORM.fullmatch(text)
        if form is None:
            raise refused("malformed", "this is not an API token; one looks like gnm_<id>_<secret>")
        stored = self.store.find(form[1])
        same = hmac.compare_digest(_hash(text), stored.sha256 if stored else _NOBODY)
        if stored is None or not same:
            raise refused("unknown-token", "this API token is not known here", hint=_ASK_FOR_ONE)
        return stored

    def _check_alive(self, stored: StoredToken) -> None:
        now = self.clock()
        if stored.revoked_at is not None:
            raise refused("revoked", f"the API token {stored.id} was revoked", hint=_ASK_FOR_ONE)
        if now >= stored.expires_at:
            raise refused("expired", f"the API token {stored.id} has expired", hint=_ASK_FOR_ONE)
        if stored.created_at > now + self.skew_s:
            raise not_yet()


_ASK_FOR_ONE = "ask an operator for a new one (`gnomon token create`)"


def claimed_id(text: str) -> str:
    """The id that a text in the form of a token names; empty if it is none."""
    form = _FORM.fullmatch(text)
    return form[1] if form else ""


def check_admin(principal: Principal) -> None:
    """Return if the credential may be used to make and end tokens.

    Raises:
        Refused: It is limited to other scopes, or an agent holds it.
    """
    if principal.actor or (principal.scopes is not None and "admin" not in principal.scopes):
        raise refused(
            "scope",
            "this credential may not manage tokens",
            facts=(("scopes", ", ".join(sorted(principal.scopes or ())) or "none"),),
            hint="use one with the scope `admin`, or the terminal of the machine that holds the state",
        )


def _principal(stored: StoredToken, people: People | None) -> Principal:
    """Never more than the person may today: a group that the people file took away is gone from the token."""
    groups, claims = frozenset(stored.groups), dict(stored.claims)
    person = people.get(stored.tenant, stored.subject) if people else None
    if stored.person and person is None:
        raise refused(
            "unknown-person",
            f"the people file no longer knows whom the API token {stored.id} is for",
            hint="ask an operator whether the person should be let in",
        )
    if person is not None:
        groups, claims = groups & person.groups, claims | dict(person.claims)
    return Principal(
        stored.subject,
        stored.tenant,
        groups,
        tuple(sorted(claims.items())),
        "api_token",
        frozenset(stored.scopes),
    )


def _check_names(grant: Grant) -> None:
    pairs = (text for pair in grant.claims for text in pair)
    if not all(map(is_readable, (grant.subject, grant.tenant, *(grant.groups or ()), *pairs))):
        raise Retry(
            "a token's subject, tenant, groups and claims are readable names",
            hint=f"give 1 to {MAX_TEXT} characters each, without control characters",
        )


def _not_in(subject: str, groups: Iterable[str]) -> Retry:
    return Retry(
        f"{subject} is not in the group {', '.join(sorted(groups))}",
        hint="a person's token has groups of theirs only; add the group in the people file first",
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
