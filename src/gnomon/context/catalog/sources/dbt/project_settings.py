"""`dbt_project.yml`: where the files are, the variables, and the configuration of folders.

Format: https://docs.getdbt.com/reference/dbt_project.yml
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gnomon.context.catalog.facts import Problem
from gnomon.context.catalog.sources.dbt.code import known_call
from gnomon.context.catalog.sources.dbt.fields import mapping, text, texts
from gnomon.context.catalog.sources.dbt.files import is_inside, read_text
from gnomon.context.catalog.sources.dbt.jinja import render
from gnomon.context.catalog.sources.dbt.jinja_expressions import Scope, Value
from gnomon.context.catalog.sources.dbt.jinja_tokens import TemplateStopped
from gnomon.context.catalog.sources.dbt.yaml_reader import BrokenYaml, read_yaml

PROJECT_FILE = "dbt_project.yml"

_PATHS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "model-paths": ("source-paths", ("models",)),
    "seed-paths": ("data-paths", ("seeds", "data")),
    "snapshot-paths": ("", ("snapshots",)),
    "docs-paths": ("", ("docs", "macros", "analyses", "analysis")),
}
"""A setting, its name before dbt 1.0, and where dbt looks if neither is set (`data` is of before 1.0)."""

_CONFIGS = frozenset(
    {"alias", "enabled", "group", "identifier", "materialized", "meta", "schema", "tags", "database"}
)


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What a project file says.

    Args:
        paths: Existing folders in the project, by setting.
        configs: The trees under `models`, `seeds`, `snapshots` and `sources`.
        uses_packages: Other projects are installed with it, whose models it may refer to.
        is_known: The project file was read.
    """

    name: str = ""
    paths: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    configs: Mapping[str, Any] = field(default_factory=dict)
    target_path: str = "target"
    uses_packages: bool = False
    problems: tuple[Problem, ...] = ()
    is_known: bool = False

    def config_of(self, kind: str, folders: Sequence[str]) -> dict[str, Any]:
        """What the tree of a kind (`models`) says for a path: its folders, then its name.

        The deeper level wins; tags add up and `meta` is merged, as in dbt.
        """
        tree = mapping(self.configs, kind)
        found: dict[str, Any] = {}
        merge_config(found, self._level(tree))
        tree = mapping(tree, self.name)
        merge_config(found, self._level(tree))
        for folder in folders:
            tree = mapping(tree, folder)
            merge_config(found, self._level(tree))
        return found

    def _level(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key.removeprefix("+"): self.filled(value)
            for key, value in tree.items()
            if key.startswith("+") or (key in _CONFIGS and not isinstance(value, Mapping))
        }

    def filled(self, value: Any) -> Any:
        """A text with its variables filled in; anything else, and what is not read, as it is."""
        if not isinstance(value, str) or "{{" not in value:
            return value
        try:
            return render(value, Scope(self._call))
        except TemplateStopped:
            return value

    def _call(self, name: str, arguments: Sequence[Value], named: Mapping[str, Value]) -> Value:
        return known_call(name, arguments, named, self.variables)


def merge_config(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    """Take over another, stronger configuration."""
    for key, value in other.items():
        if key == "tags":
            into[key] = [*texts(into.get(key)), *texts(value)]
        elif key == "meta":
            into[key] = {**mapping(into.get(key)), **mapping(value)}
        else:
            into[key] = value


def read_settings(root: Path) -> ProjectSettings:
    """The settings of a project folder; those of an empty file if there is none that can be read."""
    found = read_text(root / PROJECT_FILE, PROJECT_FILE)
    problems = [found.problem] if found.problem else []
    said: Any = {}
    try:
        said = mapping(read_yaml(found.text or ""))
    except BrokenYaml as broken:
        problems.append(Problem(f"{PROJECT_FILE}:{broken.line}", f"it is no YAML: {broken.message}"))
    return ProjectSettings(
        name=text(said, "name"),
        paths={setting: _folders(root, said, setting, problems) for setting in _PATHS},
        variables=_variables(said),
        configs={kind: mapping(said, kind) for kind in ("models", "seeds", "snapshots", "sources")},
        target_path=text(said, "target-path") or "target",
        uses_packages=any((root / name).is_file() for name in ("packages.yml", "dependencies.yml")),
        problems=tuple(problems),
        is_known=bool(said),
    )


def _variables(said: Mapping[str, Any]) -> dict[str, Any]:
    """Global variables, and over them those of the project itself."""
    named = mapping(said, "vars")
    return {**named, **mapping(named, text(said, "name"))}


def _folders(root: Path, said: Mapping[str, Any], setting: str, problems: list[Problem]) -> tuple[Path, ...]:
    older, usual = _PATHS[setting]
    names = texts(said.get(setting)) or texts(said.get(older)) or usual
    folders = [root / name for name in dict.fromkeys(names)]
    outside = [folder for folder in folders if not is_inside(folder, root)]
    if outside:
        problems.append(Problem(PROJECT_FILE, f"`{setting}` leads out of the project and is not followed"))
    return tuple(folder for folder in folders if folder not in outside and folder.is_dir())
