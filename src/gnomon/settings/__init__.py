"""Every option of Gnomon: its type, default, help, and where its value came from.

Settings enter here and nowhere else. A value is looked for in this order: command line option,
environment variable, `gnomon.toml` (searched from the working directory upward), default.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gnomon.domain.errors import Misconfigured
from gnomon.domain.query import Limits
from gnomon.settings.sections import (
    AnswersSection,
    ContextSection,
    EnrichmentSection,
    IdentitySection,
    LimitsSection,
    ModelSection,
    PipelinesSection,
    PolicySection,
    PrincipalSection,
    Section,
    StateSection,
    WarehouseSection,
)

FILE_NAME = "gnomon.toml"
SHORT_ENVIRONMENT_NAMES = {"warehouse.url": "GNOMON_WAREHOUSE", "model.name": "GNOMON_MODEL"}
HOME_VARIABLE = "GNOMON_HOME"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_HEADER = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]")
_ASSIGNMENT = re.compile(r"""^\s*["']?([^"'=\s]+)["']?\s*=""")


@dataclass(frozen=True, slots=True)
class Option:
    """One option as documentation shows it.

    Args:
        key: Section and name, for example `limits.max_rows`.
        variable: The environment variable that sets it.
    """

    key: str
    section: str
    name: str
    type_name: str
    default: Any
    help: str
    variable: str


@dataclass(frozen=True, slots=True)
class Looked:
    """One place a value was looked for, and what was there."""

    place: str
    found: str


class Settings(BaseModel):
    """All options, checked. Make one with `Settings.load`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    warehouse: WarehouseSection = WarehouseSection()
    model: ModelSection = ModelSection()
    limits: LimitsSection = LimitsSection()
    answers: AnswersSection = AnswersSection()
    context: ContextSection = ContextSection()
    enrichment: EnrichmentSection = EnrichmentSection()
    pipelines: PipelinesSection = PipelinesSection()
    state: StateSection = StateSection()
    principal_section: PrincipalSection = Field(default=PrincipalSection(), alias="principal")
    policy: PolicySection = PolicySection()
    identity: IdentitySection = IdentitySection()

    file: Path | None = Field(default=None, exclude=True)
    sources: dict[str, str] = Field(default_factory=dict, exclude=True)
    cwd: Path = Field(default_factory=Path.cwd, exclude=True)
    home: Path = Field(default_factory=lambda: Path.home() / ".gnomon", exclude=True)

    SECTIONS: ClassVar[dict[str, type[Section]]] = {
        "warehouse": WarehouseSection,
        "model": ModelSection,
        "limits": LimitsSection,
        "answers": AnswersSection,
        "context": ContextSection,
        "enrichment": EnrichmentSection,
        "pipelines": PipelinesSection,
        "state": StateSection,
        "principal": PrincipalSection,
        "policy": PolicySection,
        "identity": IdentitySection,
    }

    @classmethod
    def load(
        cls,
        cwd: Path | None = None,
        overrides: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> "Settings":
        """Read file, environment and overrides, and check all of it.

        Args:
            cwd: Where the search for `gnomon.toml` starts; the working directory by default.
            overrides: Values by key, for example `{"limits.max_rows": 50}`; a None counts as not given.
            environ: The environment; `os.environ` by default.

        Raises:
            Misconfigured: A key is unknown, a value is wrong, the file is not TOML, or a
                `${NAME}` is not set.
        """
        cwd = (cwd or Path.cwd()).absolute()
        environ = os.environ if environ is None else environ
        file = find_file(cwd)
        values, sources = _from_file(file, environ)
        _from_environment(values, sources, environ)
        _from_overrides(values, sources, overrides or {})
        _make_absolute(values, sources, cwd, file)
        extras = {"file": file, "sources": sources, "cwd": cwd, "home": _home(environ)}
        try:
            return cls.model_validate({**values, **extras})
        except ValidationError as error:
            raise _wrong_value(error, sources, file) from error

    def model_options(self) -> dict[str, Any]:
        """What else is set for opening the model."""
        if self.model.name == "grounded":
            return {"least": self.answers.min_confidence}
        given = {"base_url": self.model.base_url, "api_key_env": self.model.api_key_env}
        return {name: value for name, value in given.items() if value}

    def warehouse_url(self) -> str:
        """The warehouse to ask; may hold a password, so never print it (see `redact`).

        Raises:
            Misconfigured: None is set; the facts list where it was looked for.
        """
        if self.warehouse.url:
            return self.warehouse.url
        raise Misconfigured(
            "no warehouse is set",
            facts=tuple((looked.place, looked.found) for looked in self._looked_for_warehouse()),
            hint="name one with `--warehouse PATH_OR_URL`, "
            "or write a settings file with `gnomon init -w PATH_OR_URL`",
        )

    def _looked_for_warehouse(self) -> Iterator[Looked]:
        yield Looked("option", "--warehouse: not given")
        yield Looked("environment", "GNOMON_WAREHOUSE: not set")
        if self.file:
            yield Looked("file", f"{self.file}: no `url` under [warehouse]")
        else:
            yield Looked("file", f"{FILE_NAME}: not in {self.cwd} nor in a folder above it")

    @property
    def state_dir(self) -> Path:
        """The folder that holds all state; it may not exist yet."""
        if self.state.dir:
            return Path(self.state.dir)
        return self.file.parent / ".gnomon" if self.file else self.home

    @property
    def budgets_path(self) -> Path:
        """The file of budgets, beside the policies if there are any; it may not exist."""
        return (self.policy_dir or self.base_dir) / "budgets.toml"

    @property
    def people_path(self) -> Path | None:
        """The operator's list of people; None where there are no policies, or none is there."""
        path = self.policy_dir / "people.toml" if self.policy_dir else None
        return path if path is not None and path.exists() else None

    @property
    def base_dir(self) -> Path:
        """Where relative paths of the file start."""
        return self.file.parent if self.file else self.cwd

    @property
    def annotations_dir(self) -> Path:
        """The folder of what owners say; it may not exist."""
        return self.base_dir / self.context.annotations

    @property
    def brief_path(self) -> Path:
        """The page about the whole warehouse that people edit; it may not exist."""
        return self.base_dir / self.context.brief

    @property
    def workflows_dir(self) -> Path:
        """The folder of saved workflows; it may not exist."""
        return self.base_dir / self.context.workflows

    def index_path(self, warehouse_id: str) -> Path:
        """Where the index of that warehouse is kept."""
        return self.state_dir / "index" / f"{warehouse_id}.db"

    @property
    def policy_dir(self) -> Path | None:
        """The folder of policies; None where there is none and none was asked for.

        Raises:
            Misconfigured: One was asked for and is not there: that must not mean that all is allowed.
        """
        folder = self.base_dir / self.policy.dir
        if folder.is_dir():
            return folder
        if "policy.dir" in self.sources:
            raise Misconfigured(
                f"there is no policy folder at {folder}, so nothing is allowed",
                facts=(("set in", self.sources["policy.dir"]),),
                hint="restore the folder, or write a first one with `gnomon policy init`",
            )
        return None

    def query_limits(self) -> Limits:
        """What one query may take."""
        return Limits(self.limits.max_rows, self.limits.max_bytes, self.limits.timeout_s)

    def zone(self) -> tzinfo | None:
        """The time zone of `today`; None means this machine's."""
        return ZoneInfo(self.answers.timezone) if self.answers.timezone else None

    def now(self) -> datetime:
        """The time, aware, in the configured zone."""
        return datetime.now(self.zone()) if self.zone() else datetime.now().astimezone()


def options() -> Iterator[Option]:
    """Every option, in the order of the settings file."""
    for section, model in Settings.SECTIONS.items():
        for name, field in model.model_fields.items():
            key = f"{section}.{name}"
            yield Option(
                key,
                section,
                name,
                _type_name(field.annotation),
                field.default,
                field.description or "",
                variable_of(key),
            )


def variable_of(key: str) -> str:
    """The environment variable that sets the option of that key."""
    return SHORT_ENVIRONMENT_NAMES.get(key) or f"GNOMON_{key.replace('.', '_').upper()}"


def redact(url: str) -> str:
    """The URL without its password, safe to print."""
    hidden = re.sub(r"(://[^/@:\s]*):.*@", r"\1:***@", url)
    return re.sub(r"((?:password|passwd|token|secret|key)=)[^&\s]*", r"\1***", hidden, flags=re.I)


def find_file(cwd: Path) -> Path | None:
    """The nearest `gnomon.toml` in `cwd` or a folder above it."""
    candidates = (folder / FILE_NAME for folder in (cwd, *cwd.parents))
    return next((path for path in candidates if path.is_file()), None)


def _home(environ: Mapping[str, str]) -> Path:
    named = environ.get(HOME_VARIABLE, "")
    return Path(named).expanduser().absolute() if named else Path.home() / ".gnomon"


def _type_name(annotation: Any) -> str:
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    return names.get(annotation, "list of texts")


def _from_file(
    file: Path | None, environ: Mapping[str, str]
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    if file is None:
        return {}, {}
    text, raw = _read_toml(file)
    values: dict[str, dict[str, Any]] = {}
    sources: dict[str, str] = {}
    for section, table in raw.items():
        line = _line_of(text, section)
        if section not in Settings.SECTIONS or not isinstance(table, dict):
            raise _unknown(section, [*Settings.SECTIONS], f"{file}:{line}", "section")
        for name, value in table.items():
            key, where = f"{section}.{name}", f"{file}:{_line_of(text, section, name)}"
            known = [*Settings.SECTIONS[section].model_fields]
            if name not in known:
                raise _unknown(name, known, where, f"setting in [{section}]")
            values.setdefault(section, {})[name] = _expand(value, environ, where)
            sources[key] = where
    return values, sources


def _read_toml(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(
            f"{file} is not valid TOML",
            facts=(("reason", str(error)),),
            hint="correct the file at that place",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"{file} cannot be read",
            facts=(("reason", str(error)),),
            hint="check its permissions and encoding",
        ) from error


def _line_of(text: str, section: str, name: str = "") -> int:
    """The line of a section's header or of a key in it, 1 if it is written in another form."""
    current, header_line = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        header, assignment = _HEADER.match(line), _ASSIGNMENT.match(line)
        if header:
            current = header[1].strip("\"'")
            header_line = number if current == section else header_line
            if current == section and not name:
                return number
        elif assignment and (current, assignment[1]) in ((section, name), ("", section)):
            return number
    return header_line


def _unknown(name: str, known: list[str], where: str, what: str) -> Misconfigured:
    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
    return Misconfigured(f"`{name}` is not a {what}", facts=(("where", where),), hint=hint)


def _expand(value: Any, environ: Mapping[str, str], where: str) -> Any:
    if not isinstance(value, str):
        return value

    def replace(match: re.Match[str]) -> str:
        if match[1] not in environ:
            raise Misconfigured(
                f"the settings use ${{{match[1]}}}, and the environment does not set it",
                facts=(("where", where),),
                hint=f"run `export {match[1]}=...` first",
            )
        return environ[match[1]]

    return _VARIABLE.sub(replace, value)


def _from_environment(
    values: dict[str, dict[str, Any]], sources: dict[str, str], environ: Mapping[str, str]
) -> None:
    for option in options():
        text = environ.get(option.variable, "")
        if text:
            value = (
                tuple(filter(None, map(str.strip, text.split(","))))
                if option.type_name == "list of texts"
                else text
            )
            values.setdefault(option.section, {})[option.name] = value
            sources[option.key] = f"environment variable {option.variable}"


def _from_overrides(
    values: dict[str, dict[str, Any]], sources: dict[str, str], overrides: Mapping[str, Any]
) -> None:
    known = {option.key: option for option in options()}
    for key, value in overrides.items():
        if key not in known:
            raise _unknown(key, [*known], "override", "setting")
        if value is not None:
            option = known[key]
            values.setdefault(option.section, {})[option.name] = value
            sources[key] = "command line"


def _make_absolute(
    values: dict[str, dict[str, Any]], sources: dict[str, str], cwd: Path, file: Path | None
) -> None:
    """Paths in the file start at the file, others at the working directory."""
    for section, name in (("warehouse", "url"), ("state", "dir")):
        text = values.get(section, {}).get(name)
        if not isinstance(text, str) or not text or "://" in text:
            continue
        in_file = file is not None and sources[f"{section}.{name}"].startswith(f"{file}:")
        base = file.parent if in_file and file else cwd
        values[section][name] = str(base / Path(text).expanduser())


def _wrong_value(error: ValidationError, sources: Mapping[str, str], file: Path | None) -> Misconfigured:
    first = error.errors(include_input=False, include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"][:2])
    option = next((o for o in options() if o.key == key), None)
    default = f"; its default is {_default(option.default)}" if option else ""
    kind = option.type_name if option else "a setting"
    return Misconfigured(
        f"the setting `{key}` has a wrong value",
        facts=(("where", sources.get(key, str(file or "settings"))), ("reason", _reason(first))),
        hint=f"`{key}` is {'a ' if option and option.type_name[0] != '`' else ''}{kind}{default}",
    )


_REASONS = {
    "greater_than": "it is not above {gt}",
    "greater_than_equal": "it is below {ge}",
    "less_than": "it is not below {lt}",
    "less_than_equal": "it is above {le}",
    "string_too_short": "it is empty",
    "literal_error": "it is none of {expected}",
    "finite_number": "it is not a finite number",
}
"""What is wrong with a value, by the name that pydantic has for it."""


_WANTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "a text",
    "tuple": "a list",
    "list": "a list",
    "path": "a path",
    "dict": "a table of keys and values",
    "date": "a date",
}
"""What a value should have been, by the first word of pydantic's error type."""


def _reason(problem: Any) -> str:
    """What is wrong with a value, in our words; that it is of another type where nothing else is known."""
    kind, told = problem["type"], problem.get("ctx", {})
    if kind == "value_error":
        return str(told.get("error", "")) or "it cannot be used"
    if kind in _REASONS:
        return _REASONS[kind].format(**{n: f"{v:g}" if isinstance(v, float) else v for n, v in told.items()})
    wanted = next(
        (words for kind, words in _WANTED.items() if problem["type"].startswith(kind)), "of that type"
    )
    return f"it is not {wanted}"


def _default(value: Any) -> str:
    """A default as a person would write it into the file."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_default, value))}]" if value else "an empty list"
    if isinstance(value, str):
        return f'"{value}"' if value else "empty"
    return (
        str(value).lower()
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
