"""`entities.xml` of a Confluence space export: pages, their text, and the restrictions on them.

Format: a flat list of `<object class="...">` with `<property>` and `<collection>` children, as Hibernate
writes it. The file is parsed as a stream, twice: restrictions stand anywhere in it, so all of them are known
before the first page is told. Entity declarations are refused.

A page is read by whoever its own view restriction names and the restriction of every page above it, as in
Confluence. People are known by their e-mail, else by their name in Confluence; where neither stands in the
export they are nobody. Who belongs to the space does not stand there in a form that can be relied on: the
operator names them as the source's readers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from xml.parsers import expat

from gnomon.context.catalog.facts import Problem
from gnomon.context.knowledge.html import html_blocks
from gnomon.context.knowledge.sources.port import PAGE_CHARS, Item, Place, bounded, day_of, line, unreadable
from gnomon.domain.document import CLOSED, AccessList, Block, Document
from gnomon.store.archives import StoredFile

ENTITIES = "entities.xml"
MEMBER_BYTES = 1_000_000_000
MAX_DEPTH = 60
MAX_PARENTS = 100
_FEED_BYTES = 1 << 20
_FACTS = frozenset(
    {"Page", "BlogPost", "ConfluenceUserImpl", "ContentPermissionSet", "ContentPermission", "Space"}
)
_BODIES = frozenset({"BodyContent"})


def read_entities(place: Place, file: StoredFile) -> Iterator[Item]:
    """Every current page of the export as a document.

    Of a file that ends early, or is no XML from some line on, no page is taken: the restrictions that would
    have followed are unknown.

    Raises:
        Misconfigured: The file is such a one, or no export of Confluence.
    """
    export = _Export()
    try:
        for thing in _things(file.content, _FACTS):
            export.add(thing)
    except expat.ExpatError as error:
        said = (
            f"is not XML that can be read ({expat.ErrorString(error.code)}), so restrictions may be missing"
        )
        raise unreadable(f"{file.name}:{error.lineno}", said) from error
    except _NotTakenError as error:
        raise unreadable(file.name, str(error)) from error
    for body in _things(file.content, _BODIES):
        page = export.pages.get(body.values.get("content", ""))
        if page is not None and page.is_current:
            yield from _told(place, page, body.values.get("body", ""), export)


class _NotTakenError(Exception):
    """The file is something that no export is."""


@dataclass(slots=True)
class _Thing:
    """One `<object>`: its id, the texts of its properties, and the ids of its collections' elements."""

    kind: str
    id: str = ""
    values: dict[str, str] = field(default_factory=dict)
    elements: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Page:
    id: str
    title: str
    parent: str
    author: str
    written: date | None
    is_current: bool
    space: str


@dataclass(slots=True)
class _Export:
    """What the export says besides the pages' texts.

    Args:
        users: Key to e-mail and name.
        restricted: Page to the sets of its view restrictions.
        listed: Set to the permissions that it lists.
        owned: Set to the permissions that name it as theirs.
        subjects: Permission to whom it names: `group`, `key` or `user`, and the name.
    """

    pages: dict[str, _Page] = field(default_factory=dict)
    users: dict[str, tuple[str, str]] = field(default_factory=dict)
    spaces: dict[str, str] = field(default_factory=dict)
    restricted: dict[str, list[str]] = field(default_factory=dict)
    listed: dict[str, list[str]] = field(default_factory=dict)
    owned: dict[str, list[str]] = field(default_factory=dict)
    subjects: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, thing: _Thing) -> None:
        """Keep what one object says."""
        say = thing.values.get
        match thing.kind:
            case "Page" | "BlogPost":
                self.pages[thing.id] = _page(thing)
            case "ConfluenceUserImpl":
                self.users[thing.id] = (say("email", "").strip(), say("name", "").strip())
            case "Space":
                self.spaces[thing.id] = line(say("name", "") or say("key", ""))
            case "ContentPermissionSet" if say("type", "").strip().casefold() != "edit":
                self.restricted.setdefault(say("owningContent", ""), []).append(thing.id)
                self.listed[thing.id] = thing.elements
            case "ContentPermission":
                self.subjects[thing.id] = _subject(thing)
                self.owned.setdefault(say("owningSet", ""), []).append(thing.id)

    def names(self, permissions: str) -> frozenset[str]:
        """Whom a set of permissions names; nobody for those that the export does not know."""
        ids = {*self.listed.get(permissions, ()), *self.owned.get(permissions, ())}
        return frozenset(filter(None, (self._name(*self.subjects.get(i, ("", ""))) for i in ids)))

    def _name(self, kind: str, value: str) -> str:
        if kind == "group":
            return f"group:{value}"
        if kind == "key":
            email, name = self.users.get(value, ("", ""))
            value = email or name
        return f"user:{value}" if value else ""


