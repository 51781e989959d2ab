"""Each kind of export is read with its authors, days and places; what is broken is told and passed over."""

import json
from datetime import date
from pathlib import Path

import pytest

from context.knowledge.shelf import (
    confluence_entities,
    confluence_object,
    pdf_bytes,
    slack_export,
    text_of,
    told,
    write_zip,
)
from gnomon.context.knowledge.sources.connect import KINDS, open_knowledge_sources
from gnomon.context.knowledge.sources.pdf import PdfFiles
from gnomon.context.knowledge.sources.port import Place, day_of
from gnomon.domain.document import CLOSED, Document
from gnomon.domain.errors import Misconfigured

ID = "0123456789abcdef0123456789abcdef"


def read(kind: str, path: Path) -> tuple[dict[str, Document], list[str]]:
    """Documents by place, and problems as texts."""
    (source,) = open_knowledge_sources([f"{kind}:{path.name}"], path.parent)
    documents, problems = told(source.read())
    return documents, [f"{p.place}: {p.message}" for p in problems]


def write(folder: Path, **files: str | bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


@pytest.mark.requirement("knowledge:markdown")
def test_front_matter_gives_title_author_day_readers_and_tags(tmp_path: Path) -> None:
    text = (
        "---\ntitle: Refunds\nauthor: Ana\ndate: 2026-03-01\nurl: https://wiki.test/r\n"
        "readers: [group:finance, 'user:bo@acme.test']\ntags: [money, 'source:other']\n---\n# H\n\nBody.\n"
    )
    documents, problems = read("markdown", write(tmp_path / "book", refunds__md=text))
    document = documents["refunds.md"]
    card = document.card
    assert problems == []
    assert (card.id, card.title, card.author) == ("markdown:book:refunds.md", "Refunds", "Ana")
    assert (card.written, card.url) == (date(2026, 3, 1), "https://wiki.test/r")
    assert card.tags == ("money", "source:markdown:book")
    assert document.readers == (frozenset({"group:finance", "user:bo@acme.test"}),)
    assert text_of(document) == "H\nBody."


@pytest.mark.requirement("knowledge:markdown")
def test_without_front_matter_the_first_heading_is_the_title(tmp_path: Path) -> None:
    documents, _ = read(
        "markdown", write(tmp_path / "book", a__md="# Pay day\n\nFriday.", b__md="No heading.")
    )
    assert [d.card.title for d in documents.values()] == ["Pay day", "b"]
    assert all(d.readers is None for d in documents.values())


@pytest.mark.requirement("knowledge:malformed-access")
@pytest.mark.parametrize(
    "text",
    [
        "---\nreaders: [ana@acme.test]\n---\nsecret",
        "---\nreaders:\n---\nsecret",
        "---\nreaders: {user: ana}\n---\nsecret",
        "---\nreaders: [7]\n---\nsecret",
        "---\nreaders: 'group:'\n---\nsecret",
        "---\nreader: [group:hr]\n---\nsecret",
        "---\nReaders: [nobody]\n---\nsecret",
        "---\nreaders: [group:hr\n---\nsecret",
        "---\nreaders: [group:hr]\nreaders: [everyone]\n---\nsecret",
        "---\nreaders: [group:hr]\nsecret",
        "---\n- readers\n---\nsecret",
        "---\nreaders: !!python/object:os.system {}\n---\nsecret",
        "+++\nreaders = ['group:hr']\n+++\nsecret",
        "\n\ufeff\u200b \n---\nreaders: oops\n---\nsecret",
        "---\rreaders: oops\r---\rsecret",
        "---\nreaders: [group:hr]\n---\nsecret".encode("utf-16-le"),
        b"\xff---\nreaders: [group:hr]\n---\nsecret",
        "---\na: &a [x, x]\nb: &b [*a, *a]\nreaders: *b\n---\nsecret",
    ],
)
def test_a_document_whose_readers_cannot_be_read_is_closed_to_all(text: str | bytes, tmp_path: Path) -> None:
    documents, problems = read("markdown", write(tmp_path / "book", a__md=text))
    assert documents["a.md"].readers == CLOSED
    assert any("nobody may read the document until this is mended" in p for p in problems)


@pytest.mark.requirement("knowledge:malformed-access")
def test_nobody_and_everyone_can_be_written(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "book", a__md="---\nreaders: []\n---\nx", b__md="---\nreaders: everyone\n---\nx"
    )
    documents, problems = read("markdown", folder)
    assert (documents["a.md"].readers, documents["b.md"].readers, problems) == (CLOSED, (), [])


@pytest.mark.requirement("knowledge:bad-input")
def test_broken_files_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "book", a__md=b"Caf\xe9 is closed.", b__md="fine", c__md="x " * 600_000)
    documents, problems = read("markdown", folder)
    assert sorted(documents) == ["a.md", "b.md", "c.md"]
    assert documents["a.md"].readers == CLOSED
    assert [p.split(":")[0] for p in problems] == ["a.md", "a.md", "c.md"]


