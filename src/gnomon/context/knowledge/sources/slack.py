"""A Slack export archive: the zip, or its folder.

    channels.json groups.json dms.json mpims.json users.json
    general/2026-03-01.json ...

A document is a channel's day. A thread stands whole where it began, also where replies came on later days.
What bots, joins and other events wrote is left out. A public channel is for whom the source is for; a private
one and direct messages are for their members, whom `users.json` names by e-mail. Who is not named there, left
the workspace or is a bot reads nothing by it. A folder that no list speaks of is closed to all.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from gnomon.context.catalog.facts import Problem
from gnomon.context.knowledge.sources.port import Item, Place, day_of, decoded, line
from gnomon.domain.document import CLOSED, AccessList, Block, Document
from gnomon.store.archives import StoredFile

USERS = "users.json"
PUBLIC, PRIVATE = "channels.json", ("groups.json", "dms.json", "mpims.json")
MESSAGE_CHARS = 20_000
THREAD_CHARS = 100_000
LATE_REPLIES = 500_000
AUTHORS_NAMED = 3
_SAID = frozenset({"", "thread_broadcast", "me_message", "file_share"})
_DAY_FILE = re.compile(r"(?:[^/]+/)*([^/]+)/(\d{4}-\d{2}-\d{2})\.json")
_REFERENCE = re.compile(r"<([@#!]?)([^<>|]{1,500})(?:\|([^<>]{0,500}))?>")


@dataclass(frozen=True, slots=True)
class SlackExport:
    """An export of a Slack workspace."""

    place: Place

    def read(self) -> Iterator[Item]:
        """Every day of every channel as a document."""
        problems: list[Problem] = []
        workspace = _Workspace.of(self._lists(problems), problems)
        late = self._late_replies(problems)
        yield from problems
        unknown: set[str] = set()
        for file in self.place.files(_is_day, []):
            folder = _folder(file.name)
            if folder not in workspace.channels and folder not in unknown:
                unknown.add(folder)
                yield Problem(folder, "is in none of the lists of channels; nobody may read it")
            yield from self._day(file, workspace, late)
        for (folder, _), replies in sorted(late.items()):
            # Threads whose beginning is not in the export.
            day = replies[0].at.date().isoformat()
            yield self._document(folder, f"{folder}/{day}#{replies[0].ts}", [replies], workspace)

    def _lists(self, problems: list[Problem]) -> dict[str, list[Mapping[str, Any]]]:
        wanted = {PUBLIC, USERS, *PRIVATE}
        files: dict[str, StoredFile] = {}
        for file in self.place.files(lambda name: PurePosixPath(name).name in wanted, problems):
            name = PurePosixPath(file.name).name
            # The list is the one beside the channels' folders, not what lies in one of them.
            if name not in files or file.name.count("/") < files[name].name.count("/"):
                files[name] = file
        if USERS not in files:
            problems.append(Problem(USERS, "is not in the export, so nobody may read a private channel"))
        return {name: _records(file, problems) for name, file in files.items()}

    def _late_replies(self, problems: list[Problem]) -> "dict[tuple[str, str], list[_Message]]":
        """Replies that do not stand in the file in which their thread begins, by channel and thread."""
        late: dict[tuple[str, str], list[_Message]] = defaultdict(list)
        count = 0
        for file in self.place.files(_is_day, problems):
            messages = _messages(file, problems)
            begun = {m.ts for m in messages}
            for message in messages:
                if message.thread and message.thread not in begun and count < LATE_REPLIES:
                    late[_folder(file.name), message.thread].append(message)
                    count += 1
        if count == LATE_REPLIES:
            problems.append(
                Problem(self.place.name, f"over {LATE_REPLIES:,} late replies; the others are left out")
            )
        return late

    def _day(
        self, file: StoredFile, workspace: "_Workspace", late: "dict[tuple[str, str], list[_Message]]"
    ) -> Iterator[Item]:
        messages = _messages(file, [])
        folder = _folder(file.name)
        begun = {m.ts for m in messages}
        threads: dict[str, list[_Message]] = {m.ts: [m] for m in messages if not m.thread}
        for message in messages:
            if message.thread in begun:
                threads.setdefault(message.thread, []).append(message)
        for ts in threads:
            threads[ts] += late.pop((folder, ts), [])
        if threads:
            place = f"{folder}/{PurePosixPath(file.name).stem}"
            ordered = [sorted(threads[ts], key=lambda m: m.ts) for ts in sorted(threads)]
            yield self._document(folder, place, ordered, workspace)

    def _document(
        self, folder: str, place: str, threads: "list[list[_Message]]", workspace: "_Workspace"
    ) -> Document:
        channel = workspace.channels.get(folder)
        readers = channel.readers if channel else CLOSED
        people = [workspace.name(m.user) for thread in threads for m in thread]
        blocks = tuple(_block(thread, workspace) for thread in threads)
        name = channel.title if channel else folder
        day = day_of(PurePosixPath(place).name[:10])
        card = self.place.card(
            place, f"{name}, {day}" if day else name, author=_authors(people), written=day, tags=("slack",)
        )
        about = (Block("heading", channel.about, 1),) if channel and channel.about else ()
        return Document(card, (*about, *blocks), readers)


@dataclass(frozen=True, slots=True)
class _Message:
    ts: str
    at: datetime
    user: str
    text: str
    thread: str


@dataclass(frozen=True, slots=True)
class _Channel:
    """A channel; `readers` is None where it is public."""

    title: str
    readers: AccessList | None
    about: str = ""


@dataclass(frozen=True, slots=True)
class _Workspace:
    names: Mapping[str, str]
    channels: Mapping[str, _Channel] = field(default_factory=dict)

    @classmethod
    def of(cls, lists: Mapping[str, list[Mapping[str, Any]]], problems: list[Problem]) -> "_Workspace":
        """Who and what there is. A folder that a private list names is private, whatever else names it."""
        users = {str(u.get("id", "")): u for u in lists.get(USERS, ())}
        names = {key: _name(user) for key, user in users.items()}
        channels: dict[str, _Channel] = {}
        for record in lists.get(PUBLIC, ()):
            _add(channels, _key(record), _public(record, users, names))
        for kind in PRIVATE:
            for record in lists.get(kind, ()):
                where = f"{kind}: {_key(record)}"
                channel = _private(record, users, names, where, problems)
                for key in {_key(record), str(record.get("id", ""))}:
                    _add(channels, key, channel)
        return cls(names, channels)

    def name(self, user: str) -> str:
        """What a person is called; their id where nobody says."""
        return self.names.get(user) or user


def _add(channels: dict[str, _Channel], key: str, channel: _Channel) -> None:
    """Add a channel; where two have one folder, whoever reads is a member of both."""
    other = channels.get(key)
    if other is not None and other.readers:
        channel = replace(channel, readers=(*other.readers, *(channel.readers or ())))
    channels[key] = channel


def _key(record: Mapping[str, Any]) -> str:
    """The folder of a channel: its name, or its id where it has none."""
    return str(record.get("name") or record.get("id") or "")


def _name(user: Mapping[str, Any]) -> str:
    profile = _mapping(user.get("profile"))
    told = (profile.get("real_name"), user.get("real_name"), profile.get("display_name"), user.get("name"))
    return line(next((t for t in told if isinstance(t, str) and t), ""), 80)


def _public(
    record: Mapping[str, Any], users: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]
) -> _Channel:
    about = [_mapping(record.get(part)).get("value") for part in ("purpose", "topic")]
    told = next((line(_plain(a, names), 120) for a in about if isinstance(a, str) and a), "")
    readers = None
    if record.get("is_private") or record.get("is_im") or record.get("is_mpim"):
        readers = (_members(record, users),)
    return _Channel(f"#{_key(record)}", readers, told)


def _private(
    record: Mapping[str, Any],
    users: Mapping[str, Mapping[str, Any]],
    names: Mapping[str, str],
    where: str,
    problems: list[Problem],
) -> _Channel:
    readers = _members(record, users)
    told = record.get("members")
    members = [str(m) for m in told] if isinstance(told, list) else []
    if not readers:
        problems.append(Problem(where, "has no member with an e-mail in users.json; nobody may read it"))
    if str(record.get("name", "")) and not str(record.get("name", "")).startswith("mpdm-"):
        title = f"#{_key(record)} (private)"
    else:
        title = f"Direct messages of {', '.join(names.get(m) or m for m in members[:6])}"
    return _Channel(title, (readers,))


def _members(record: Mapping[str, Any], users: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    members = record.get("members")
    if not isinstance(members, list):
        return frozenset()
    mails = (_mail(users.get(m, {})) for m in members if isinstance(m, str))
    return frozenset(f"user:{mail}" for mail in mails if mail)


def _mail(user: Mapping[str, Any]) -> str:
    mail = _mapping(user.get("profile")).get("email")
    if user.get("deleted") or user.get("is_bot") or not isinstance(mail, str):
        return ""
    return mail.strip()


def _records(file: StoredFile, problems: list[Problem]) -> list[Mapping[str, Any]]:
    """The objects of a JSON list; what is none of them is told."""
    try:
        value = json.loads(decoded(file, problems))
    except ValueError as error:
        problems.append(Problem(file.name, f"is not JSON: {line(str(error), 120)}"))
        return []
    except RecursionError:
        problems.append(Problem(file.name, "nests too deep to be an export of Slack"))
        return []
    if not isinstance(value, list):
        problems.append(Problem(file.name, "is not a list, as Slack exports them"))
        return []
    records: list[Mapping[str, Any]] = [record for record in value if isinstance(record, dict)]
    if len(records) < len(value):
        problems.append(Problem(file.name, f"{len(value) - len(records)} entries are not objects"))
    return records


def _messages(file: StoredFile, problems: list[Problem]) -> list[_Message]:
    """What people said on a day, in the order of time."""
    found = (_message(record) for record in _records(file, problems))
    return sorted((m for m in found if m is not None), key=lambda m: m.ts)


def _message(record: Mapping[str, Any]) -> _Message | None:
    user, text, ts = record.get("user"), record.get("text"), record.get("ts")
    said = record.get("type", "message") == "message" and (record.get("subtype") or "") in _SAID
    is_bot = record.get("bot_id") or user == "USLACKBOT"
    if not said or is_bot or not (isinstance(user, str) and isinstance(text, str) and isinstance(ts, str)):
        return None
    at = _moment(ts)
    if at is None or not text.strip():
        return None
    thread = record.get("thread_ts")
    reply = isinstance(thread, str) and thread != ts
    return _Message(ts, at, user, text[:MESSAGE_CHARS], str(thread) if reply else "")


def _moment(ts: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _block(thread: list[_Message], workspace: _Workspace) -> Block:
    """A thread, a line a message: it stays whole where it fits, and is cut between messages."""
    lines, size = [], 0
    for message in thread:
        text = " ".join(_plain(message.text, workspace.names).split())
        lines.append(f"{workspace.name(message.user)} ({message.at:%Y-%m-%d %H:%M}): {text}")
        size += len(lines[-1])
        if size > THREAD_CHARS:
            break
    return Block("list", "\n".join(lines))


def _plain(text: str, names: Mapping[str, str]) -> str:
    """Slack's marks as words: `<@U1>` as the person's name, `<url|words>` as the words and the address."""

    def told(match: re.Match[str]) -> str:
        kind, target, label = match[1], match[2], match[3]
        if kind == "@":
            return f"@{label or names.get(target) or target}"
        if kind:
            return f"{kind.replace('!', '@')}{label or target}"
        return f"{label} ({target})" if label and label != target else target

    return _REFERENCE.sub(told, text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _authors(people: list[str]) -> str:
    counted = sorted({p: people.count(p) for p in set(people)}.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [name for name, _ in counted[:AUTHORS_NAMED]]
    more = len(counted) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_day(name: str) -> bool:
    return _DAY_FILE.fullmatch(name) is not None


def _folder(name: str) -> str:
    found = _DAY_FILE.fullmatch(name)
    return found[1] if found else ""
