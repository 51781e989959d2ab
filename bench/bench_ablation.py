"""Ablation: what each layer of context is worth, by taking it away and by adding it to the schema alone.

    python bench/bench_ablation.py [--only pairs|company|trust|real]

Four parts. `pairs`: made-up tables that look alike, told apart by one layer each (`ablation_pairs.py`).
`company`: the demo company's questions with each set of layers (`ablation_company.py`). `trust`: its past
queries as examples, the trusted ones against all of them. `real`: Superset's charts and Fivetran's tables
(`ablation_real.py`), where `GNOMON_DATA` names the development data. Tables are printed as Markdown.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import ablation_company as company
import ablation_real as real
from ablation_layers import ALL, NONE, Layer, configurations, named
from ablation_pairs import PAIRS, SCHEMAS, Pair, World
from remembering_embedder import CACHE, RememberingEmbedder

from gnomon.flywheel.report import EvalReport, Share
from gnomon.models.minilm.embedder import MiniLmEmbedder

Rows = Iterator[Sequence[str]]


def run() -> dict[str, Any]:
    """How many pairs flip, and the demo company's figures with all layers and with the schema alone."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="gnomon-bench-") as folder:
        worlds = _worlds(Path(folder))
        read = [p for p in PAIRS if "answer" in p.turns]
        figures["pairs"] = 2 * len(read)
        figures["pairs_right"] = sum(w.taken(p) == w.right for p in read for w in worlds)
        without = sum(w.taken(p, ALL - {p.layer}) == w.right for p in read for w in worlds)
        figures["pairs_right_without"] = without
        _close(worlds)
    asked = company.questions()
    with company.opened() as opened:
        for name, layers in (("all", ALL), ("schema", NONE)):
            overall = opened.evaluated(asked.own, layers).overall
            found = opened.found(asked.with_gold, layers)
            figures |= {
                f"accuracy_{name}": overall.accuracy.value,
                f"precision_{name}": overall.precision.value,
                f"recall_at_1_{name}": found.recall_at_1,
                f"told_{name}": len(opened.told(layers)) / len(company.FACTS),
            }
        trusted = opened.examples(asked.with_gold, opened.index())
        history = opened.examples(asked.with_gold, opened.all_history())
        figures |= {"examples_right": trusted.right, "history_right": history.right}
    return figures


def pairs_table() -> Rows:
    """A pair a row: in how many arrangements the right one ranks first, is answered from, is told of."""
    yield (
        "Pair",
        "Told apart by",
        "Ranks first",
        "without it",
        "Answered from",
        "without it",
        "Told",
        "without it",
    )
    with tempfile.TemporaryDirectory(prefix="gnomon-bench-") as folder:
        worlds = _worlds(Path(folder))
        for pair in PAIRS:
            yield pair.name, pair.layer, *_cells(pair, worlds)
        _close(worlds)


def _cells(pair: Pair, worlds: Sequence[World]) -> Iterator[str]:
    looks: tuple[Callable[[World, Collection[Layer]], bool], ...] = (
        lambda w, layers: w.retrieved(pair, layers) == w.right,
        lambda w, layers: w.taken(pair, layers) == w.right,
        lambda w, layers: w.is_told(pair, layers),
    )
    for look in looks:
        for layers in (ALL, ALL - {pair.layer}):
            yield f"{sum(look(w, layers) for w in worlds)} of {len(worlds)}"


def company_table(opened: "company.Company", asked: "company.Asked") -> Rows:
    """A set of layers a row."""
    yield (
        "Layers",
        "Coverage",
        "Precision",
        "Accuracy",
        "In own words",
        "Look-alikes",
        "Recall@1",
        "MRR",
        "Told",
    )
    for layers in configurations():
        own = opened.evaluated(asked.own, layers).overall
        words, alike = (_right(opened.evaluated(q, layers)) for q in (asked.words, asked.alike))
        found = opened.found(asked.with_gold, layers)
        told = Share(len(opened.told(layers)), len(company.FACTS))
        yield (
            named(layers),
            *map(_percent, (own.coverage, own.precision, own.accuracy)),
            words,
            alike,
            f"{found.recall_at_1:.2f}",
            f"{found.mrr:.2f}",
            f"{told.count} of {told.total}",
        )