@pytest.mark.requirement("knowledge:bad-input")
def test_a_zip_bomb_is_contained_and_the_rest_is_read(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "book.zip", {"bomb.md": b"0" * 70_000_000, "fine.md": "fine"})
    documents, problems = read("markdown", archive)
    assert list(documents) == ["fine.md"]
    assert any("bomb.md" in p for p in problems)


@pytest.mark.requirement("knowledge:bad-input")
def test_an_archive_that_is_cut_off_raises_so_that_nothing_of_it_is_given_up(tmp_path: Path) -> None:
    whole = write_zip(tmp_path / "whole.zip", {"a.md": "text"}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-30])
    with pytest.raises(Misconfigured, match="is not a zip archive"):
        read("markdown", tmp_path / "cut.zip")
    with pytest.raises(Misconfigured, match="there is no folder, archive or file"):
        read("markdown", tmp_path / "absent")


@pytest.mark.requirement("knowledge:notion")
def test_a_notion_export_gives_pages_and_databases_without_their_ids(tmp_path: Path) -> None:
    page = (
        "# Refund policy\n\nCreated by: Ana Ruiz\nLast edited time: March 1, 2026 3:04 PM\n\nWithin days.\n"
    )
    table = "Name,Owner\nRevenue,Ana\n"
    archive = write_zip(
        tmp_path / "export.zip",
        {
            f"Wiki {ID}/Refund policy {ID}.md": page,
            f"Wiki {ID}/Terms {ID}.csv": table,
            f"Wiki {ID}/Terms {ID}_all.csv": table + "Churn,Bo\n",
            f"Wiki {ID}/Web page {ID}.html": "<title>Web page</title><p>On the web.</p>",
            "index.html": "<ul><li>everything</li></ul>",
        },
    )
    documents, problems = read("notion", archive)
    refunds = documents[f"Wiki {ID}/Refund policy {ID}.md"]
    card = refunds.card
    assert problems == []
    assert (card.title, card.author, card.written) == ("Refund policy", "Ana Ruiz", date(2026, 3, 1))
    assert card.url == f"https://www.notion.so/{ID}"
    assert refunds.blocks[0].text == "Wiki"
    assert sorted(d.card.title for d in documents.values()) == ["Refund policy", "Terms", "Web page"]
    assert "| Churn | Bo |" in text_of(documents[f"Wiki {ID}/Terms {ID}_all.csv"])


