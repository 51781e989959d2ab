"""The manifest of requirements and the tests' marks say the same. Read from source: order plays no part."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
MANIFEST = TESTS / "requirements.toml"
ID = re.compile(r"[A-Z]+-\d{2}|[a-z][a-z-]*:[a-z][a-z0-9-]*")


def marks(source: str) -> Iterator[str]:
    """Ids in every `pytest.mark.requirement(...)` of a module, wherever it stands."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr == "requirement":
            for argument in node.args:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    raise ValueError(f"line {node.lineno}: a requirement's id is written out, not computed")
                yield argument.value


def marked() -> dict[str, set[str]]:
    """Each id with the test files that mark it."""
    found: dict[str, set[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for each in marks(path.read_text()):
            found.setdefault(each, set()).add(path.relative_to(TESTS).as_posix())
    return found


def manifest() -> dict[str, str]:
    entries: dict[str, str] = tomllib.loads(MANIFEST.read_text())
    return entries


def test_every_marked_requirement_is_in_the_manifest() -> None:
    unknown = {each: files for each, files in marked().items() if each not in manifest()}
    assert unknown == {}, "add these ids with a sentence to tests/requirements.toml"


def test_every_requirement_in_the_manifest_has_a_test() -> None:
    assert sorted(set(manifest()) - set(marked())) == [], "no test marks these ids"


def test_every_requirement_has_an_id_and_a_sentence() -> None:
    for each, sentence in manifest().items():
        assert ID.fullmatch(each), f"{each} is neither like ODA-03 nor like policy:deny-by-default"
        assert sentence.endswith("."), f"the sentence of {each} has no end"
        assert len(sentence.split()) >= 4, f"the sentence of {each} says too little"


@pytest.mark.requirement("house:manifest")
def test_marks_are_found_wherever_pytest_allows_them() -> None:
    source = """
pytestmark = [pytest.mark.requirement("a:module")]
@pytest.mark.requirement("b:two", "c:at-once")
def test_one(): ...
@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.requirement("d:parameter"))])
class TestMany:
    @mark.requirement("e:short")
    def test_two(self): ...
"""
    assert sorted(marks(source)) == ["a:module", "b:two", "c:at-once", "d:parameter", "e:short"]


@pytest.mark.requirement("house:manifest")
def test_a_computed_id_is_refused() -> None:
    with pytest.raises(ValueError, match="written out"):
        list(marks("pytest.mark.requirement(NAME)"))
