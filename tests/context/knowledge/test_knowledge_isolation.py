"""Nobody gets at a document that they may not read: on no way, from no source, by no cache, rank or count."""

import importlib.util
import random
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from context.knowledge.shelf import (
    Shelf,
    WordEmbedder,
    confluence_entities,
    find,
    indexed,
    pdf_bytes,
    places,
    reach,
    reader,
    slack_export,
    write_zip,
)
from gnomon.context.knowledge import retriever
from gnomon.context.knowledge.retriever import KnowledgeBase, Reader, reader_under
from gnomon.context.knowledge.sources.connect import open_knowledge_sources
from gnomon.context.knowledge.sources.port import Place
from gnomon.context.knowledge.store import FILE
from gnomon.domain.document import CLOSED, OPEN, AccessList
from gnomon.domain.identity import Principal
from gnomon.policy.authority import Authority
from gnomon.policy.policies import Policies, Situation, parse_policies

BENCH = Path(__file__).parents[3] / "bench" / "bench_isolation.py"
EVERY_WAY = ["search", "search by words", "get", "list", "context"]
CONFLUENCE_PAGE = (
    "<title>ENG : Plan</title><h1 id='title-text'>ENG : Plan</h1><div id='main-content'><p>{}</p></div>"
)
SECRET = "Borealis merger closes in June"


def names(*each: str) -> AccessList:
    return (frozenset(each),)


def export_of(kind: str, folder: Path) -> tuple[str, str, str]:
    """An export that holds a secret; gives its entry, the secret's place, and words to find it by."""
    folder.mkdir()
    if kind == "markdown":
        (folder / "plan.md").write_text(f"---\nreaders: user:ana@acme.test\n---\n{SECRET}")
        return f"markdown:{folder.name}", "plan.md", SECRET
    if kind == "slack":
        write_zip(folder / "slack.zip", slack_export())
        return f"slack:{folder.name}/slack.zip", "board/2026-03-01", "merger with Borealis closes in June"
    if kind == "slack direct":
        write_zip(folder / "slack.zip", slack_export())
        return f"slack:{folder.name}/slack.zip", "mpdm-ana--bo-1/2026-03-01", "Surprise party for Di"
    if kind == "confluence":
        write_zip(folder / "space.zip", {"entities.xml": confluence_entities()})
        return f"confluence:{folder.name}/space.zip", "entities.xml#11", "Layoffs are planned"
    files = {
        "confluence html": ("confluence", "Plan_1.html", CONFLUENCE_PAGE.format(SECRET).encode()),
        "notion": ("notion", "Plan 0123456789abcdef0123456789abcdef.md", SECRET.encode()),
        "google-docs": ("google-docs", "plan.html", f"<p>{SECRET}</p>".encode()),
        "google-docs markdown": (
            "google-docs",
            "plan.md",
            f"---\nreaders: user:ana@acme.test\n---\n{SECRET}".encode(),
        ),
        "pdf": ("pdf", "plan.pdf", pdf_bytes(SECRET)),
    }
    source, name, content = files[kind]
    (folder / name).write_bytes(content)
    return f"{source}:{folder.name}!user:ana@acme.test", name, SECRET


@pytest.mark.requirement("knowledge:no-unreadable-passage")
@pytest.mark.parametrize(
    "kind",
    [
        "markdown",
        "notion",
        "confluence",
        "confluence html",
        "slack",
        "slack direct",
        "google-docs",
        "google-docs markdown",
        "pdf",
    ],
)
def test_who_is_not_on_the_list_gets_nothing_of_any_source(kind: str, tmp_path: Path) -> None:
    entry, place, words = export_of(kind, tmp_path / "export")
    base = indexed(tmp_path, *open_knowledge_sources([entry], tmp_path))
    identifier = f"{entry.partition('!')[0]}:{place}"
    ana = reader("ana@acme.test")
    assert set(reach(base, identifier, words, ana)) >= {"search", "search by words", "get", "list"}
    others = [
        reader("eve@acme.test"),
        reader("eve@acme.test", "user:ana@acme.test", "ana@acme.test"),
        reader("Ana@acme.test"),
        reader("ana@acme.test "),
        reader("ana@acme.test", tenant="other"),
        reader("ana@acme.test", scopes=frozenset({"compute"})),
        Reader(Principal("ana@acme.test"), lambda identifier, tags: False, "v1"),
        Reader(Principal("ana@acme.test"), lambda identifier, tags: False),
    ]
    for who in others:
        assert reach(base, identifier, words, who) == []
    # Nor after those who may have warmed whatever is kept.
    assert reach(base, identifier, words, ana)
    assert all(reach(base, identifier, words, who) == [] for who in others)