def _page(thing: _Thing) -> _Page:
    say = thing.values.get
    is_old = say("originalVersion") or say("originalVersionId")
    return _Page(
        thing.id,
        line(say("title", "")),
        say("parent", ""),
        say("lastModifier") or say("creator") or say("lastModifierName") or say("creatorName", ""),
        day_of(say("lastModificationDate") or say("creationDate", "")),
        say("contentStatus", "current").strip() == "current" and not is_old,
        say("space", ""),
    )


def _subject(thing: _Thing) -> tuple[str, str]:
    say = thing.values.get
    group, key, name = say("groupName", "").strip(), say("userSubject", ""), say("userName", "").strip()
    return ("group", group) if group else ("key", key) if key else ("user", name)


def _told(place: Place, page: _Page, body: str, export: _Export) -> Iterator[Item]:
    where = f"{ENTITIES}#{page.id}"
    problems: list[Problem] = []
    body = bounded(body.replace("]] >", "]]>"), where, PAGE_CHARS, problems)
    email, name = export.users.get(page.author, ("", page.author))
    space = export.spaces.get(page.space, "")
    card = place.card(where, page.title, author=name or email, written=page.written, tags=(space,))
    chain = _chain(page, export)
    above = [space, *(p.title for p in reversed(chain[1:6]))]
    path = Block("heading", " / ".join(filter(None, above)), 1)
    readers = _readers(where, chain, export, problems)
    yield Document(card, (path, *html_blocks(body)), readers)
    yield from problems


def _chain(page: _Page, export: _Export) -> list[_Page]:
    """The page and those above it; it ends where they go in a circle."""
    chain, seen = [page], {page.id}
    above = export.pages.get(page.parent)
    while above is not None and above.id not in seen and len(chain) < MAX_PARENTS:
        chain.append(above)
        seen.add(above.id)
        above = export.pages.get(above.parent)
    return chain


def _readers(where: str, chain: list[_Page], export: _Export, problems: list[Problem]) -> AccessList | None:
    last = chain[-1]
    if last.parent and last.parent not in {page.id for page in chain}:
        problems.append(
            Problem(where, "lies below a page that is not known, nor who may read that; nobody may read it")
        )
        return CLOSED
    sets = [each for page in chain for each in export.restricted.get(page.id, ())]
    readers = tuple(map(export.names, sets))
    if not all(readers):
        problems.append(
            Problem(where, "is restricted to people whom the export does not name; nobody may read it")
        )
    return readers or None


def _things(content: bytes, kinds: frozenset[str]) -> Iterator[_Thing]:
    """The objects of some classes, one after the other.

    Raises:
        ExpatError: From some line on it is not XML.
        _NotTakenError: It declares entities or nests without end.
    """
    reader = _Reader(kinds)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _refuse_entities
    view = memoryview(content)
    for start in range(0, len(view), _FEED_BYTES):
        parser.Parse(bytes(view[start : start + _FEED_BYTES]), False)
        yield from reader.take()
    parser.Parse(b"", True)
    yield from reader.take()


def _refuse_entities(*_: object) -> None:
    raise _NotTakenError("declares entities, which no export of Confluence does")


class _Reader:
    """Collects one `<object>` at a time."""

    def __init__(self, kinds: frozenset[str]) -> None:
        self._kinds = kinds
        self._done: list[_Thing] = []
        self._depth = self._collections = self._size = 0
        self._thing: _Thing | None = None
        self._property = ""
        self._text: list[str] = []

    def take(self) -> list[_Thing]:
        """What was finished since the last time."""
        done, self._done = self._done, []
        return done

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _NotTakenError("nests deeper than any export of Confluence")
        if tag == "object" and attributes.get("class") in self._kinds:
            self._thing = _Thing(attributes["class"], attributes.get("id", ""))
            self._property = ""
        elif tag == "collection":
            self._collections += 1
        elif tag == "property" and not self._collections:
            self._property = attributes.get("name", "")
        if tag in ("property", "id"):
            self._text, self._size = [], 0

    def text(self, data: str) -> None:
        """Text of an element."""
        if self._thing is not None and self._size <= PAGE_CHARS:
            self._text.append(data)
            self._size += len(data)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._depth -= 1
        thing = self._thing
        if tag == "collection":
            self._collections -= 1
        elif thing is not None and tag == "object":
            self._done.append(thing)
            self._thing = None
        elif thing is not None and tag in ("property", "id"):
            value, self._text = "".join(self._text), []
            self._keep(thing, tag, value)

    def _keep(self, thing: _Thing, tag: str, value: str) -> None:
        if self._collections:
            thing.elements += [value.strip()] if tag == "id" else []
        elif tag == "property":
            # A property that refers to an object holds its id, which is kept already.
            thing.values.setdefault(self._property, value)
            self._property = ""
        elif self._property:
            thing.values[self._property] = value.strip()
        else:
            thing.id = value.strip()
