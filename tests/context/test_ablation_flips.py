"""Take one layer of context away, and of two tables that look alike the right one is no longer known.

The tables are made up so that one layer alone tells two apart (`bench/ablation_pairs.py`), and built in two
arrangements: what is right in one is wrong in the other. A choice that needs no layer is the same in both.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from ablation_layers import ALL, LAYERS
from ablation_pairs import PAIRS, ROWS, SCHEMAS, Pair, Turn, World

from remembering import EMBEDDER

pytestmark = pytest.mark.requirement("ablation:flips")


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, ...]]:
    embedder = EMBEDDER
    made = tuple(World(tmp_path_factory.mktemp(right), right, embedder) for right in SCHEMAS)
    yield made
    for world in made:
        world.close()


def that_turn(turn: Turn) -> Any:
    """A test of each pair whose layer turns this."""
    return pytest.mark.parametrize("pair", [p for p in PAIRS if turn in p.turns], ids=_called)


def _called(pair: Pair) -> str:
    return f"{pair.layer}-{pair.name}"


def test_every_layer_tells_a_pair_apart() -> None:
    assert {pair.layer for pair in PAIRS} == set(LAYERS)


@that_turn("rank")
def test_the_table_that_is_meant_ranks_first_only_with_the_layer_that_says_so(
    worlds: tuple[World, ...], pair: Pair
) -> None:
    assert [w.retrieved(pair) for w in worlds] == [w.right for w in worlds]
    without = {w.retrieved(pair, ALL - {pair.layer}) for w in worlds}
    assert len(without) == 1


@pytest.mark.requirement("ODA-19")
@that_turn("answer")
def test_the_answer_reads_the_table_that_is_meant_only_with_the_layer_that_says_so(
    worlds: tuple[World, ...], pair: Pair
) -> None:
    assert [w.taken(pair) for w in worlds] == [w.right for w in worlds]
    without = {w.taken(pair, ALL - {pair.layer}) for w in worlds}
    assert len(without) == 1


@pytest.mark.parametrize("pair", PAIRS, ids=_called)
def test_what_tells_the_tables_apart_is_shown_to_a_model_only_with_the_layer(
    worlds: tuple[World, ...], pair: Pair
) -> None:
    assert all(w.is_told(pair) for w in worlds)
    assert not any(w.is_told(pair, ALL - {pair.layer}) for w in worlds)


def test_a_number_from_the_wrong_table_is_another_number(worlds: tuple[World, ...]) -> None:
    """The flip shows in the figure, not in a name alone."""
    pair = next(p for p in PAIRS if p.layer == "usage")
    figures = [w.answer(pair).headline for w in worlds]
    assert figures == [str(ROWS[w.right]) for w in worlds]


@pytest.mark.requirement("ODA-19")
def test_the_answer_says_which_table_it_took_and_what_the_layer_knows_of_the_two(
    worlds: tuple[World, ...],
) -> None:
    pair = next(p for p in PAIRS if p.layer == "code")
    for world in worlds:
        right, wrong = world.table(pair), world.table(pair, world.wrong)
        told = [
            n for n in world.answer(pair).notices if n.startswith(f"Took `{right}` rather than `{wrong}`")
        ]
        assert len(told) == 1
        assert "(source = 'webinar')" in told[0]
        assert "signups.sql:2" in told[0]
        blind = world.answer(pair, ALL - {"code"}).notices
        assert blind
        assert not any("webinar" in notice for notice in blind)
