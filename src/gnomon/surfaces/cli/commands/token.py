"""`gnomon token`: make, list and end API tokens."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gnomon.surfaces.cli.errors import Usage
from gnomon.surfaces.cli.options import JsonOption

if TYPE_CHECKING:
    from gnomon.domain.identity import Principal
    from gnomon.identity.authenticate import Authenticator
    from gnomon.store.audit import AuditLog
    from gnomon.store.tokens import StoredToken

app = typer.Typer(
    name="token",
    help="Make, list and end API tokens, with which programs ask in somebody's name.",
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_TIME = re.compile(r"([1-9][0-9]{0,5})([mhdw])")


@app.command("create", short_help="Make a token and print it once.")
def create(
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="Who the token speaks for, for example ana@acme.test.")
    ],
    group: Annotated[
        list[str] | None,
        typer.Option(
            "--group",
            "-g",
            metavar="GROUP",
            help="A group; repeat it. Default: all that the people file gives.",
        ),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            "-s",
            metavar="SCOPE",
            help="What it may be used for; repeat it. Default: read, compute, ask.",
        ),
    ] = None,
    expires: Annotated[
        str, typer.Option("--expires", metavar="TIME", help="When it ends: 45m, 12h, 30d or 8w.")
    ] = "30d",
    claim: Annotated[
        list[str] | None,
        typer.Option("--claim", metavar="NAME=VALUE", help="A fact that policies read; repeat it."),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="TENANT", help="The subject's tenant. Default: yours.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make an API token. It is printed once and cannot be shown again: only its hash is kept.

    \b
    Examples:
      gnomon token create ana@acme.test --expires 12h
      gnomon token create nightly-report --group finance --scope read --scope compute --expires 8w
      gnomon token create ana@acme.test --json | jq -r .token
    """
    from gnomon.identity.api_tokens import Grant
    from gnomon.identity.scopes import DEFAULT_SCOPES

    lives_s, claims = _seconds(expires), tuple(_pair(each) for each in claim or ())
    with _desk() as desk:
        grant = Grant(
            subject=subject,
            tenant=tenant or desk.principal.tenant,
            groups=None if group is None else frozenset(group),
            scopes=DEFAULT_SCOPES if scope is None else frozenset(scope),
            claims=claims,
            lives_s=lives_s,
        )
        made = desk.authenticator.tokens().create(
            grant, created_by=desk.principal, people=desk.authenticator.people()
        )
        desk.note("token created", made.stored)
    _show_new(made.text, made.stored, as_json)


@app.command("list", short_help="List tokens, never their secrets.")
def list_tokens(as_json: JsonOption = False) -> None:
    """List API tokens, newest first: whose they are, what they may do, when they end and were last used.

    \b
    Examples:
      gnomon token list
      gnomon token list --json | jq '.[] | select(.state == "active")'
    """
    from gnomon.identity.api_tokens import check_admin
    from gnomon.surfaces.cli.listing import print_listing
    from gnomon.surfaces.cli.terminal import Terminal

    with _desk() as desk:
        check_admin(desk.principal)
        tokens = desk.authenticator.store().list()
    terminal = Terminal()
    if as_json:
        terminal.json([_values(token) for token in tokens])
    elif tokens:
        print_listing([_line(token) for token in tokens], terminal, ("id",))
    else:
        terminal.say("there are no tokens yet; make one with: gnomon token create SUBJECT")


@app.command("revoke", short_help="End a token at once.")
def revoke(
    token_id: Annotated[
        str, typer.Argument(metavar="ID", help="The token's id, as `gnomon token list` shows it.")
    ],
    as_json: JsonOption = False,
) -> None:
    """End an API token for good. The next use of it is refused.

    \b
    Examples:
      gnomon token revoke 0f1e2d3c4b5a6978
    """
    from gnomon.surfaces.cli.terminal import Terminal

    with _desk() as desk:
        stored = desk.authenticator.tokens().revoke(token_id, revoked_by=desk.principal)
        desk.note("token revoked", stored)
    terminal = Terminal()
    if as_json:
        terminal.json(_values(stored))
    else:
        terminal.say(f"revoked {stored.id} of {stored.subject}")


@dataclass(frozen=True, slots=True)
class _Desk:
    """Who manages tokens, and with what."""

    principal: "Principal"
    authenticator: "Authenticator"
    audit: "AuditLog"

    def note(self, act: str, token: "StoredToken") -> None:
        """Record a change of who is let in."""
        from gnomon.domain.events import AuditEvent

        who = self.principal
        detail = (
            ("act", act),
            ("token_id", token.id),
            ("for", token.subject),
            ("scopes", " ".join(token.scopes)),
        )
        self.audit.append(AuditEvent(datetime.now(UTC), who.subject, who.tenant, "policy", detail))


@contextmanager
def _desk() -> Iterator[_Desk]:
    import os

    from gnomon.identity.authenticate import Authenticator, command_login
    from gnomon.store.audit import AuditLog
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.wiring import identity_config

    settings = read_settings()
    audit = AuditLog(settings.state_dir / "audit")
    authenticator = Authenticator(identity_config(settings), audit.append)
    try:
        yield _Desk(command_login(authenticator, os.environ).principal, authenticator, audit)
    finally:
        authenticator.close()


def _show_new(text: str, stored: "StoredToken", as_json: bool) -> None:
    from gnomon.surfaces.cli.terminal import Terminal

    terminal = Terminal()
    if as_json:
        terminal.json({"token": text, **_values(stored)})
        return
    terminal.foreign(text)
    groups, scopes = ", ".join(stored.groups) or "none", ", ".join(stored.scopes)
    terminal.say(f"for {stored.subject}, groups {groups}, scopes {scopes}, until {_day(stored.expires_at)}")
    terminal.say("keep it in a secret store: it is not shown again. Use it as $GNOMON_TOKEN")


def _values(token: "StoredToken") -> dict[str, Any]:
    return {
        "id": token.id,
        "subject": token.subject,
        "tenant": token.tenant,
        "groups": [*token.groups],
        "scopes": [*token.scopes],
        "claims": dict(token.claims),
        "state": _state(token),
        "created_by": token.created_by,
        "created_at": _iso(token.created_at),
        "expires_at": _iso(token.expires_at),
        "revoked_at": _iso(token.revoked_at),
        "last_used_at": _iso(token.last_used_at),
    }


def _line(token: "StoredToken") -> dict[str, str]:
    return {
        "id": token.id,
        "for": token.subject,
        "groups": " ".join(token.groups),
        "scopes": " ".join(token.scopes),
        "state": _state(token),
        "expires": _day(token.expires_at),
        "last used": "never" if token.last_used_at is None else _day(token.last_used_at),
    }


def _state(token: "StoredToken") -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if datetime.now(UTC).timestamp() >= token.expires_at else "active"


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _seconds(text: str) -> float:
    found = _TIME.fullmatch(text)
    if found is None:
        raise Usage(f"`{text}` is not a time", hint="write for example --expires 45m, 12h, 30d or 8w")
    return float(int(found[1]) * _SECONDS[found[2]])


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not (name and separator and value):
        raise Usage(f"`{text}` is not NAME=VALUE", hint="write for example --claim region=EU")
    return name, value
