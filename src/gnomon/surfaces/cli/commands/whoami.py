"""`gnomon whoami`: who the command line takes you for."""

from typing import TYPE_CHECKING, Any

from gnomon.surfaces.cli.options import JsonOption

if TYPE_CHECKING:
    from gnomon.identity.login import Login


def whoami(as_json: JsonOption = False) -> None:
    """Show who questions are asked as, why, and what that credential may be used for.

    \b
    Examples:
      gnomon whoami
      GNOMON_TOKEN_FILE=token.txt gnomon whoami --json
    """
    import os

    from gnomon.identity.authenticate import Authenticator, command_login
    from gnomon.store.audit import AuditLog
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal
    from gnomon.wiring import identity_config

    settings, terminal = read_settings(), Terminal()
    authenticator = Authenticator(identity_config(settings), AuditLog(settings.state_dir / "audit").append)
    try:
        login = command_login(authenticator, os.environ)
    finally:
        authenticator.close()
    if as_json:
        terminal.json(_values(login))
    else:
        terminal.foreign(_text(login))


def _values(login: "Login") -> dict[str, Any]:
    who = login.principal
    return {
        "subject": who.subject,
        "tenant": who.tenant,
        "groups": sorted(who.groups),
        "scopes": None if who.scopes is None else sorted(who.scopes),
        "claims": dict(who.claims),
        "method": who.method,
        "because": login.because,
    }


def _text(login: "Login") -> str:
    values = _values(login)
    lines = {
        "subject": values["subject"],
        "tenant": values["tenant"],
        "groups": ", ".join(values["groups"]) or "none",
        "scopes": "no limit" if values["scopes"] is None else ", ".join(values["scopes"]),
        "claims": ", ".join(f"{name}={value}" for name, value in values["claims"].items()) or "none",
        "because": values["because"],
    }
    return "\n".join(f"{label:<8} {value}" for label, value in lines.items())
