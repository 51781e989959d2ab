"""The index follows its sources: only changes cost, readers see whole documents, and nothing is lost or left
over."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from context.knowledge.shelf import Shelf, WordEmbedder, find, indexed, places, reader
from gnomon.context.knowledge.retriever import ATTEMPTS, SEARCH_FILE, KnowledgeBase
from gnomon.context.knowledge.sources.connect import open_knowledge_sources
from gnomon.context.knowledge.sources.port import Place, unreadable
from gnomon.context.knowledge.store import FILE
from gnomon.domain.document import CLOSED
from gnomon.domain.errors import Misconfigured
from gnomon.models.minilm.embedder import MiniLmEmbedder

ANA = reader("ana")
RUNS = Path(__file__).with_name("knowledge_writer.py")


@pytest.fixture
def shelf() -> Shelf:
    made = Shelf()
    made.put("refunds", "Refunds are paid within thirty days.\n\n" + "Filler words. " * 150)
    made.put("churn", "Churn counts customers who left.")
    return made


@pytest.mark.requirement("knowledge:incremental")
def test_only_what_changed_is_embedded_again(shelf: Shelf, tmp_path: Path) -> None:
    embedder = WordEmbedder()
    base = KnowledgeBase.open(tmp_path / "k", embedder)
    first = base.index([shelf])
    assert (first.documents, first.changed, first.embedded) == (2, 2, first.chunks)
    same = base.index([shelf])
    assert (same.documents, same.changed, same.embedded, same.removed) == (2, 0, 0, 0)
    shelf.put("refunds", "Refunds are paid within ten days.\n\n" + "Filler words. " * 150)
    shelf.put("prices", "Prices are net.")
    del shelf.texts["churn"]
    second = base.index([shelf])
    assert (second.documents, second.changed, second.removed) == (2, 2, 1)
    assert second.embedded < second.chunks
    assert {*places(find(base, "churn customers who left", ANA))} == {"refunds", "prices"}
    assert embedder.texts == first.embedded + second.embedded


@pytest.mark.requirement("knowledge:incremental")
def test_an_access_list_changes_without_anything_being_embedded(shelf: Shelf, tmp_path: Path) -> None:
    base = indexed(tmp_path, shelf)
    shelf.put("churn", shelf.texts["churn"][0], CLOSED)
    report = base.index([shelf])
    assert (report.changed, report.embedded) == (0, 0)
    assert not base.get(shelf.id("churn"), ANA)


@pytest.mark.requirement("knowledge:incremental")
def test_what_goes_stands_in_no_table_any_more(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("secret", "Borealis is the name of the merger.")
    base = indexed(tmp_path, shelf)
    del shelf.texts["secret"]
    base.index([shelf])
    base.close()
    for name in (FILE, SEARCH_FILE):
        with closing(sqlite3.connect(tmp_path / "knowledge" / name)) as db:
            assert "orealis" not in "\n".join(db.iterdump())


@pytest.mark.requirement("knowledge:incremental")
def test_documents_of_a_source_that_is_not_configured_any_more_go(shelf: Shelf, tmp_path: Path) -> None:
    other = Shelf(Place("notion:other", Path()))
    other.put("page", "Words of another source.")
    base = indexed(tmp_path, shelf, other)
    assert base.index([other]).removed == 2
    assert [c.source for c in base.documents(ANA)] == ["notion:other"]


@pytest.mark.requirement("knowledge:incremental")
def test_a_source_that_cannot_be_read_to_its_end_loses_nothing(shelf: Shelf, tmp_path: Path) -> None:
    base = indexed(tmp_path, shelf)
    shelf.put("prices", "Prices are net.")
    del shelf.texts["churn"]
    shelf.fails = unreadable("shelf.zip", "is cut off")
    report = base.index([shelf])
    assert report.removed == 0
    assert [p.place for p in report.problems] == ["markdown:shelf"]
    assert {c.place for c in base.documents(ANA)} == {"refunds", "churn", "prices"}


@pytest.mark.requirement("knowledge:incremental")
def test_a_document_that_comes_twice_is_told_and_the_first_counts(tmp_path: Path) -> None:
    one, two = Shelf(), Shelf()
    one.put("a", "First words.", CLOSED)
    two.put("a", "Second words.")
    base = indexed(tmp_path, one)
    report = base.index([one, two])
    assert [p.message for p in report.problems] == ["is there twice; the first is indexed"]
    assert not base.documents(ANA)


@pytest.mark.requirement("knowledge:embedder")
def test_vectors_of_another_model_are_refused_until_the_index_is_made_anew(
    shelf: Shelf, tmp_path: Path
) -> None:
    old = indexed(tmp_path, shelf)
    other = WordEmbedder("other/64")
    with pytest.raises(Misconfigured) as error:
        KnowledgeBase.open(tmp_path / "knowledge", other)
    assert error.value.hint == "run `gnomon knowledge index --full`"
    anew = KnowledgeBase.open(tmp_path / "knowledge", other, full=True)
    with pytest.raises(Misconfigured, match="another embedding model"):
        find(old, "refunds", ANA)
    assert anew.index([shelf]).embedded > 0
    assert find(anew, "refunds", ANA)


@pytest.mark.requirement("knowledge:embedder")
def test_starting_over_empties_what_others_have_open(shelf: Shelf, tmp_path: Path) -> None:
    open_elsewhere = indexed(tmp_path, shelf)
    again = KnowledgeBase.open(tmp_path / "knowledge", WordEmbedder(), full=True)
    assert not open_elsewhere.documents(ANA)
    shelf.put("churn", shelf.texts["churn"][0], CLOSED)
    again.index([shelf])
    assert [c.place for c in open_elsewhere.documents(ANA)] == ["refunds"]
    assert {*places(find(open_elsewhere, "churn refunds", ANA))} == {"refunds"}


@pytest.mark.requirement("knowledge:embedder")
@pytest.mark.parametrize("name", [FILE, SEARCH_FILE])
def test_a_damaged_file_is_named_and_replaced_when_asked_for(name: str, shelf: Shelf, tmp_path: Path) -> None:
    indexed(tmp_path, shelf).close()
    (tmp_path / "knowledge" / name).write_bytes(b"no database" * 1_000)
    with pytest.raises(Misconfigured, match="cannot be read"):
        KnowledgeBase.open(tmp_path / "knowledge", WordEmbedder())
    base = KnowledgeBase.open(tmp_path / "knowledge", WordEmbedder(), full=True)
    base.index([shelf])
    assert find(base, "churn", ANA)


@pytest.mark.requirement("knowledge:whole")
def test_pieces_that_the_partition_lost_are_put_back_without_embedding(shelf: Shelf, tmp_path: Path) -> None:
    indexed(tmp_path, shelf).close()
    (tmp_path / "knowledge" / SEARCH_FILE).unlink()
    base = KnowledgeBase.open(tmp_path / "knowledge", WordEmbedder())
    assert base.index([shelf]).embedded == 0
    assert places(find(base, "churn counts customers", ANA))[0] == "churn"


@pytest.mark.requirement("knowledge:whole")
def test_readers_see_a_whole_old_or_a_whole_new_document_while_it_changes(tmp_path: Path) -> None:
    shelf = Shelf()

    def version(n: int) -> str:
        return "\n\n".join(
            f"{'ruby' if n % 2 else 'opal'} part {p} " + "filler " * 150 for p in range(4 + n % 2)
        )

    shelf.put("book", version(0))
    base = indexed(tmp_path, shelf)
    done = threading.Event()
    torn: list[object] = []
    seen: set[str] = set()

    def read() -> None:
        while not done.is_set():
            found = base.get(shelf.id("book"), ANA)
            words = {p.text.split()[0] for p in found}
            if len(words) != 1 or len(found) != (5 if words == {"ruby"} else 4):
                torn.append(found)
            ranked = find(base, "ruby opal part", ANA)
            if len({p.text.split()[0] for p in ranked}) != 1 or len(ranked) not in (4, 5):
                torn.append(ranked)
            seen.update(words)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for n in range(1, 31):
        shelf.put("book", version(n))
        base.index([shelf])
    done.set()
    for thread in threads:
        thread.join()
    assert torn == []
    assert seen == {"ruby", "opal"}


@pytest.mark.requirement("knowledge:whole")
def test_a_document_that_changes_during_every_look_is_still_found_whole(tmp_path: Path) -> None:
    shelf, versions = Shelf(), count()

    def change() -> None:
        shelf.put("book", "\n\n".join(f"opal {next(versions)} " + "filler " * 150 for _ in range(3)))
        base.index([shelf])

    def may_read_and_change(identifier: str, tags: tuple[str, ...]) -> bool:
        change()
        return True

    base = indexed(tmp_path, shelf)
    change()
    restless = replace(ANA, may_read=may_read_and_change, rights=None)
    for words in ("opal filler", "of other things"):
        found = find(base, words, restless)
        numbers = sorted(int(passage.text.split()[1]) for passage in found)
        assert numbers == list(range(numbers[0], numbers[0] + 3))
        assert numbers[0] % 3 == 0


@pytest.mark.requirement("knowledge:whole")
def test_what_is_taken_away_during_every_look_is_not_shown_at_the_end(tmp_path: Path) -> None:
    shelf, looks = Shelf(), count()

    def may_read_until_the_last(identifier: str, tags: tuple[str, ...]) -> bool:
        number = next(looks)
        shelf.put("book", f"opal {number}", CLOSED if number > ATTEMPTS else None)
        base.index([shelf])
        return True

    shelf.put("book", "opal")
    base = indexed(tmp_path, shelf)
    restless = replace(ANA, may_read=may_read_until_the_last, rights=None)
    assert find(base, "opal", restless) == ()


@pytest.mark.requirement("knowledge:whole")
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX")
def test_a_killed_run_leaves_whole_documents_and_the_next_one_goes_on(tmp_path: Path) -> None:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    for kill_after in (1, 2, 4, 3):
        command = [sys.executable, str(RUNS), str(tmp_path / "k"), str(kill_after)]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
        base = KnowledgeBase.open(tmp_path / "k", WordEmbedder())
        for card in base.documents(ANA):
            assert len(base.get(card.id, ANA)) == 3
        base.close()
    done = subprocess.run([*command[:-1], "0"], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["40", "120"]


@pytest.mark.requirement("knowledge:embedder")
def test_the_embedding_default_finds_a_passage_by_what_it_means(tmp_path: Path) -> None:
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "refunds.md").write_text(
        "# Money back\n\nCustomers may return goods within thirty days of buying them."
    )
    (folder / "hours.md").write_text("# Opening hours\n\nThe office is open from nine to five.")
    embedder = MiniLmEmbedder()
    base = KnowledgeBase.open(tmp_path / "k", embedder)
    base.index(open_knowledge_sources(["markdown:book"], tmp_path))
    question = "how long can somebody send back a purchase"
    vector = embedder.embed([question])[0]
    assert places(base.search(question, vector, ANA))[0] == "refunds.md"
    (told,) = base.passages_for(question, vector, ANA, 2_000)
    assert told.startswith("Money back (markdown:book:refunds.md): Customers may return")
    other = "total revenue by month in 2024"
    assert base.passages_for(other, embedder.embed([other])[0], ANA, 2_000) == ()
    base.close()


@pytest.mark.requirement("knowledge:context")
def test_the_context_gets_what_fits_its_budget(tmp_path: Path) -> None:
    shelf = Shelf()
    for n in range(10):
        shelf.put(f"d{n}", "revenue counts orders net of refunds " * 20)
    base = indexed(tmp_path, shelf)
    question = "revenue counts orders net of refunds"
    vector = WordEmbedder().embed([question])[0]
    for budget in (0, 50, 500, 3_000):
        told = base.passages_for(question, vector, ANA, budget)
        assert sum(map(len, told)) <= budget
    assert len(told) > 1
