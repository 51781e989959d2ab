"""The people file: which accounts belong to one person, and the groups the operator gives them.

Each `[[people]]` table of `policies/people.toml` is a person. An account (an operating system's user, a Slack
user, a subject of the identity provider) belongs to one person at most, so a mapping is never ambiguous.
"""

import difflib
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from gnomon.domain.errors import Misconfigured
from gnomon.domain.identity import AuthMethod, Principal
from gnomon.identity.claims import is_readable

_ACCOUNTS = ("local_user", "slack", "oidc_subject")
_TEXTS = ("subject", "tenant", *_ACCOUNTS, "postgres_role")
_KEYS = (*_TEXTS, "groups", "claims")
_SLACK = re.compile(r"T[A-Z0-9]{2,20}/[UW][A-Z0-9]{2,20}")
_PERSON = re.compile(r"^\s*\[\[\s*[\"']?people[\"']?\s*\]\]")


@dataclass(frozen=True, slots=True)
class Person:
    """One person, as the operator wrote them down.

    Args:
        local_user: Their user of the operating system; empty for none.
        slack: Their Slack team and user, `T0AAAA/U0BBBB`; empty for none.
        oidc_subject: What the identity provider's subject claim holds; empty if it is `subject` itself.
        postgres_role: The database role their queries run as; empty for the warehouse's own account.
        where: File and line.
    """

    subject: str
    tenant: str = "local"
    groups: frozenset[str] = frozenset()
    local_user: str = ""
    slack: str = ""
    oidc_subject: str = ""
    claims: tuple[tuple[str, str], ...] = ()
    postgres_role: str = ""
    where: str = ""

    def principal(self, method: AuthMethod) -> Principal:
        """The person, authenticated by `method`."""
        return Principal(self.subject, self.tenant, self.groups, self.claims, method)


@dataclass(frozen=True, slots=True)
class People:
    """All of them."""

    people: tuple[Person, ...]
    _by_account: Mapping[tuple[str, str], Person] = field(repr=False, compare=False)
    _by_subject: Mapping[tuple[str, str], Person] = field(repr=False, compare=False)

    def by_local_user(self, name: str) -> Person | None:
        """Whose user of the operating system this is."""
        return self._by_account.get(("local_user", name))

    def by_slack(self, team: str, user: str) -> Person | None:
        """Whose Slack user this is."""
        return self._by_account.get(("slack", f"{team}/{user}"))

    def by_oidc(self, subject: str) -> Person | None:
        """Whose subject at the identity provider this is."""
        return self._by_account.get(("oidc_subject", subject))

    def get(self, tenant: str, subject: str) -> Person | None:
        """The person of that subject."""
        return self._by_subject.get((tenant, subject))

    def postgres_role(self, principal: Principal) -> str:
        """The database role that the person's queries run as; empty for none."""
        person = self.get(principal.tenant, principal.subject)
        return person.postgres_role if person else ""


def load_people(path: Path) -> People:
    """The people of a file.

    Raises:
        Misconfigured: It cannot be read, everybody may write it, or something in it is wrong (file and line).
    """
    text = _read(path)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(
            f"{path} is not valid TOML",
            facts=(("reason", str(error)),),
            hint="correct the file at that place",
        ) from error
    lines = _Lines(path, text)
    for name in raw:
        if name != "people":
            lines.wrong(None, name, f"`{name}` is not a table here", _near(name, ["people"]))
    entries = raw.get("people", [])
    if not isinstance(entries, list):
        lines.wrong(None, "people", "`people` is not a list", "write `[[people]]` with two brackets")
    people = tuple(_person(entry, number, lines) for number, entry in enumerate(entries))
    return People(people, _accounts(people, lines), _subjects(people, lines))


