"""Who runs this process, what they may do, and by whose policies."""

import os
from typing import TYPE_CHECKING

from gnomon.domain.errors import Refused
from gnomon.domain.identity import Principal
from gnomon.settings import Settings
from gnomon.store.audit import AuditLog
from gnomon.store.policy_files import PolicyFolder

if TYPE_CHECKING:
    from gnomon.identity.authenticate import IdentityConfig


def identity_config(settings: Settings) -> "IdentityConfig":
    """What the settings say about identity. With policies, only the people file names the local person."""
    from gnomon.identity.authenticate import IdentityConfig
    from gnomon.identity.oidc import OidcRules

    said, person = settings.identity, settings.principal_section
    governed = settings.policy_dir is not None
    rules = OidcRules(
        said.issuer,
        said.audience,
        said.subject_claim,
        said.groups_claim,
        said.tenant_claim,
        person.tenant,
        said.kept_claims,
        said.clock_skew_s,
    )
    return IdentityConfig(
        state_dir=settings.state_dir,
        people_path=settings.people_path,
        oidc=rules if said.issuer else None,
        slack_signing_secret=said.slack_signing_secret,
        subject="" if governed else person.subject,
        tenant=person.tenant,
        groups=frozenset() if governed else frozenset(person.groups),
        clock_skew_s=said.clock_skew_s,
        trust_domain=said.trust_domain,
    )


def principal_of(settings: Settings) -> Principal:
    """Who runs this process, proven and recorded.

    Raises:
        Refused: A token is given and proves nobody.
        Misconfigured: What is needed to prove somebody is missing.
    """
    from gnomon.identity.authenticate import authenticate

    audit = AuditLog(settings.state_dir / "audit")
    return authenticate(identity_config(settings), os.environ, audit.append)


def policy_folder(settings: Settings) -> PolicyFolder:
    """The deployment's policies."""
    audit, home = AuditLog(settings.state_dir / "audit"), settings.principal_section.tenant
    return PolicyFolder(settings.policy_dir, settings.state_dir, home, audit.append)


def is_operator(principal: Principal) -> bool:
    """Whether they may look at, and change, what others may do: at the machine, or by the scope `admin`."""
    return principal.method == "local" or "admin" in (principal.scopes or ())


def require_operator(principal: Principal) -> None:
    """Refuse whoever may not look at, or change, what others may do.

    Raises:
        Refused: They work with a token that has not the scope `admin`.
    """
    if not is_operator(principal):
        raise Refused(
            "this is for operators",
            rule="identity:scope",
            facts=(("you are", f"{principal.subject} by {principal.method}"),),
            hint="run it on the machine itself, or with a token that has the scope `admin`",
        )


def role_of(settings: Settings, person: Principal) -> str:
    """The role a person takes in an engine that has roles; empty for the login's own."""
    if settings.people_path is None:
        return ""
    from gnomon.identity.people import load_people

    return load_people(settings.people_path).postgres_role(person)
