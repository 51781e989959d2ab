"""YAML of others: plain values with their lines, and nothing that grows, loops or makes objects."""

from datetime import date

import pytest

from gnomon.store.yaml_files import YamlError, load_yaml, load_yaml_documents, load_yaml_with_lines

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.requirement("sources:yaml-safe")
def test_every_key_and_item_knows_its_line() -> None:
    lined = load_yaml_with_lines("a:\n  - b: 1\n    c: 2026-11-03\n  - d\n", "x.yaml")
    assert lined.value == {"a": [{"b": 1, "c": date(2026, 11, 3)}, "d"]}
    assert lined.line("a", 0, "c") == 3
    assert lined.line("a", 1) == 4
    assert lined.line("a", 1, "no such part") == 4
    assert lined.line("nothing") == 1


@pytest.mark.requirement("sources:yaml-safe")
def test_several_documents_are_read_and_empty_ones_left_out() -> None:
    documents = load_yaml_documents("---\na: 1\n---\n---\nb: 2\n", "x.yaml")
    assert [d.value for d in documents] == [{"a": 1}, {"b": 2}]
    assert documents[1].first_line == 5
    assert load_yaml("# nothing\n", "x.yaml") is None


@pytest.mark.requirement("sources:yaml-safe")
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: {c: 'x\n", 3, "is not YAML that can be read"),
        ("a: 1\n\tb: 2\n", 2, "is not YAML that can be read"),
        ("a: 1\nb: 2\na: 3\n", 3, "has the key `a` twice"),
        ("a: 1\nb: !!python/object/apply:os.system ['echo']\n", 2, "could not determine a constructor"),
        ("a: 1\nb: !include other.yaml\n", 2, "could not determine a constructor"),
        ("a: 1\nb: 2026-13-45\n", 2, "is not what its form or tag says"),
        ("a: !!int x\n", 1, "is not what its form or tag says"),
        ("a: *nobody\n", 1, "undefined alias"),
        ("a: 1\n---\nb: 2\n", 3, "several documents"),
        ("a: \x07\n", 0, "is not YAML"),
        ("a: 1\nb: \udc80\n", 2, "a character that is not text"),
        ("? [a, b]\n: 1\n", 1, "unhashable key"),
    ],
)
def test_what_is_broken_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(YamlError) as caught:
        load_yaml(text, "notes/x.yaml")
    assert (caught.value.line, words in caught.value.message) == (line, True), caught.value
    assert caught.value.at == (f"notes/x.yaml:{line}" if line else "notes/x.yaml")


@pytest.mark.requirement("sources:yaml-bomb")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "with its aliases followed"),
        ("a: &a {b: *a}\n", "refers to itself"),
        ("a: &a {<<: *a}\n", "refers to itself"),
        ("- " * 500_000, "nests deeper than 64 levels"),
        ("[" * 1_000_000, "nesting depth"),
        ("a: " + "1:" * 900_000 + "1", "a number of 1,800,001 characters"),
        ("a: " + "x" * 2_000_001, "at most 2,000,000 are read"),
    ],
    ids=["aliases", "alias of itself", "merge of itself", "lists", "brackets", "base 60", "long"],
)
def test_what_would_grow_is_refused_while_it_is_small(text: str, words: str) -> None:
    with pytest.raises(YamlError, match=words):
        load_yaml(text, "x.yaml")


@pytest.mark.requirement("sources:yaml-safe")
def test_plain_aliases_and_merges_are_followed() -> None:
    text = "base: &b {x: 1}\nall:\n  - *b\n  - {<<: *b, y: 2}\n"
    assert load_yaml(text, "x.yaml") == {"base": {"x": 1}, "all": [{"x": 1}, {"x": 1, "y": 2}]}


@pytest.mark.requirement("sources:yaml-safe")
def test_values_under_a_tools_own_tags_can_be_left_out() -> None:
    text = "a: !include other.yaml\nb:\n  - !ref {x: 1}\n  - 2\n"
    assert load_yaml(text, "x.yaml", drop_private=True) == {"a": None, "b": [None, 2]}
    with pytest.raises(YamlError):
        load_yaml("a: !!python/name:os.system\n", "x.yaml", drop_private=True)
