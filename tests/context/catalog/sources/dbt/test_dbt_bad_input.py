"""Broken, hostile and huge projects: reported with their place, contained, and nothing else lost."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from context.catalog.sources.dbt.dbt_projects import (
    SCHEMA,
    gathered,
    model,
    nodes,
    said,
    write_files,
    write_manifest,
)
from gnomon.context.catalog.facts import Gathered, Problem
from gnomon.context.catalog.sources.dbt import open_dbt
from gnomon.context.catalog.sources.dbt.json_stream import BrokenJson, JsonFile
from gnomon.context.catalog.sources.dbt.project_files import ProjectFilesReader
from gnomon.context.catalog.sources.dbt.project_settings import read_settings
from gnomon.context.catalog.sources.dbt.source import DbtSource
from gnomon.context.catalog.sources.dbt.yaml_reader import BrokenYaml, read_yaml
from gnomon.domain.errors import Misconfigured


def cut(folder: Path, characters: int) -> Path:
    """Leave out the end of the manifest, as a dbt that was killed does."""
    path = folder / "manifest.json"
    text = path.read_text()
    path.write_text(text[: len(text) - characters])
    return folder


@pytest.mark.requirement("sources:dbt-bad-input")
def test_what_is_whole_in_a_half_written_manifest_is_read(tmp_path: Path) -> None:
    entries = nodes(model("a", description="First."), model("b", description="Second."))
    found = gathered(cut(write_manifest(tmp_path, 12, nodes=entries), 30))
    assert said(found, "meaning") == ["First."]
    assert len(found.problems) == 1
    assert found.problems[0].place == "manifest.json:1"
    assert "the file ends in the middle" in found.problems[0].message
    assert found.problems[0].message.endswith("run `dbt parse` again")


@pytest.mark.requirement("sources:dbt-bad-input")
def test_the_projects_files_and_the_catalog_tell_what_a_broken_manifest_does_not(tmp_path: Path) -> None:
    schema = "models: [{name: a, description: Of the file.}, {name: b, description: Second.}]"
    files = {
        "models/s.yml": schema,
        "models/a.sql": "select 1",
        "models/b.sql": "select * from {{ ref('a') }}",
    }
    root = write_files(tmp_path, files)
    entries = nodes(model("a", description="First."), model("b", description="Lost."))
    cut(write_manifest(root / "target", 12, nodes=entries), 30)
    relation = {"metadata": {"schema": "main", "name": "c", "comment": "Third."}, "columns": {}}
    (root / "target/catalog.json").write_text(json.dumps({"nodes": {"seed.shop.c": relation}}))
    found = gathered(root)
    assert said(found, "meaning") == ["First.", "Second.", "Third."]
    assert [(c.table, c.sql) for c in found.code] == [("b", "select * from wh.main.a")]
    assert [p.place for p in found.problems] == ["manifest.json:1", "manifest.json"]


BROKEN = [
    (b"", "the file ends in the middle"),
    (b"[]", "`{` is missing"),
    (b'{"nodes": {"a": {"x": tru}}}', "Expecting value"),
    (b'{"nodes": {"a": 1} "b": 2}', "`,` is missing"),
    (b'{"nodes": {a: 1}}', "a key in quotes is missing"),
    (b'{"nodes": {}} more', "text follows the end"),
    (b'{"nodes": ' + b"[" * 200_000, "nested too deeply"),
    (b'{"nodes": {"a": ' + b'{"a":' * 100_000, "nested too deeply"),
    (b'{"nodes": {"a": ' + b"9" * 5000 + b"}}", "too many digits"),
    (b'{"a": 1}', "it has no `nodes`"),
    (b'{"nodes": {"a": 1x, "b": "much more text"}}', "`,` is missing"),
    (b"\xff\xfe\x00", "`{` is missing"),
]


@pytest.mark.requirement("sources:dbt-bad-input")
@pytest.mark.parametrize(("data", "message"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_manifest_is_a_problem_and_no_crash(data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(data)
    problems = gathered(tmp_path).problems
    assert any(message in problem.message for problem in problems), problems


@pytest.mark.requirement("sources:dbt-bad-input")
def test_entries_of_the_wrong_types_are_passed_over(tmp_path: Path) -> None:
    odd = {"resource_type": "model", "name": 7, "columns": [1], "depends_on": "x", "config": None, "tags": {}}
    entries = {"a": 3, "b": odd, **nodes(model("c", description="Whole."))}
    folder = write_manifest(
        tmp_path,
        12,
        nodes=entries,
        sources=[],
        metrics={"m": {"name": None}},
        exposures={"e": {}},
        groups=None,
    )
    found = gathered(folder)
    assert said(found, "meaning") == ["Whole."]
    assert found.problems == [Problem("manifest.json", "`nodes.a` is no object and was passed over")]


@pytest.mark.requirement("sources:dbt-bad-input")
def test_bytes_that_are_not_utf8_are_replaced_and_reported(tmp_path: Path) -> None:
    folder = write_manifest(tmp_path, 12, nodes=nodes(model("a", description="Caf_.")))
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"Caf_", b"Caf\xe9"))
    found = gathered(folder)
    assert said(found, "meaning") == ["Caf\ufffd."]
    assert found.problems == [Problem("manifest.json:1", "bytes that are not UTF-8 were replaced")]


@pytest.mark.requirement("sources:dbt-bad-input")
def test_halves_of_characters_and_nul_do_not_leave_the_reader(tmp_path: Path) -> None:
    found = gathered(write_manifest(tmp_path, 12, nodes=nodes(model("a", description="x\ud800y\0z"))))
    assert said(found, "meaning") == ["x?yz"]


@pytest.mark.requirement("sources:dbt-limits")
def test_a_manifest_over_the_limit_is_read_as_far_as_the_limit(tmp_path: Path) -> None:
    entries = [model(f"m{i}", description="x" * 1000) for i in range(3000)]
    folder = write_manifest(tmp_path, 12, nodes=nodes(*entries))
    found = Gathered()
    for item in DbtSource(folder, "dbt:test", limit_bytes=2_000_000).read():
        found.add(item)
    assert 1000 < len(said(found, "meaning")) < 2000
    assert "only the first 2,000,000 bytes were read" in found.problems[0].message


@pytest.mark.requirement("sources:dbt-limits")
def test_entries_that_span_the_pieces_read_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    sections = {"one": {f"k{i}": "ä" * 700_000 for i in range(4)}, "two": [1.5, {"a": None}], "three": 12}
    path.write_text(json.dumps(sections, ensure_ascii=False), encoding="utf-8")
    entries = list(JsonFile(path).entries())
    assert {e.key: e.value for e in entries if e.section == "one"} == sections["one"]
    assert [(e.section, e.key, e.value) for e in entries[4:]] == [
        ("two", "", [1.5, {"a": None}]),
        ("three", "", 12),
    ]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(allow_nan=False), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=4,
)


@pytest.mark.requirement("sources:dbt-bad-input")
@settings(deadline=None)
@given(
    sections=st.dictionaries(
        st.text(max_size=3), st.dictionaries(st.text(max_size=3), JSON, min_size=1, max_size=3), max_size=3
    ),
    indent=st.integers(0, 2),
    data=st.data(),
)
def test_entries_are_those_of_the_standard_library_and_a_cut_loses_only_the_last(
    sections: dict[str, dict[str, object]],
    indent: int,
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.getbasetemp() / "entries.json"
    text = json.dumps(sections, indent=indent or None)
    path.write_text(text)
    whole = [(e.section, e.key, e.value) for e in JsonFile(path).entries()]
    assert whole == [(s, k, v) for s, entries in sections.items() for k, v in entries.items()]
    path.write_text(text[: data.draw(st.integers(0, len(text) - 1))])
    read = []
    with pytest.raises(BrokenJson):
        read.extend((e.section, e.key, e.value) for e in JsonFile(path).entries())
    assert read == whole[: len(read)]


@pytest.mark.requirement("sources:dbt-bad-input")
def test_models_that_read_each_other_are_reported_and_the_circle_is_cut(tmp_path: Path) -> None:
    files = {f"models/{a}.sql": f"select * from {{{{ ref('{b}') }}}}" for a, b in ("ab", "bc", "ca", "da")}
    found = gathered(write_files(tmp_path, files))
    text = "models read each other in a circle (a -> b -> c -> a); the edge that closes it is left out"
    assert found.problems == [Problem("models/a.sql", text)]
    assert [(e.table, e.upstream) for e in found.lineage] == [("a", "b"), ("b", "c"), ("d", "a")]


@pytest.mark.requirement("sources:dbt-bad-input")
def test_ephemeral_models_that_read_each_other_have_no_code(tmp_path: Path) -> None:
    config = "{{ config(materialized='ephemeral') }}"
    files = {
        "models/a.sql": config + "select * from {{ ref('b') }}",
        "models/b.sql": config + "select * from {{ ref('a') }}",
        "models/c.sql": "select * from {{ ref('a') }}",
    }
    found = gathered(write_files(tmp_path, files))
    assert found.code == []
    assert [p.place for p in found.problems] == ["models/c.sql:1", "models/a.sql"]


@pytest.mark.requirement("sources:dbt-limits")
def test_a_chain_of_models_longer_than_the_stack_is_followed(tmp_path: Path) -> None:
    entries = []
    for i in range(5000):
        entry = model(f"m{i}", depends_on={"nodes": [f"model.shop.m{i + 1}"]})
        entry["config"] = {"materialized": "table" if i in (0, 4999) else "ephemeral"}
        entries.append(entry)
    found = gathered(write_manifest(tmp_path, 12, nodes=nodes(*entries)))
    assert [(e.table, e.upstream) for e in found.lineage] == [("wh.main.m0", "wh.main.m4999")]


@pytest.mark.requirement("sources:dbt-limits")
def test_ephemeral_models_that_double_each_other_do_not_fill_the_memory(tmp_path: Path) -> None:
    files = {
        f"models/e{i}.sql": (
            "{{ config(materialized='ephemeral') }}"
            + f"select * from {{{{ ref('e{i + 1}') }}}}, {{{{ ref('e{i + 1}') }}}} -- {'x' * 100_000}"
        )
        for i in range(9)
    }
    files["models/e9.sql"] = "{{ config(materialized='ephemeral') }}select 1"
    files["models/top.sql"] = "select * from {{ ref('e0') }}"
    found = gathered(write_files(tmp_path, files))
    assert (found.code, [p.place for p in found.problems]) == ([], ["models/top.sql:1"])


@pytest.mark.requirement("sources:dbt-limits")
def test_a_model_of_50_000_lines_passes_as_it_is(tmp_path: Path) -> None:
    sql = "select\n" + "".join(f"    {i} as column_number_{i},\n" for i in range(50_000)) + "    1 as last"
    found = gathered(write_files(tmp_path, {"models/wide.sql": sql}))
    assert [c.sql for c in found.code] == [sql]


@pytest.mark.requirement("sources:dbt-bad-input")
def test_a_property_file_that_is_no_yaml_is_reported_with_its_line(tmp_path: Path) -> None:
    files = {
        "models/bad.yml": "models:\n  - name: a\n    columns: [\n",
        "models/good.yml": "models: [{name: a, description: Good.}]",
        "models/a.sql": "select 1",
    }
    found = gathered(write_files(tmp_path, files))
    assert said(found, "meaning") == ["Good."]
    assert [p.place for p in found.problems] == ["models/bad.yml:4"]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}]\n"
    for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)
BAD_YAML = [
    (BOMB, "it means over 500,000 values once its aliases are followed"),
    ("a: " + "[" * 5000, "maximum nesting depth"),
    ("a: " + "[" * 500, "nested over 64 deep"),
    ("a: &a [*a]", "names no anchor that is finished"),
    ("? [a]\n: 1", "a key is a list or a mapping"),
    ("<<: 3", "`<<` merges mappings only"),
    ("a: \0", "control characters are not allowed"),
    ("a: 'b", "unexpected end of stream"),
]


@pytest.mark.requirement("sources:dbt-untrusted")
@pytest.mark.parametrize(("text", "message"), BAD_YAML, ids=[m for _, m in BAD_YAML])
def test_yaml_that_means_too_much_or_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(BrokenYaml) as broken:
        read_yaml(text)
    assert message in broken.value.message


@pytest.mark.requirement("sources:dbt-untrusted")
def test_yaml_makes_no_object_whatever_its_tags() -> None:
    tagged, dated = "a: !!python/object/apply:os.getcwd []\nb: !!int 3", "f: 2026-01-31\ng: yes"
    text = f"{tagged}\nc: 0o17\nd: 12:30\ne: 1_000\n{dated}"
    assert read_yaml(text) == {
        "a": [],
        "b": "3",
        "c": "0o17",
        "d": "12:30",
        "e": 1000,
        "f": "2026-01-31",
        "g": True,
    }


@pytest.mark.requirement("sources:dbt-untrusted")
@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_yaml_or_broken_yaml(text: str) -> None:
    line = 1
    try:
        read_yaml(text)
    except BrokenYaml as broken:
        line = broken.line
    assert line >= 1


@pytest.mark.requirement("sources:dbt-bad-input")
def test_a_name_that_is_used_twice_is_reported(tmp_path: Path) -> None:
    files = {
        "models/one/a.sql": "select 1",
        "models/two/a.sql": "select 2",
        "models/s.yml": "models:\n  - {name: a, description: One.}\n  - {name: a, description: Two.}",
    }
    found = gathered(write_files(tmp_path, files))
    assert ([c.sql for c in found.code], said(found, "meaning")) == (["select 1"], ["One."])
    assert found.problems == [
        Problem("models/s.yml:3", "`a` is described in models/s.yml:2 already; this one is left out"),
        Problem("models/two/a.sql", "there is a model `a` in models/one/a.sql already; this one is left out"),
    ]


@pytest.mark.requirement("sources:dbt-bad-input")
def test_a_description_of_no_model_is_reported(tmp_path: Path) -> None:
    found = gathered(write_files(tmp_path, {"models/s.yml": "models:\n  - name: gone"}))
    assert found.problems == [Problem("models/s.yml:2", "it describes the model `gone`, which no file makes")]


@pytest.mark.requirement("sources:dbt-untrusted")
def test_links_and_settings_that_lead_out_of_the_project_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.sql").write_text("select 'secret'")
    project = "name: shop\nmodel-paths: [models, ../outside, /etc]\n"
    root = write_files(tmp_path / "shop", {"dbt_project.yml": project, "models/a.sql": "select 1"})
    (root / "models/link.sql").symlink_to(outside / "secret.sql")
    (root / "models/folder").symlink_to(outside)
    os.mkfifo(root / "models/pipe.sql")
    found = gathered(root)
    assert [c.sql for c in found.code] == ["select 1"]
    text = "`model-paths` leads out of the project and is not followed"
    assert found.problems == [Problem("dbt_project.yml", text)]


@pytest.mark.requirement("sources:dbt-bad-input")
def test_files_of_other_encodings_are_read_and_reported(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"seeds/days.csv": "day\n"})
    (root / "models").mkdir()
    (root / "models/a.sql").write_bytes(b"select 1\n-- caf\xe9")
    (root / "seeds/days.csv").write_bytes(b"\xef\xbb\xbfday,\0,caf\xe9\n1,2,3")
    found = gathered(root)
    text = "bytes that are not UTF-8 were replaced; save the file in that encoding"
    assert found.problems == [Problem("models/a.sql:2", text)]
    assert [c.sql for c in found.code] == ["select 1\n-- caf\ufffd"]
    assert said(found, "derivation") == ["Loaded from a file with the columns day, caf\ufffd."]


@pytest.mark.requirement("sources:dbt-bad-input")
def test_names_of_files_that_are_no_text_do_not_leave_the_reader(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"models/a.sql": "select 1"})
    (root / "models" / os.fsdecode(b"caf\xe9.sql")).write_text("select {{ macro() }}")
    source = open_dbt(root, "dbt:test")
    assert len(source.fingerprint()) == 64
    assert [p.place for p in gathered(root).problems] == ["models/caf?.sql:1"]
    repr(list(source.read())).encode("utf-8")


@pytest.mark.requirement("sources:dbt-limits")
def test_no_more_files_are_read_than_the_limit(tmp_path: Path) -> None:
    root = write_files(tmp_path, {f"models/m{i}.sql": "select 1" for i in range(5)})
    reader = ProjectFilesReader(root, read_settings(root), max_files=3)
    assert list(reader.read()) == [Problem("dbt_project.yml", "only the first 3 files were read")]
    assert len(reader.project.nodes) == 3


@pytest.mark.requirement("sources:dbt-bad-input")
def test_a_broken_project_file_leaves_the_usual_folders(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"dbt_project.yml": "name: [", "models/a.sql": "select 1"})
    found = gathered(root)
    assert [p.place for p in found.problems] == ["dbt_project.yml:1"]
    assert [c.sql for c in found.code] == ["select 1"]


@pytest.mark.requirement("sources:dbt-places")
@pytest.mark.parametrize("name", ["", "nothing", "empty", "file.txt"])
def test_a_place_without_a_project_is_the_operators_to_mend(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("{}")
    source = open_dbt(tmp_path / name, "dbt:test")
    with pytest.raises(Misconfigured, match="there is no dbt project to read"):
        source.fingerprint()
    with pytest.raises(Misconfigured, match="there is no dbt project to read"):
        list(source.read())


@pytest.mark.requirement("sources:dbt-places")
def test_each_way_to_name_a_target_reads_the_same(tmp_path: Path) -> None:
    root = write_files(tmp_path, {"dbt_project.yml": "name: shop\ntarget-path: out\n"})
    target = write_manifest(root / "out", 12, nodes=nodes(model("a", description="First.")))
    for place in (root, target, target / "manifest.json"):
        assert said(gathered(place), "meaning") == ["First."]
        assert open_dbt(place, "dbt:shop").name == "dbt:shop"


@pytest.mark.requirement("sources:dbt-fingerprint")
def test_a_fingerprint_changes_with_each_file_and_with_nothing_else(tmp_path: Path) -> None:
    root = write_files(
        tmp_path, {"models/a.sql": "select 1", "seeds/b.csv": "b\n", "models/s.yml": "models: []"}
    )
    write_manifest(root / "target", 12)
    source = open_dbt(root, "dbt:test")
    seen = [source.fingerprint()]
    (root / "README.md").write_text("not read")
    os.utime(root / "models/a.sql", (1, 1))
    assert source.fingerprint() == seen[0]
    for name, text in {
        "models/a.sql": "select 2",
        "models/new.sql": "select 2",
        "seeds/b.csv": "c\n",
        "models/s.yml": "seeds: []",
        "dbt_project.yml": "name: store",
        "target/manifest.json": json.dumps(
            {"metadata": {"dbt_schema_version": SCHEMA.format(12)}, "nodes": {}}
        ),
        "target/catalog.json": "{}",
    }.items():
        (root / name).write_text(text)
        seen.append(source.fingerprint())
    (root / "models/new.sql").unlink()
    seen.append(source.fingerprint())
    assert len(set(seen)) == len(seen)


@pytest.mark.requirement("sources:dbt-fingerprint")
def test_a_large_file_is_told_apart_by_size_and_time(tmp_path: Path) -> None:
    folder = write_manifest(tmp_path, 12, docs={"x": {"text": "y" * 9_000_000}})
    source, path = open_dbt(folder, "dbt:test"), folder / "manifest.json"
    os.utime(path, ns=(1, 1))
    first = source.fingerprint()
    assert source.fingerprint() == first
    os.utime(path, ns=(1, 2))
    assert source.fingerprint() != first
