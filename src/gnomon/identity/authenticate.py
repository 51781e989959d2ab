"""The one place where a surface turns what it received into a `Principal`.

A surface says which way somebody came: `local` at a terminal, `bearer` with a token, `slack` with a request.
Nothing falls back: a token that does not hold is a refusal, never the local user.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gnomon.domain.errors import Misconfigured, Refused
from gnomon.domain.identity import Principal
from gnomon.identity.api_tokens import PREFIX, ApiTokens, claimed_id
from gnomon.identity.claims import Clock
from gnomon.identity.jws import read_token
from gnomon.identity.local import local_login, os_user
from gnomon.identity.login import Login, Pairs, Record, Recorder
from gnomon.identity.oidc import OidcRules, OidcVerifier
from gnomon.identity.people import People, load_people
from gnomon.identity.provider import Provider
from gnomon.identity.secrets import Secret, resolve
from gnomon.identity.slack import SlackVerifier
from gnomon.identity.spiffe import check_trust_domain
from gnomon.store.tokens import TokenStore

TOKEN_VARIABLE = "GNOMON_TOKEN"
TOKEN_FILE_VARIABLE = "GNOMON_TOKEN_FILE"
_SETTLED_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class IdentityConfig:
    """What the operator set about identity.

    Args:
        state_dir: The state folder; API tokens and keys are kept there.
        people_path: The people file; None where there is none to be.
        oidc: The identity provider; None where no tokens of one are taken.
        slack_signing_secret: Reference to the Slack app's signing secret, like `env:SLACK_SECRET`; empty
            where no requests of Slack are taken.
        subject: The settings' name for the local person; counts only where there is no people file.
        groups: The settings' groups for the local person; count only where there is no people file.
        trust_domain: Of the SPIFFE IDs of agents, loops and jobs.

    Raises:
        Misconfigured: The trust domain is not one.
    """

    state_dir: Path
    people_path: Path | None = None
    oidc: OidcRules | None = None
    slack_signing_secret: str = ""
    subject: str = ""
    tenant: str = "local"
    groups: frozenset[str] = frozenset()
    clock_skew_s: float = 60.0
    trust_domain: str = "gnomon.local"

    def __post_init__(self) -> None:
        try:
            check_trust_domain(self.trust_domain)
        except ValueError as error:
            raise Misconfigured(
                f"`{self.trust_domain}` is not a trust domain",
                facts=(("reason", str(error)),),
                hint="set `trust_domain` in [identity] to a name like gnomon.acme.example",
            ) from error


@dataclass(slots=True)
class Authenticator:
    """Proves people. Safe to share between threads; every attempt is recorded before it counts.

    Args:
        record: Takes the audit event of each login and refusal.
    """

    config: IdentityConfig
    record: Record
    clock: Clock = time.time
    _store: TokenStore | None = field(default=None, init=False)
    _oidc: OidcVerifier | None = field(default=None, init=False)
    _people: "_PeopleFile | None" = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        config = self.config
        if config.people_path is not None:
            self._people = _PeopleFile(config.people_path)
        if config.oidc is not None:
            if not config.oidc.audience:
                raise Misconfigured(
                    "an identity provider is set without an audience",
                    hint="set `audience` in [identity] to the name that the provider gives Gnomon",
                )
            self._oidc = OidcVerifier(config.oidc, Provider(config.oidc.issuer), self.clock)

    def local(self, user: str) -> Login:
        """The person at a terminal.

        Args:
            user: Of the operating system; see `os_user`.

        Raises:
            Refused: The people file says otherwise than the settings.
            Misconfigured: The people file cannot be used.
        """
        config = self.config
        return self._recorded(
            "local",
            lambda: local_login(
                self.people(), user, subject=config.subject, tenant=config.tenant, groups=config.groups
            ),
            claimed=(("os_user", user),),
        )

    def bearer(self, credential: Secret) -> Login:
        """The person whose API token or identity provider's token this is.

        Raises:
            Refused: It proves nobody.
            Misconfigured: No identity provider is set, or it or the people file cannot be used.
            Failed: The identity provider cannot be reached.
        """
        text = credential.reveal()
        if text.startswith(PREFIX):
            claimed = (("token_id", claimed_id(text)),)
            return self._recorded(
                "api_token", lambda: self.tokens().login(text, self.people()), claimed=claimed
            )
        return self._recorded(
            "oidc", lambda: self._verifier().login(text, self.people()), claimed=_claimed(text)
        )

    def slack(self, headers: Mapping[str, str], body: bytes) -> Login:
        """The person whom a request of Slack speaks for.

        Raises:
            Refused: The request is not Slack's, not fresh, a replay, or of nobody who is known.
            Misconfigured: No signing secret is set.
        """
        return self._recorded("slack", lambda: self._slack().login(headers, body, self.people()))

    def people(self) -> People | None:
        """The people file as it is now; None where none is set.

        Raises:
            Misconfigured: It is set and cannot be used: then nobody is let in.
        """
        return self._people.load() if self._people else None

    def tokens(self) -> ApiTokens:
        """API tokens of ours."""
        return ApiTokens(self.store(), self.clock, self.config.clock_skew_s)

    def store(self) -> TokenStore:
        """The token tables of the state folder, opened on first use."""
        with self._lock:
            if self._store is None:
                self._store = TokenStore.open(self.config.state_dir)
            return self._store

    def close(self) -> None:
        """Give back files. Calling it twice is harmless."""
        if self._store is not None:
            self._store.close()

    def _verifier(self) -> OidcVerifier:
        if self._oidc is None:
            raise Misconfigured(
                "a token of an identity provider was given, and none is set",
                hint="set `issuer` and `audience` in [identity], or give a token of `gnomon token create`",
            )
        return self._oidc

    def _slack(self) -> SlackVerifier:
        reference = self.config.slack_signing_secret
        if not reference:
            raise Misconfigured(
                "a Slack request came, and no signing secret is set",
                hint="set `slack_signing_secret` in [identity], for example to env:SLACK_SIGNING_SECRET",
            )
        return SlackVerifier(resolve(reference), self.store(), self.clock)

    @property
    def _recorded(self) -> Recorder:
        return Recorder(self.record, self.clock)


def credential_of(environ: Mapping[str, str]) -> Secret | None:
    """The token that a command was given, by variable or by file; None without one.

    Raises:
        Misconfigured: Both are set, one is empty, or the file is no secret file.
    """
    given = [name for name in (TOKEN_VARIABLE, TOKEN_FILE_VARIABLE) if name in environ]
    if not given:
        return None
    if len(given) == 2:
        raise Misconfigured(
            f"both {TOKEN_VARIABLE} and {TOKEN_FILE_VARIABLE} are set", hint="unset one of them"
        )
    if given[0] == TOKEN_FILE_VARIABLE:
        return resolve(f"file:{environ[TOKEN_FILE_VARIABLE]}")
    # Set and empty is a script whose secret is missing: it must not run as somebody else.
    return resolve(f"env:{TOKEN_VARIABLE}", environ)


def command_login(authenticator: Authenticator, environ: Mapping[str, str]) -> Login:
    """Who runs a command: whom the token in the environment proves, else the user of this machine.

    Raises:
        Refused: The token proves nobody.
        Misconfigured: Something that is needed is not set or cannot be used.
        Failed: The identity provider cannot be reached.
    """
    credential = credential_of(environ)
    return authenticator.local(os_user()) if credential is None else authenticator.bearer(credential)


def authenticate(config: IdentityConfig, environ: Mapping[str, str], record: Record) -> Principal:
    """Who runs a command, as `command_login` proves it.

    Raises:
        Refused: The token proves nobody.
        Misconfigured: Something that is needed is not set or cannot be used.
        Failed: The identity provider cannot be reached.
    """
    authenticator = Authenticator(config, record)
    try:
        return command_login(authenticator, environ).principal
    finally:
        authenticator.close()


@dataclass(slots=True)
class _PeopleFile:
    """Reads the file again when it changed. Gone or damaged, it lets nobody in."""

    path: Path
    _kept: tuple[tuple[int, ...], People] | None = field(default=None, init=False)

    def load(self) -> People:
        try:
            found = self.path.stat()
        except OSError:
            return load_people(self.path)
        mark = (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
        if self._kept is not None and self._kept[0] == mark:
            return self._kept[1]
        people = load_people(self.path)
        # A file changed this moment may change again within the same tick of its time stamp.
        settled = abs(time.time_ns() - found.st_mtime_ns) > _SETTLED_NS
        self._kept = (mark, people) if settled else None
        return people


def _claimed(token: str) -> Pairs:
    try:
        claims = read_token(token).claims
    except Refused:
        return ()
    return tuple((name, claims[name]) for name in ("iss", "jti") if isinstance(claims.get(name), str))