@pytest.mark.requirement("knowledge:confluence-html")
def test_a_confluence_html_export_gives_its_pages_and_not_its_frame(tmp_path: Path) -> None:
    page = (
        "<html><head><title>Engineering : Refunds</title></head><body><div id='main-header'>"
        "<ol id='breadcrumbs'><li><a href='index.html'>Engineering</a></li></ol>"
        "<h1 id='title-heading' class='pagetitle'>"
        "<span id='title-text'> Engineering : Refunds </span></h1></div>"
        "<div class='page-metadata'>Created by <span class='author'> Ana Ruiz</span>, last modified by "
        "<span class='editor'> Bo Lin</span> on Mar 01, 2026</div>"
        "<div id='main-content' class='wiki-content group'><h2>Rule</h2><p>Within 30 days.</p></div>"
        "<div id='footer'>Document generated by Confluence</div></body></html>"
    )
    archive = write_zip(
        tmp_path / "space.zip", {"ENG/index.html": "<p>All pages</p>", "ENG/Refunds_77.html": page}
    )
    documents, _ = read("confluence", archive)
    document = documents["ENG/Refunds_77.html"]
    card = document.card
    assert list(documents) == ["ENG/Refunds_77.html"]
    assert (card.title, card.author, card.written) == ("Refunds", "Bo Lin", date(2026, 3, 1))
    assert [b.text for b in document.blocks] == ["Engineering", "Rule", "Within 30 days."]
    assert card.tags[0] == "Engineering"


@pytest.mark.requirement("knowledge:confluence-xml")
def test_a_confluence_xml_export_gives_current_pages_with_the_restrictions_of_those_above(
    tmp_path: Path,
) -> None:
    documents, problems = read(
        "confluence", write_zip(tmp_path / "s.zip", {"entities.xml": confluence_entities()})
    )
    home, layoffs, severance = (documents[f"entities.xml#{n}"] for n in (10, 11, 12))
    assert problems == []
    assert len(documents) == 3
    assert home.readers is None
    assert layoffs.readers == (frozenset({"group:hr", "user:ana@acme.test"}),)
    assert severance.readers == (frozenset({"user:bo"}), *layoffs.readers)
    assert (layoffs.card.author, layoffs.card.written) == ("ana", date(2026, 2, 5))
    assert [b.text for b in severance.blocks] == ["Home / Layoffs", "Severance is six months."]


@pytest.mark.requirement("knowledge:confluence-xml")
def test_restrictions_that_the_export_does_not_explain_close_a_page(tmp_path: Path) -> None:
    page, body = "Page", "BodyContent"
    more = [
        confluence_object(page, "40", title="Lost parent", contentStatus="current", parent=(page, "999")),
        confluence_object(body, "41", body="x", content=(page, "40")),
        confluence_object(page, "50", title="Unknown people", contentStatus="current"),
        confluence_object(body, "51", body="x", content=(page, "50")),
        confluence_object("ContentPermissionSet", "52", type="View", owningContent=(page, "50")),
        confluence_object(
            "ContentPermission", "53", type="View", userSubject=("U", "k9"), owningSet=("S", "52")
        ),
        confluence_object(page, "60", title="In a circle", contentStatus="current", parent=(page, "61")),
        confluence_object(page, "61", title="In a circle", contentStatus="current", parent=(page, "60")),
        confluence_object(body, "62", body="x", content=(page, "60")),
    ]
    documents, problems = read(
        "confluence", write_zip(tmp_path / "s.zip", {"entities.xml": confluence_entities(*more)})
    )
    assert documents["entities.xml#40"].readers == CLOSED
    assert documents["entities.xml#50"].readers == CLOSED
    assert documents["entities.xml#60"].readers is None
    assert len(problems) == 2


@pytest.mark.requirement("knowledge:bad-input")
@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (confluence_entities()[:-200], "restrictions may be missing"),
        ('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>', "declares entities"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "declares entities"),
        ("<object>" * 100, "nests deeper"),
        ("no xml", "is not XML"),
    ],
)
def test_an_export_that_is_no_export_gives_no_page_at_all(xml: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=reason):
        read("confluence", write_zip(tmp_path / "s.zip", {"entities.xml": xml}))