@dataclass(frozen=True, slots=True)
class _Lines:
    """Finds where something stands in the file, and says what is wrong there."""

    path: Path
    text: str

    def place(self, number: int | None, key: str = "") -> str:
        """File and line of a key of the numbered person; of the person's header if the key is not found."""
        lines, seen, header = self.text.splitlines(), -1, 1
        for position, line in enumerate(lines, 1):
            if _PERSON.match(line):
                seen += 1
                header = position if seen == number else header
            inside = number is None or seen == number
            if inside and key and re.match(rf"\s*[\[\s\"']*{re.escape(key)}\b", line):
                return f"{self.path}:{position}"
        return f"{self.path}:{header}"

    def wrong(self, number: int | None, key: str, message: str, hint: str) -> NoReturn:
        """Raise the error at that place."""
        raise Misconfigured(message, facts=(("where", self.place(number, key)),), hint=hint)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(path.stat().st_mode)
            text = file.read().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"{path} cannot be read",
            facts=(("reason", str(error)),),
            hint="nobody is let in without it: put the file back, readable for this user and in UTF-8",
        ) from error
    if mode & stat.S_IWOTH:
        raise Misconfigured(
            f"everybody on this machine may write {path}",
            hint=f"take that right away: chmod o-w {path}",
        )
    return text


def _person(entry: object, number: int, lines: _Lines) -> Person:
    if not isinstance(entry, dict):
        lines.wrong(
            number, "people", "a person is not a table", "write `[[people]]` and the person's keys below"
        )
    for key in entry:
        if key not in _KEYS:
            lines.wrong(number, key, f"`{key}` is not a key of a person", _near(key, _KEYS))
    texts = {key: _text(entry, key, number, lines) for key in _TEXTS if key in entry}
    if "subject" not in texts:
        lines.wrong(number, "", "a person has no `subject`", 'write for example subject = "ana@acme.test"')
    if "slack" in texts and not _SLACK.fullmatch(texts["slack"]):
        lines.wrong(
            number, "slack", "`slack` is not a team and a user", 'write it like slack = "T0AAAA/U0BBBB"'
        )
    return Person(
        **texts,
        groups=frozenset(_groups(entry, number, lines)),
        claims=_claims(entry, number, lines),
        where=lines.place(number),
    )


def _text(entry: Mapping[str, Any], key: str, number: int, lines: _Lines) -> str:
    value = entry[key]
    if not _is_name(value):
        lines.wrong(number, key, f"`{key}` is not readable text", f'write it like {key} = "name"')
    return str(value)


def _groups(entry: Mapping[str, Any], number: int, lines: _Lines) -> list[str]:
    groups = entry.get("groups", [])
    if not isinstance(groups, list) or not all(map(_is_name, groups)):
        lines.wrong(number, "groups", "`groups` is not a list of names", 'write it like groups = ["finance"]')
    return groups


def _claims(entry: Mapping[str, Any], number: int, lines: _Lines) -> tuple[tuple[str, str], ...]:
    claims = entry.get("claims", {})
    if not isinstance(claims, dict) or not all(map(_is_name, [*claims, *claims.values()])):
        lines.wrong(
            number, "claims", "`claims` holds more than texts", 'write it like claims = { region = "EU" }'
        )
    return tuple(sorted(claims.items()))


def _is_name(value: object) -> bool:
    return is_readable(value) and value == value.strip()


def _accounts(people: Iterable[Person], lines: _Lines) -> dict[tuple[str, str], Person]:
    found: dict[tuple[str, str], Person] = {}
    for number, person in enumerate(people):
        for account in _ACCOUNTS:
            if value := getattr(person, account):
                _claim(found, (account, value), person, lines, number)
    return found


def _subjects(people: Iterable[Person], lines: _Lines) -> dict[tuple[str, str], Person]:
    found: dict[tuple[str, str], Person] = {}
    for number, person in enumerate(people):
        _claim(found, (person.tenant, person.subject), person, lines, number)
    return found


def _claim(
    found: dict[tuple[str, str], Person], key: tuple[str, str], person: Person, lines: _Lines, number: int
) -> None:
    first = found.setdefault(key, person)
    if first is not person:
        name = key[0] if key[0] in _ACCOUNTS else "subject"
        hint = f"{first.subject} at {first.where} has it already; it belongs to one person at most"
        lines.wrong(number, name, f'{name} = "{key[1]}" stands twice', hint)


def _near(name: str, known: Iterable[str]) -> str:
    names = [*known]
    near = difflib.get_close_matches(name, names, 1, 0.5)
    return f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(names)}"
