"""Documents for tests: a source that holds them in memory, a cheap embedder, people, and exports on disk."""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.context.catalog.facts import Problem
from gnomon.context.knowledge.retriever import KnowledgeBase, Reader
from gnomon.context.knowledge.sources.port import DocumentSource, Item, Place
from gnomon.domain.document import AccessList, Block, Document, Passage
from gnomon.domain.identity import Principal

DIMENSIONS = 64


class WordEmbedder:
    """A vector of the words of a text: the same words, the same vector. Stands in for a slow model."""

    def __init__(self, model_id: str = "words/64") -> None:
        self._model_id = model_id
        self.texts = 0

    @property
    def model_id(self) -> str:
        return self._model_id

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    def embed(self, texts: Sequence[str]) -> Any:
        self.texts += len(texts)
        vectors = np.full((len(texts), DIMENSIONS), 1e-3, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()):
                digest = hashlib.blake2b(word.encode(), digest_size=4).digest()
                vectors[row, digest[0] % DIMENSIONS] += 1.0 if digest[1] % 2 else -1.0
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@dataclass
class Shelf:
    """A source in memory; what stands on it may change between runs."""

    place: Place = field(default_factory=lambda: Place("markdown:shelf", Path()))
    texts: dict[str, tuple[str, AccessList | None]] = field(default_factory=dict)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fails: Exception | None = None

    def put(self, name: str, text: str, readers: AccessList | None = None) -> None:
        """Put a document there, or another version of it."""
        self.texts[name] = (text, readers)

    def id(self, name: str) -> str:
        """What a document is called."""
        return f"{self.place.name}:{name}"

    def read(self) -> Iterator[Item]:
        for name, (text, readers) in sorted(self.texts.items()):
            blocks = tuple(Block("paragraph", part) for part in text.split("\n\n"))
            yield Document(self.place.card(name, name, tags=self.tags.get(name, ())), blocks, readers)
        if self.fails is not None:
            raise self.fails


def anybody(identifier: str, tags: tuple[str, ...]) -> bool:
    """Policies that let everybody read everything."""
    return True


def reader(subject: str, *groups: str, tenant: str = "local", **more: Any) -> Reader:
    """Somebody, under policies that let everybody read everything."""
    return Reader(Principal(subject, tenant, frozenset(groups), **more), anybody, "v1")


def told(items: Iterable[Item]) -> tuple[dict[str, Document], list[Problem]]:
    """What a source tells: documents by their place, and problems."""
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    for item in items:
        if isinstance(item, Problem):
            problems.append(item)
        else:
            documents[item.card.place] = item
    return documents, problems


def text_of(document: Document) -> str:
    """All blocks of a document."""
    return "\n".join(block.text for block in document.blocks)


def places(passages: Iterable[Passage]) -> list[str]:
    """Where passages are from."""
    return [p.card.place for p in passages]


def find(base: KnowledgeBase, words: str, who: Reader, k: int = 50) -> tuple[Passage, ...]:
    """A search by meaning and words."""
    return base.search(words, WordEmbedder().embed([words])[0], who, k)


def reach(base: KnowledgeBase, identifier: str, words: str, who: Reader) -> list[str]:
    """The ways on which somebody gets at a document: searched for, opened, listed, in the context."""
    vector = WordEmbedder().embed([words])[0]
    ways = {
        "search": any(p.card.id == identifier for p in base.search(words, vector, who, 50)),
        "search by words": any(p.card.id == identifier for p in base.search(words, None, who, 50)),
        "get": bool(base.get(identifier, who)),
        "list": any(card.id == identifier for card in base.documents(who)),
        "context": any(identifier in text for text in base.passages_for(words, vector, who, 100_000)),
    }
    return [way for way, there in ways.items() if there]


def indexed(folder: Path, *sources: DocumentSource) -> KnowledgeBase:
    """An index of these sources."""
    base = KnowledgeBase.open(folder / "knowledge", WordEmbedder())
    base.index(sources)
    return base