def alike_table(opened: "company.Company", asked: "company.Asked") -> Rows:
    """The look-alike questions whose order turns when a layer goes, or comes to the schema alone."""
    yield (
        "Layer",
        "Right first with all layers",
        "without it",
        "turn wrong",
        "turn right",
        "schema and it alone",
    )
    whole, bare = opened.ahead(asked.alike, ALL), opened.ahead(asked.alike, NONE)
    total = len(asked.alike)
    for layer in ("annotations", "code", "usage", "comments"):
        without = opened.ahead(asked.alike, ALL - {layer})
        alone = opened.ahead(asked.alike, {layer})
        lost, won = (", ".join(sorted(ids)) or "none" for ids in (whole - without, without - whole))
        yield (
            layer,
            f"{len(whole)} of {total}",
            str(len(without)),
            lost,
            won,
            f"{len(alone)}, schema {len(bare)}",
        )


def trust_table(opened: "company.Company", asked: "company.Asked") -> Rows:
    """Past queries beside questions: the trusted ones, and all of them."""
    yield (
        "Examples",
        "Questions with one",
        "Queries",
        "Read gold tables only",
        "First one does",
        "Read a rival",
    )
    for name, index in (("trusted queries", opened.index()), ("all history", opened.all_history())):
        found = opened.examples(asked.with_gold, index)
        shares = (f"{share:.0%}" for share in (found.right, found.first_right, found.rival))
        yield name, f"{found.shown} of {found.asked}", str(found.queries), *shares


def real_table() -> Rows:
    """Real sets with and without what is said of them."""
    yield (
        "Set",
        "What is known",
        "Questions",
        "Recall@1",
        "Recall@5",
        "MRR",
        "Example shown",
        "Its table right",
    )
    embedder = RememberingEmbedder.open(CACHE)
    for found in real.read_all():
        for name, layers in real.SETS:
            r = real.measured(found, layers, embedder)
            cells = (f"{r.at_1:.2f}", f"{r.at_5:.2f}", f"{r.mrr:.2f}", f"{r.shown:.0%}", f"{r.right:.0%}")
            yield f"{found.name}, {len(found.catalog.tables)} tables", name, str(r.questions), *cells


def _worlds(folder: Path) -> tuple[World, ...]:
    embedder = MiniLmEmbedder()
    return tuple(World(_made(folder / right), right, embedder) for right in SCHEMAS)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _close(worlds: Sequence[World]) -> None:
    for world in worlds:
        world.close()


def _right(report: EvalReport) -> str:
    verdicts = dict(report.overall.verdicts)
    wrong = verdicts.get("wrong", 0)
    total = sum(verdicts.values())
    return f"{verdicts.get('right', 0)} of {total}" + (f", {wrong} wrong" if wrong else "")


def _percent(share: Share) -> str:
    return f"{share.value:.0%} ({share.count}/{share.total})"


def _print(title: str, rows: Rows) -> None:
    print(f"\n{title}\n")
    for i, row in enumerate(rows):
        print(f"| {' | '.join(row)} |", flush=True)
        if i == 0:
            print(f"|{' --- |' * len(row)}", flush=True)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("pairs", "company", "trust", "real"), default="")
    only = parser.parse_args().only
    if only in ("", "pairs"):
        _print("Made-up pairs", pairs_table())
    if only in ("", "company", "trust"):
        with company.opened() as opened:
            asked = company.questions()
            if only != "company":
                _print("Examples", trust_table(opened, asked))
            if only != "trust":
                _print("Order of look-alikes", alike_table(opened, asked))
                _print("The demo company", company_table(opened, asked))
    if only in ("", "real"):
        _print("Real sets", real_table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