@pytest.mark.requirement("knowledge:slack")
def test_a_slack_export_gives_days_with_threads_whole_and_without_bots(tmp_path: Path) -> None:
    documents, problems = read("slack", write_zip(tmp_path / "slack.zip", slack_export()))
    general = documents["general/2026-03-01"]
    assert sorted(documents) == [
        "D1/2026-03-01",
        "board/2026-03-01",
        "general/2026-03-01",
        "mpdm-ana--bo-1/2026-03-01",
    ]
    assert general.readers is None
    assert (general.card.title, general.card.written) == ("#general, 2026-03-01", date(2026, 3, 1))
    assert general.card.author == "Ana Ruiz, Bo Lin, Di Roe"
    assert [b.text for b in general.blocks] == [
        "Company talk",
        "Ana Ruiz (2026-03-01 09:00): "
        "How is revenue counted? See the wiki (https://wiki.test/r) & ask @Bo Lin\n"
        "Bo Lin (2026-03-01 09:01): Revenue is net of refunds.\n"
        "Di Roe (2026-03-02 09:00): And of tax, since March.",
    ]
    assert documents["board/2026-03-01"].readers == (frozenset({"user:ana@acme.test"}),)
    assert documents["D1/2026-03-01"].readers == (frozenset({"user:bo@acme.test"}),)
    assert documents["D1/2026-03-01"].card.title == "Direct messages of Bo Lin, Di Roe, 2026-03-01"
    assert problems == []


@pytest.mark.requirement("knowledge:slack")
@pytest.mark.parametrize("name", ["groups.json", "users.json", "dms.json"])
@pytest.mark.parametrize(
    "content", [None, "{", "{}", "[7]", "[" * 100_000, '[{"name": "board", "members": 7}]']
)
def test_a_private_channel_whose_members_cannot_be_read_is_closed(
    name: str, content: str | None, tmp_path: Path
) -> None:
    files = slack_export()
    del files[name]
    if content is not None:
        files[name] = content
    documents, problems = read("slack", write_zip(tmp_path / "slack.zip", files))
    place = "D1/2026-03-01" if name == "dms.json" else "board/2026-03-01"
    assert documents[place].readers == CLOSED
    assert problems
    assert documents["general/2026-03-01"].readers is None


@pytest.mark.requirement("knowledge:slack")
def test_a_channel_that_a_private_list_names_is_private_whatever_else_names_it(tmp_path: Path) -> None:
    files = slack_export()
    files["channels.json"] = json.dumps(
        [
            {"id": "C9", "name": "board"},
            {"id": "C1", "name": "general", "is_private": True, "members": ["U2"]},
        ]
    )
    documents, _ = read("slack", write_zip(tmp_path / "slack.zip", files))
    assert documents["board/2026-03-01"].readers == (frozenset({"user:ana@acme.test"}),)
    assert documents["general/2026-03-01"].readers == (frozenset({"user:bo@acme.test"}),)


@pytest.mark.requirement("knowledge:bad-input")
def test_a_broken_day_of_slack_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    files = slack_export()
    files["general/2026-03-03.json"] = "[{]"
    files["general/2026-03-04.json"] = json.dumps([{"ts": "x", "user": "U1", "text": "no time"}, 3, None])
    documents, problems = read("slack", write_zip(tmp_path / "slack.zip", files))
    assert "general/2026-03-01" in documents
    assert [p.split(":")[0] for p in problems] == ["general/2026-03-03.json", "general/2026-03-04.json"]


@pytest.mark.requirement("knowledge:google-docs")
def test_google_docs_are_read_as_web_pages_and_as_markdown(tmp_path: Path) -> None:
    page = (
        "<html><head><title>Pricing</title><style>.c1{}</style></head><body><p class='title'>Pricing</p>"
        "<p><a href='https://www.google.com/url?q=https://x.test'>Ten euros</a></p></body></html>"
    )
    text = "# Discounts\n\nTen percent.\n\n[image1]: <data:image/png;base64,AAAA>\n"
    documents, problems = read("google-docs", write(tmp_path / "docs", p__html=page, d__md=text))
    assert problems == []
    assert {d.card.title: text_of(d) for d in documents.values()} == {
        "Pricing": "Pricing\nTen euros",
        "Discounts": "Discounts\nTen percent.",
    }


