"""The person at a terminal of this machine, as the operating system knows them."""

import os
import sys

from gnomon.domain.identity import Principal
from gnomon.identity.login import Login
from gnomon.identity.people import People
from gnomon.identity.refusals import refused


def os_user() -> str:
    """The name of the user that this process runs as.

    From the process's user id: `$USER` and `$LOGNAME` hold whatever somebody wrote there.
    """
    if sys.platform == "win32":
        return os.getlogin()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"


def local_login(
    people: People | None,
    user: str,
    *,
    subject: str = "",
    tenant: str = "local",
    groups: frozenset[str] = frozenset(),
) -> Login:
    """Who the user of the operating system is.

    With a people file that file alone decides: a mapped user is the person it names, an unmapped one is only
    themselves, without groups. Without one there is nobody to tell apart, and the settings may name them.

    Args:
        subject: The settings' name for the person; empty for the user's own.

    Raises:
        Refused: There is a people file, and the settings name somebody else.
    """
    if people is None:
        named = f"the settings name `{subject}`" if subject else "no people file maps users to people"
        principal = Principal(subject or user, tenant, groups)
        return _login(principal, user, f"you are the user `{user}` of this machine, and {named}")
    person = people.by_local_user(user)
    principal = person.principal("local") if person else _unmapped(people, user, tenant)
    if subject and subject != principal.subject:
        raise refused(
            "local",
            f"the settings say `{subject}`, and the people file says otherwise",
            facts=(("user", user), ("people file", principal.subject)),
            hint="remove `subject` under [principal] and $GNOMON_PRINCIPAL_SUBJECT",
        )
    mapped = f", mapped at {person.where}" if person else ", whom the people file does not map: in no group"
    return _login(principal, user, f"you are the user `{user}` of this machine{mapped}")


def _unmapped(people: People, user: str, tenant: str) -> Principal:
    if people.get(tenant, user) is not None:
        raise refused(
            "local",
            f"the user `{user}` has the name of a person and is not mapped to them",
            hint=f'if they are the same, ask the operator to write local_user = "{user}" in the people file',
        )
    return Principal(user, tenant)


def _login(principal: Principal, user: str, because: str) -> Login:
    return Login(principal, because, (("os_user", user),))
