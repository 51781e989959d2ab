"""Verify a token of an OpenID Connect provider and say who it speaks for.

Taken are ID tokens and access tokens in JWT form (RFC 9068). They are bearer tokens: whoever holds one is its
subject until it expires, so they are not one-time, and short lives are the provider's part. A token that is
bound to a key (`cnf`) is refused, because this side does not check the proof that makes it safe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gnomon.domain.identity import Principal
from gnomon.identity.claims import Clock, check_audience, lifetime, plain_claim, text_claim, texts_claim
from gnomon.identity.jws import check_signature, read_token
from gnomon.identity.login import Login
from gnomon.identity.people import People, Person
from gnomon.identity.provider import Provider
from gnomon.identity.refusals import refused

_TYPES = {"", "jwt", "at+jwt"}
"""Other types are for other ends (logout, security events, proofs) and prove no login."""


@dataclass(frozen=True, slots=True)
class OidcRules:
    """What a provider's tokens must hold, and which claims say what.

    Args:
        audience: Our name at the provider.
        subject_claim: Where the unique name stands. `email` counts only where the provider verified it.
        groups_claim: Where the groups stand; a token without it is in none.
        tenant_claim: Where the tenant stands; empty for `tenant`.
        tenant: The tenant of everybody where no claim says one.
        kept_claims: Further claims that policies read; no others are kept.
        skew_s: How far clocks may differ.
        longest_life_s: Tokens that live longer are refused.
    """

    issuer: str
    audience: str
    subject_claim: str = "sub"
    groups_claim: str = "groups"
    tenant_claim: str = ""
    tenant: str = "local"
    kept_claims: tuple[str, ...] = ()
    skew_s: float = 60.0
    longest_life_s: float = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class OidcVerifier:
    """Verifies the tokens of one provider. Safe to share between threads."""

    rules: OidcRules
    provider: Provider
    clock: Clock

    def login(self, token: str | bytes, people: People | None) -> Login:
        """Who the token speaks for.

        Raises:
            Refused: The token does not prove anybody; the rule says which check it failed.
            Failed: The provider's keys are needed and it cannot be reached.
            Misconfigured: The provider serves what cannot be used.
        """
        claims = self._proven(token)
        principal = self._principal(claims, people)
        issuer = self.rules.issuer
        ids = (("issuer", issuer), ("sub", text_claim(claims, "sub")))
        token_id = (("jti", text_claim(claims, "jti")),) if "jti" in claims else ()
        return Login(principal, f"a token of {issuer} says so", ids + token_id)

    def _proven(self, token: str | bytes) -> Mapping[str, Any]:
        parsed, rules = read_token(token), self.rules
        if parsed.type not in _TYPES:
            raise refused("type", f"a token of type `{parsed.type[:40]}` proves no login")
        # Before the keys are looked for: a stranger's token does not make us call the provider.
        if parsed.claims.get("iss") != rules.issuer:
            raise refused("issuer", "the token is of another issuer", facts=(("expected", rules.issuer),))
        check_signature(parsed, self.provider.key_for(parsed))
        check_audience(parsed.claims, rules.audience)
        lifetime(parsed.claims, self.clock(), skew_s=rules.skew_s, longest_s=rules.longest_life_s)
        if "cnf" in parsed.claims:
            raise refused("bound", "the token is bound to a key, and counts only with a proof of that key")
        return parsed.claims

    def _principal(self, claims: Mapping[str, Any], people: People | None) -> Principal:
        subject, tenant = self._subject(claims), self._tenant(claims)
        groups = frozenset(self._groups(claims))
        kept = {name: plain_claim(claims, name) for name in self.rules.kept_claims if name in claims}
        person = _person(people, subject, tenant or self.rules.tenant) if people else None
        if person is not None:
            if tenant and tenant != person.tenant:
                raise refused("tenant", "the token and the people file name different tenants")
            subject, tenant, groups = person.subject, person.tenant, groups | person.groups
            kept |= dict(person.claims)
        return Principal(subject, tenant or self.rules.tenant, groups, tuple(sorted(kept.items())), "oidc")

    def _subject(self, claims: Mapping[str, Any]) -> str:
        text_claim(claims, "sub")
        name = self.rules.subject_claim
        if name == "email" and claims.get("email_verified") is not True:
            raise refused(
                "subject",
                "the provider has not verified this mail address",
                hint="verify it at the provider, or ask the operator for another `subject_claim`",
            )
        return text_claim(claims, name)

    def _tenant(self, claims: Mapping[str, Any]) -> str:
        return text_claim(claims, self.rules.tenant_claim) if self.rules.tenant_claim else ""

    def _groups(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        name = self.rules.groups_claim
        elsewhere = claims.get("_claim_names")
        if name not in claims and isinstance(elsewhere, dict) and name in elsewhere:
            raise refused(
                "groups",
                "the person is in more groups than the provider writes into a token",
                hint="ask the operator to have the provider write only the groups that policies name",
            )
        return texts_claim(claims, name)


def _person(people: People, subject: str, tenant: str) -> Person | None:
    person = people.by_oidc(subject)
    if person is not None:
        return person
    namesake = people.get(tenant, subject)
    if namesake is not None and namesake.oidc_subject:
        raise refused("subject", "the token carries the name of a person who signs in under another one")
    return namesake
