"""The closed lists of words in `words.txt`, which says what each is for."""

from functools import cache
from importlib.resources import files


@cache
def phrases(kind: str) -> frozenset[tuple[str, ...]]:
    """The words and phrases of a kind, each word by word.

    Raises:
        KeyError: There is no such kind.
    """
    return _read()[kind]


@cache
def words(kind: str) -> frozenset[str]:
    """The same, single words alone."""
    return frozenset(p[0] for p in phrases(kind) if len(p) == 1)


@cache
def _read() -> dict[str, frozenset[tuple[str, ...]]]:
    text = (files("gnomon.models.grounded.trusted") / "words.txt").read_text(encoding="utf-8")
    told = [line for line in text.splitlines() if line and not line.startswith("#")]
    entries = "\n".join(told).replace("\n ", " ").splitlines()
    table: dict[str, frozenset[tuple[str, ...]]] = {}
    for entry in entries:
        kind, _, listed = entry.partition(" :: ")
        table[kind] = frozenset(tuple(p.split()) for p in listed.split("|"))
    return table
