"""Embedding: a question and a batch, with the weights packed and unpacked; what unpacking costs at the start.

    python bench/bench_embedding.py [--threads 1,2] [--rounds 3]

Each way has a process of its own. The texts are words of the project's documents, as many as a question and a
passage of a table have: 20 and 60 tokens.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TOKENS = {"question": 20, "passage": 60}
QUESTIONS, PASSAGES = 200, 64
DOCS = Path(__file__).parents[1] / "docs"


def run() -> dict[str, Any]:
    """The figures with two threads, as the product has them."""
    return compared(threads=2, rounds=3)


def compared(threads: int, rounds: int) -> dict[str, Any]:
    """Figures of both ways, and how like their vectors are."""
    told: dict[str, Any] = {}
    for name in ("packed", "unpacked"):
        command = [sys.executable, __file__, "--probe", name, str(threads), str(rounds)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        told |= {f"{name}_{key}": value for key, value in json.loads(printed).items()}
    return {"threads": threads, **told, "least_cosine": least_cosine(threads)}


def probe(unpacked: bool, threads: int, rounds: int) -> dict[str, float]:
    """Load the model in this process, then embed."""
    import onnxruntime  # noqa: F401

    from gnomon.models.minilm.weights import Weights

    before, began = _resident_mib(), time.perf_counter()
    weights = Weights(threads, 0 if unpacked else None)
    load_s = time.perf_counter() - began
    questions, passages = texts("question", QUESTIONS), texts("passage", PASSAGES)
    first = spent(weights, [questions[:1]])
    asked = [spent(weights, [[q]]) for _ in range(rounds) for q in questions]
    batches = [passages[i : i + 32] for i in range(0, len(passages), 32)]
    batched = [spent(weights, batches) for _ in range(rounds)]
    return {
        "load_ms": load_s * 1_000,
        "first_question_ms": first[0] * 1_000,
        "question_ms_p50": statistics.median(wall for wall, _ in asked) * 1_000,
        "question_ms_p99": statistics.quantiles((wall for wall, _ in asked), n=100)[-1] * 1_000,
        "question_cpu_ms_p50": statistics.median(cpu for _, cpu in asked) * 1_000,
        "passage_cpu_ms": min(cpu for _, cpu in batched) / len(passages) * 1_000,
        "passages_per_s": len(passages) / min(wall for wall, _ in batched),
        "resident_mib": _resident_mib() - before,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def least_cosine(threads: int) -> float:
    """The least cosine of a text's vectors by either way."""
    from gnomon.models.minilm.embedder import _run
    from gnomon.models.minilm.weights import Weights

    both = [Weights(threads, after) for after in (None, 0)]
    likeness = []
    for ids in texts("question", QUESTIONS):
        one, other = (_run(weights, [ids])[0] for weights in both)
        likeness.append(float(one @ other))
    return min(likeness)


def texts(kind: str, count: int) -> list[list[int]]:
    """Token ids of lines of the documents, all of one length."""
    from gnomon.models.minilm.wordpiece import WordPiece

    tokenizer = WordPiece.load()
    words = " ".join(p.read_text(encoding="utf-8") for p in sorted(DOCS.glob("*.md"))).split()
    step = len(words) // count
    return [tokenizer.encode(" ".join(words[i * step : i * step + 200]), TOKENS[kind]) for i in range(count)]


def spent(weights: Any, batches: Sequence[Sequence[Sequence[int]]]) -> tuple[float, float]:
    """Seconds of the clock and of the processor that embedding takes."""
    from gnomon.models.minilm.embedder import _run

    wall, cpu = time.perf_counter(), time.process_time()
    for batch in batches:
        _run(weights, batch)
    return time.perf_counter() - wall, time.process_time() - cpu


def _resident_mib() -> float:
    pages = Path("/proc/self/statm")
    return int(pages.read_text().split()[1]) * resource.getpagesize() / 2**20 if pages.exists() else 0.0


def main() -> None:
    """Print the figures, one a line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", default="1,2", help="with commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--probe", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.probe:
        way, threads, rounds = options.probe
        print(json.dumps(probe(way == "unpacked", int(threads), int(rounds))))
        return
    for threads in map(int, options.threads.split(",")):
        for name, value in compared(threads, options.rounds).items():
            print(f"{name:32} {value:.6g}")


if __name__ == "__main__":
    main()
