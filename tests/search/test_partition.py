"""A partition finds by meaning and by words, survives a kill, refuses foreign vectors and broken files."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.search.partition import Entry, Partition
from remembering import EMBEDDER

TEXTS = {
    "revenue": "Revenue. Money earned from sales each month.",
    "staff": "Employees. People who work here and their birthdays.",
    "parts": "Components. Stock of part number ZX-81/B and others.",
    "weather": "Weather. Temperature and rain by station.",
    "tickets": "Support tickets. Complaints that customers filed.",
}


def entries(texts: dict[str, str]) -> list[Entry]:
    vectors = EMBEDDER.embed(list(texts.values()))
    return [Entry(i, t, f"hash of {t}", v) for (i, t), v in zip(texts.items(), vectors, strict=True)]


@pytest.fixture
def partition(tmp_path: Path) -> Iterator[Partition]:
    opened = Partition.open(tmp_path / "p.db", EMBEDDER.model_id, EMBEDDER.dimensions)
    opened.upsert(entries(TEXTS))
    yield opened
    opened.close()


@pytest.mark.requirement("ODA-15")
def test_a_synonym_that_no_entry_spells_is_found_by_meaning(partition: Partition) -> None:
    query = "income"
    hit = partition.search(query, EMBEDDER.embed([query])[0], 1)[0]
    assert (hit.id, hit.dense_rank, hit.text_rank) == ("revenue", 1, None)


@pytest.mark.requirement("ODA-15")
def test_a_rare_code_is_found_by_its_exact_words(partition: Partition) -> None:
    query = "ZX-81/B"
    hit = next(h for h in partition.search(query, EMBEDDER.embed([query])[0], 5) if h.text_rank == 1)
    assert hit.id == "parts"


@pytest.mark.requirement("ODA-15")
def test_both_lists_contribute_to_the_ranks_of_one_search(partition: Partition) -> None:
    query = "complaints about staff"
    hits = partition.search(query, EMBEDDER.embed([query])[0], 5)
    assert {h.id for h in hits} == set(TEXTS)
    assert next(h for h in hits if h.id == "tickets").text_rank is not None
    assert all(h.dense_rank is not None for h in hits)


@pytest.mark.requirement("ODA-15")
def test_without_a_vector_words_alone_are_searched(partition: Partition) -> None:
    assert {h.id for h in partition.search("months and birthdays", None, 5)} == {"staff", "revenue"}


@pytest.mark.requirement("search:partition")
def test_a_camel_case_name_is_found_by_its_parts_and_by_its_whole(partition: Partition) -> None:
    partition.upsert(entries({"camel": "tblShippingMethods"}))
    assert [h.id for h in partition.search("shipping method", None, 1)] == ["camel"]
    assert [h.id for h in partition.search("tblshippingmethods", None, 1)] == ["camel"]


@pytest.mark.requirement("search:partition")
def test_a_replaced_entry_is_found_by_its_new_text_only(partition: Partition) -> None:
    partition.upsert(entries({"weather": "Flights and airports"}))
    assert [h.id for h in partition.search("airports", None, 5)] == ["weather"]
    assert partition.search("rain", None, 5) == []
    assert partition.hashes()["weather"] == "hash of Flights and airports"


@pytest.mark.requirement("search:partition")
def test_a_deleted_entry_is_found_no_more(partition: Partition) -> None:
    partition.delete(["weather", "never there"])
    vector = EMBEDDER.embed(["rain"])[0]
    assert "weather" not in {h.id for h in partition.search("rain", vector, 10)}


@pytest.mark.requirement("search:partition")
def test_an_empty_partition_finds_nothing(tmp_path: Path) -> None:
    empty = Partition.open(tmp_path / "p.db", EMBEDDER.model_id, EMBEDDER.dimensions)
    assert empty.search("anything", EMBEDDER.embed(["anything"])[0], 5) == []
    empty.close()


@pytest.mark.requirement("search:partition")
def test_a_failed_upsert_changes_nothing(partition: Partition) -> None:
    before = partition.hashes()
    wrong = Entry("short", "text", "h", np.ones(3, dtype=np.float32))
    with pytest.raises(ValueError, match="shape"):
        partition.upsert([*entries({"new": "text"}), wrong])
    assert partition.hashes() == before


@pytest.mark.requirement("search:partition")
def test_another_process_writing_is_seen_by_the_next_search(partition: Partition, tmp_path: Path) -> None:
    vector = EMBEDDER.embed(["volcano"])[0]
    partition.search("volcano", vector, 1)
    other = Partition.open(tmp_path / "p.db", EMBEDDER.model_id, EMBEDDER.dimensions)
    other.upsert(entries({"volcano": "volcano"}))
    other.close()
    assert partition.search("volcano", vector, 1)[0].id == "volcano"


@pytest.mark.requirement("search:partition")
def test_threads_search_one_partition_while_it_is_written(partition: Partition) -> None:
    vector = EMBEDDER.embed(["money"])[0]
    extra = entries({f"x{i}": f"text {i}" for i in range(30)})
    with ThreadPoolExecutor(4) as pool:
        searches = [pool.submit(partition.search, "money", vector, 3) for _ in range(50)]
        for entry in extra:
            partition.upsert([entry])
        assert all(len(s.result()) == 3 for s in searches)


@pytest.mark.requirement("ODA-14")
def test_vectors_of_another_embedder_are_refused(partition: Partition, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        Partition.open(tmp_path / "p.db", "another-model", EMBEDDER.dimensions)
    assert "gnomon index --full" in refused.value.hint


@pytest.mark.requirement("search:partition")
def test_a_file_that_is_no_partition_is_refused_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "p.db").write_bytes(b"not a database, but long enough to be looked at" * 40)
    with pytest.raises(Misconfigured) as refused:
        Partition.open(tmp_path / "p.db", EMBEDDER.model_id, EMBEDDER.dimensions)
    assert "gnomon index --full" in refused.value.hint


KILLED = """
import os, signal, sys, numpy as np
from pathlib import Path
from gnomon.search.partition import Entry, Partition
partition = Partition.open(Path(sys.argv[1]), "m", 2)
def entries():
    for i in range(100):
        yield Entry(f"b{i}", "text", "h", np.ones(2))
    os.kill(os.getpid(), signal.SIGKILL)
partition.upsert([Entry("a", "text", "h", np.ones(2))])
partition.upsert(entries())
"""


@pytest.mark.requirement("search:partition")
def test_a_kill_in_mid_write_keeps_what_was_written_before_and_nothing_of_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "p.db"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, env=dict(os.environ))
    assert ended.returncode == -signal.SIGKILL
    partition = Partition.open(path, "m", 2)
    assert set(partition.hashes()) == {"a"}
    partition.close()