@pytest.mark.requirement("knowledge:no-unreadable-passage")
def test_a_closed_source_is_read_by_whom_its_documents_name(tmp_path: Path) -> None:
    shelf = Shelf(Place("markdown:shelf", Path(), closed=True))
    shelf.put("plain", SECRET)
    shelf.put("named", SECRET, names("group:hr"))
    base = indexed(tmp_path, shelf)
    assert reach(base, shelf.id("plain"), SECRET, reader("ana", "hr")) == []
    assert reach(base, shelf.id("named"), SECRET, reader("ana", "hr")) == EVERY_WAY
    assert reach(base, shelf.id("named"), SECRET, reader("ana")) == []


@pytest.mark.requirement("knowledge:no-unreadable-passage")
def test_a_document_narrows_whom_the_operator_lets_read_its_source_and_never_widens_it(
    tmp_path: Path,
) -> None:
    shelf = Shelf(Place("markdown:shelf", Path(), ceiling=names("group:staff")))
    shelf.put("open", SECRET, OPEN)
    shelf.put("hr", SECRET, names("group:hr"))
    base = indexed(tmp_path, shelf)
    assert reach(base, shelf.id("open"), SECRET, reader("guest")) == []
    assert reach(base, shelf.id("hr"), SECRET, reader("guest", "hr")) == []
    assert reach(base, shelf.id("hr"), SECRET, reader("ana", "staff")) == []
    assert reach(base, shelf.id("hr"), SECRET, reader("ana", "staff", "hr")) == EVERY_WAY


POLICIES = """ @id("staff") permit (principal in Group::"staff", action == Action::"read", resource in
Tag::"source:markdown:shelf"); @id("no-plan") forbid (principal, action == Action::"read", resource ==
Document::"markdown:shelf:plan") unless { principal in Group::"board" };
"""
TAGS = '[implies]\n"source:markdown:shelf" = ["documents"]\n'