def write_zip(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """An archive with these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def slack_export() -> dict[str, str]:
    """A small export of Slack: a public channel, a private one, direct messages, a thread over two days."""
    users = [
        {"id": "U1", "name": "ana", "profile": {"real_name": "Ana Ruiz", "email": "ana@acme.test"}},
        {"id": "U2", "name": "bo", "profile": {"real_name": "Bo Lin", "email": "bo@acme.test"}},
        {"id": "U3", "name": "cy", "deleted": True, "profile": {"email": "cy@acme.test"}},
        {"id": "U4", "name": "di", "profile": {"real_name": "Di Roe"}},
        {"id": "UB", "name": "bot", "is_bot": True, "profile": {"email": "bot@acme.test"}},
    ]

    def said(user: str, ts: str, text: str, **more: Any) -> dict[str, Any]:
        return {"type": "message", "user": user, "ts": ts, "text": text, **more}

    general = [
        said(
            "U1",
            "1772355600.000100",
            "How is revenue counted? See <https://wiki.test/r|the wiki> &amp; ask <@U2>",
        ),
        said("U2", "1772355660.000200", "Revenue is net of refunds.", thread_ts="1772355600.000100"),
        said("U1", "1772355700.000300", "has joined", subtype="channel_join"),
        {
            "type": "message",
            "subtype": "bot_message",
            "bot_id": "B1",
            "ts": "1772355710.0",
            "text": "build 7 failed",
        },
        said("UB", "1772355720.000400", "beep", bot_id="B1"),
    ]
    later = [said("U4", "1772442000.000100", "And of tax, since March.", thread_ts="1772355600.000100")]
    board = [said("U1", "1772355600.000100", "The merger with Borealis closes in June.")]
    direct = [said("U2", "1772355600.000100", "My salary is 4242.")]
    group = [said("U1", "1772355600.000100", "Surprise party for Di.")]
    return {
        "users.json": json.dumps(users),
        "channels.json": json.dumps(
            [{"id": "C1", "name": "general", "members": ["U1", "U2"], "purpose": {"value": "Company talk"}}]
        ),
        "groups.json": json.dumps([{"id": "G1", "name": "board", "members": ["U1", "U3", "UB"]}]),
        "dms.json": json.dumps([{"id": "D1", "members": ["U2", "U4"]}]),
        "mpims.json": json.dumps([{"id": "G2", "name": "mpdm-ana--bo-1", "members": ["U1", "U2"]}]),
        "general/2026-03-01.json": json.dumps(general),
        "general/2026-03-02.json": json.dumps(later),
        "board/2026-03-01.json": json.dumps(board),
        "D1/2026-03-01.json": json.dumps(direct),
        "mpdm-ana--bo-1/2026-03-01.json": json.dumps(group),
    }


def confluence_object(kind: str, identifier: str, **properties: str | tuple[str, str]) -> str:
    """One object of `entities.xml`; a pair refers to another object by class and id."""
    parts = [f'<object class="{kind}" package="com.atlassian.confluence"><id name="id">{identifier}</id>']
    for name, value in properties.items():
        if isinstance(value, tuple):
            target = f'<id name="id"><![CDATA[{value[1]}]]></id>'
            parts.append(f'<property name="{name}" class="{value[0]}">{target}\n</property>')
        else:
            parts.append(f'<property name="{name}"><![CDATA[{value}]]></property>')
    return "\n".join([*parts, "</object>"])


def confluence_entities(*more: str) -> str:
    """A small space: a home page, a restricted page below it, and a page below that one."""
    page, body = "Page", "BodyContent"
    objects = [
        confluence_object("Space", "1", key="ENG", name="Engineering"),
        confluence_object("ConfluenceUserImpl", "k1", name="ana", email="ana@acme.test"),
        confluence_object("ConfluenceUserImpl", "k2", name="bo"),
        confluence_object(page, "10", title="Home", contentStatus="current", space=("Space", "1")),
        confluence_object(
            page,
            "11",
            title="Layoffs",
            contentStatus="current",
            parent=(page, "10"),
            space=("Space", "1"),
            lastModifier=("ConfluenceUserImpl", "k1"),
            lastModificationDate="2026-02-05 15:01:45.678",
        ),
        confluence_object(page, "12", title="Severance", contentStatus="current", parent=(page, "11")),
        confluence_object(page, "13", title="Home", contentStatus="current", originalVersion=(page, "10")),
        confluence_object(
            body, "20", body="<h1>Welcome</h1><p>Engineering handbook.</p>", content=(page, "10")
        ),
        confluence_object(body, "21", body="<p>Layoffs are planned.</p>", content=(page, "11")),
        confluence_object(body, "22", body="<p>Severance is six months.</p>", content=(page, "12")),
        confluence_object(body, "23", body="<p>Old words.</p>", content=(page, "13")),
        confluence_object("ContentPermissionSet", "30", type="View", owningContent=(page, "11")),
        confluence_object("ContentPermission", "31", type="View", groupName="hr", owningSet=("Set", "30")),
        confluence_object(
            "ContentPermission",
            "32",
            type="View",
            userSubject=("ConfluenceUserImpl", "k1"),
            owningSet=("Set", "30"),
        ),
        confluence_object("ContentPermissionSet", "33", type="View", owningContent=(page, "12")),
        confluence_object("ContentPermission", "34", type="View", userName="bo", owningSet=("Set", "33")),
        confluence_object("ContentPermissionSet", "35", type="Edit", owningContent=(page, "10")),
        *more,
    ]
    return '<?xml version="1.0" encoding="UTF-8"?>\n<hibernate-generic datetime="2026-03-01 10:00:00">\n' + (
        "\n".join(objects) + "\n</hibernate-generic>\n"
    )


def pdf_bytes(text: str, *, password: str = "", title: str = "Price list") -> bytes:
    """A PDF with one page that says `text`, made by hand; with a password, encrypted."""
    import io

    from pypdf import PdfReader, PdfWriter

    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Title (%s) /Author (Ana Ruiz) /CreationDate (D:20260301120000Z) >>" % title.encode("latin-1"),
    ]
    made, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    made += b"trailer << /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        start,
    )
    if not password:
        return made
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(made)))
    writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