@pytest.mark.requirement("knowledge:pdf")
def test_pdfs_are_read_page_by_page_and_bad_ones_are_contained(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "files",
        good__pdf=pdf_bytes("Ten euros a month"),
        locked__pdf=pdf_bytes("secret", password="x"),
        broken__pdf=b"%PDF-1.7 nothing",
        empty__pdf=pdf_bytes(""),
    )
    documents, problems = read("pdf", folder)
    card = documents["good.pdf"].card
    assert (card.title, card.author, card.written) == ("Price list", "Ana Ruiz", date(2026, 3, 1))
    assert [b.text for b in documents["good.pdf"].blocks] == ["page 1", "Ten euros a month"]
    assert [p.split(":")[0] for p in problems] == ["broken.pdf", "empty.pdf", "locked.pdf"]
    assert "encrypted" in problems[2]


@pytest.mark.requirement("knowledge:pdf")
def test_a_pdf_that_takes_too_long_is_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "files", slow__pdf=pdf_bytes("text"))
    documents, problems = told(PdfFiles(Place("pdf:files", folder), timeout_s=0.001).read())
    assert documents == {}
    assert "took over" in problems[0].message


@pytest.mark.requirement("knowledge:pdf")
def test_without_the_pdf_reader_the_extra_to_install_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pypdf", None)
    with pytest.raises(Misconfigured) as error:
        read("pdf", write(tmp_path / "files", a__pdf=b""))
    assert "gnomon[pdf]" in error.value.hint


@pytest.mark.requirement("knowledge:sources")
def test_sources_are_configured_in_one_line_each() -> None:
    entries = [f"{kind}:export" for kind in KINDS]
    assert [s.place.name for s in open_knowledge_sources(entries, Path("/base"))] == entries
    closed, named, both = open_knowledge_sources(
        ["markdown:a!closed", "markdown:b!group:hr,user:x", "markdown:c!closed,group:hr"], Path("/base")
    )
    assert (closed.place.closed, closed.place.ceiling) == (True, ())
    assert (named.place.closed, named.place.ceiling) == (False, (frozenset({"group:hr", "user:x"}),))
    assert (both.place.closed, both.place.ceiling) == (True, (frozenset({"group:hr"}),))
    assert both.place.path == Path("/base/c")


@pytest.mark.requirement("knowledge:sources")
@pytest.mark.parametrize(
    "entries",
    [
        ["markdown"],
        ["wiki:a"],
        ["markdown:"],
        ["markdown:a!"],
        ["markdown:a!clsed"],
        ["markdown:a!hr"],
        ["markdown:a", "markdown:a!closed"],
    ],
)
def test_an_entry_that_could_open_what_was_meant_to_be_closed_is_refused(entries: list[str]) -> None:
    with pytest.raises(Misconfigured, match="is no source of documents"):
        open_knowledge_sources(entries, Path("/base"))


@pytest.mark.requirement("knowledge:sources")
@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-01", date(2026, 3, 1)),
        ("2026-03-01T10:00:00Z", date(2026, 3, 1)),
        ("2014-02-05 15:01:45.678", date(2014, 2, 5)),
        ("March 1, 2026 3:04 PM", date(2026, 3, 1)),
        ("Mar 01, 2026", date(2026, 3, 1)),
        ("01/03/2026", None),
        ("soon", None),
        (7, None),
    ],
)
def test_a_day_is_read_only_where_it_reads_one_way(text: object, day: date | None) -> None:
    assert day_of(text) == day