@pytest.mark.requirement("knowledge:policies")
def test_both_the_list_and_the_policies_must_say_yes(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put("plan", SECRET)
    shelf.put("hr", SECRET, names("group:hr"))
    base = indexed(tmp_path, shelf)
    policies = parse_policies([("p.cedar", POLICIES), ("tags.toml", TAGS)], home="local")

    def under(subject: str, *groups: str) -> Reader:
        who = Principal(subject, groups=frozenset(groups), method="oidc")
        return reader_under(Authority(lambda: who, Situation(), lambda: policies))

    assert places(base.search(SECRET, None, under("ana", "staff"))) == []
    assert {c.place for c in base.documents(under("ana", "staff"))} == set()
    assert {c.place for c in base.documents(under("ana", "staff", "hr"))} == {"hr"}
    assert {c.place for c in base.documents(under("ana", "staff", "board"))} == {"plan"}
    assert {c.place for c in base.documents(under("ana", "board", "hr"))} == set()


@pytest.mark.requirement("knowledge:policies")
def test_where_others_read_along_only_what_is_for_everybody_is_read(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put("open", SECRET)
    shelf.put("hers", SECRET, names("user:ana", "group:board"))
    base = indexed(tmp_path, shelf)
    policies = parse_policies([("p.cedar", "permit (principal, action, resource);")], home="local")
    who = Principal("ana", groups=frozenset({"board"}))
    for audience, expected in (
        ("private", {"open", "hers"}),
        ("shared", {"open"}),
        ("private", {"open", "hers"}),
    ):
        situation = Situation(audience=audience)  # type: ignore[arg-type]
        asking = reader_under(Authority(lambda: who, situation, lambda: policies))
        assert {*places(find(base, SECRET, asking))} == expected
        assert {c.place for c in base.documents(asking)} == expected
        assert bool(base.get(shelf.id("hers"), asking)) is (audience == "private")


@pytest.mark.requirement("knowledge:policies")
def test_a_policy_that_changes_counts_at_the_next_call(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put("plan", SECRET)
    base = indexed(tmp_path, shelf)
    texts = {True: "permit (principal, action, resource);", False: "forbid (principal, action, resource);"}
    versions = {may: parse_policies([("p.cedar", text)], home="local") for may, text in texts.items()}
    now: list[Policies] = [versions[True]]
    who = Principal("ana")
    authority = Authority(lambda: who, Situation(), lambda: now[0])
    for may in (True, False, True, False):
        now[0] = versions[may]
        assert bool(find(base, SECRET, reader_under(authority))) is may


@pytest.mark.requirement("knowledge:caches")
def test_nothing_that_is_kept_for_one_reader_is_given_to_another(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put("plan", SECRET, names("group:board"))
    base = indexed(tmp_path, shelf)
    ana = reader("ana", "board")
    alike = [
        replace(ana, principal=replace(ana.principal, groups=frozenset())),
        replace(ana, principal=replace(ana.principal, tenant="other")),
        replace(ana, principal=replace(ana.principal, scopes=frozenset())),
        replace(ana, rights="v2", may_read=lambda identifier, tags: False),
        replace(
            ana, principal=replace(ana.principal, actor="spiffe://x"), may_read=lambda identifier, tags: False
        ),
    ]
    for _ in range(2):
        assert reach(base, shelf.id("plan"), SECRET, ana) == EVERY_WAY
        assert [reach(base, shelf.id("plan"), SECRET, who) for who in alike] == [[]] * len(alike)


@pytest.mark.requirement("knowledge:caches")
def test_a_list_that_changes_in_the_file_itself_counts_at_the_next_call(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put("plan", SECRET)
    base = indexed(tmp_path, shelf)
    assert find(base, SECRET, reader("ana"))
    with closing(sqlite3.connect(tmp_path / "knowledge" / FILE)) as db:
        db.execute("update access_lists set sets = '[[]]'")
        db.commit()
    assert not find(base, SECRET, reader("ana"))
    assert not base.get(shelf.id("plan"), reader("ana"))
    with closing(sqlite3.connect(tmp_path / "knowledge" / FILE)) as db:
        db.execute("update access_lists set sets = 'broken'")
        db.commit()
    assert not find(base, SECRET, reader("ana"))


@pytest.mark.requirement("knowledge:caches")
def test_what_one_process_closes_another_does_not_show_any_more(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put("plan", SECRET)
    one = indexed(tmp_path, shelf)
    two = KnowledgeBase.open(tmp_path / "knowledge", WordEmbedder())
    assert find(two, SECRET, reader("ana"))
    shelf.put("plan", SECRET, CLOSED)
    one.index([shelf])
    assert reach(two, shelf.id("plan"), SECRET, reader("ana")) == []


@pytest.mark.requirement("knowledge:ranks")
def test_what_a_reader_may_not_read_moves_no_rank_and_no_score(tmp_path: Path) -> None:
    """The same search over an index that does not hold the others gives the very same passages."""
    dice = random.Random(7)
    vocabulary = [f"word{n}" for n in range(40)]
    few, all_of_it = Shelf(), Shelf()
    for n in range(120):
        text = " ".join(dice.choices(vocabulary, weights=range(1, 41), k=30))
        hidden = n % 3 != 0
        all_of_it.put(f"d{n:03}", text, CLOSED if hidden else None)
        if not hidden:
            few.put(f"d{n:03}", text)
    whole, alone = indexed(tmp_path / "a", all_of_it), indexed(tmp_path / "b", few)
    for _ in range(60):
        words = " ".join(dice.choices(vocabulary, k=4))
        for k in (1, 5, 50):
            assert find(whole, words, reader("ana"), k) == find(alone, words, reader("ana"), k)
        assert whole.search(words, None, reader("ana")) == alone.search(words, None, reader("ana"))
    assert whole.documents(reader("ana")) == alone.documents(reader("ana"))


@pytest.mark.requirement("knowledge:widening")
def test_an_old_text_is_not_opened_to_those_who_may_read_the_new_one(tmp_path: Path) -> None:
    """The list gets wider in the same run in which the secret is taken out of the text."""
    shelf = Shelf()
    shelf.put("plan", SECRET, CLOSED)
    base = indexed(tmp_path, shelf)
    shelf.put("plan", "Nothing is planned.", OPEN)
    seen: list[str] = []
    embedder = base._embedder
    embed = embedder.embed

    def looking(texts: list[str]) -> object:
        seen.extend(p.text for p in base.get(shelf.id("plan"), reader("eve")))
        return embed(texts)

    embedder.embed = looking  # type: ignore[method-assign, assignment]
    base.index([shelf])
    assert seen == []
    assert [p.text for p in base.get(shelf.id("plan"), reader("eve"))] == ["Nothing is planned."]


@pytest.mark.requirement("knowledge:widening")
def test_a_narrower_list_counts_before_anything_is_embedded(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.put("plan", "Old plan.")
    base = indexed(tmp_path, shelf)
    shelf.put("plan", SECRET, CLOSED)
    shelf.fails = RuntimeError("killed before the end")
    with pytest.raises(RuntimeError):
        base.index([shelf])
    assert reach(base, shelf.id("plan"), "Old plan.", reader("eve")) == []


def random_reads() -> ModuleType:
    """The benchmark's module."""
    spec = importlib.util.spec_from_file_location("bench_isolation", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.requirement("knowledge:isolation")
def test_random_reads_while_lists_and_texts_change_return_nothing_unreadable(tmp_path: Path) -> None:
    """A small run of the benchmark, which makes thousands of reads."""
    done = random_reads().run_reads(tmp_path, reads=400, documents=60, threads=3, seed=11)
    assert (done.reads, done.unreadable) == (400, 0)
    assert done.passages > 400
    assert done.runs >= 2


@pytest.mark.requirement("knowledge:isolation")
def test_the_random_reads_notice_a_list_that_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retriever, "admits", lambda access, names: True)
    done = random_reads().run_reads(tmp_path, reads=60, documents=60, threads=1, seed=11)
    assert done.unreadable > 0
