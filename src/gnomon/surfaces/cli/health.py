"""Looks at every part of an installation; each look is a probe with a verdict and a remedy."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from gnomon.context.catalog.plurals import many
from gnomon.domain.answer import Verdict
from gnomon.domain.errors import GnomonError
from gnomon.surfaces.cli.cells import wrap
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.page import VERDICT_STYLES
from gnomon.surfaces.cli.session import read_settings

if TYPE_CHECKING:
    from gnomon.settings import Settings
    from gnomon.wiring import Gnomon

OLDEST_PYTHON = (3, 11)
_PACKAGES = ("duckdb", "sqlglot", "numpy", "onnxruntime", "pydantic", "psycopg", "rich", "typer")
_LOW_DISK_BYTES = 500 * 1024 * 1024
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Probe:
    """One part: what was found, and how to mend it if it is not well."""

    part: str
    verdict: Verdict
    found: str
    mend: str = ""


def examine(warehouse: str | None = None, model: str | None = None) -> Iterator[Probe]:
    """Look at one part after the other; a part that another needs comes after it."""
    yield _python()
    yield _packages()
    settings: list[Settings] = []
    yield from _guarded("settings", lambda: _settings(warehouse, model, settings))
    if not settings:
        return
    yield from _unknown_variables()
    yield from _guarded("state folder", lambda: _state(settings[0]))
    yield from _guarded("credentials", lambda: _static_keys(settings[0]))
    yield from _guarded("policies", lambda: _policies(settings[0]))
    yield from _guarded("disk space", lambda: _disk(settings[0]))
    gnomons: list[Gnomon] = []
    yield from _guarded("warehouse", lambda: _warehouse(settings[0], gnomons))
    yield from _guarded("model", lambda: _model(settings[0]))
    yield from _guarded("embedder", _embedder)
    if gnomons:
        try:
            yield from _guarded("privileges", lambda: _privileges(gnomons[0]))
            yield from _guarded("index", lambda: _index(gnomons[0]))
        finally:
            gnomons[0].close()


def health_json(probes: Sequence[Probe]) -> dict[str, Any]:
    """All probes as JSON values."""
    return {"healthy": all(p.verdict != "fail" for p in probes), "probes": [asdict(p) for p in probes]}


def health_lines(probes: Sequence[Probe], face: Face) -> list[Text]:
    """One line a probe, remedies below."""
    width = max(len(p.part) for p in probes)
    lines: list[Text] = []
    for probe in probes:
        mark = face.glyph(probe.verdict)
        start = f"{mark:<{len(face.glyph('pass'))}} {probe.part:<{width}}  "
        for text in filter(None, (probe.found, probe.mend and f"mend: {probe.mend}")):
            for line in wrap(text, face.width - len(start)):
                lines.append(Text(start + line))
                if start.strip():
                    lines[-1].stylize(VERDICT_STYLES[probe.verdict], 0, len(mark))
                start = " " * len(start)
    failed = sum(p.verdict == "fail" for p in probes)
    verdict = f"{failed} of {len(probes)} parts fail" if failed else "every part works"
    return [*lines, Text(), Text(verdict, style="bold red" if failed else "bold green")]


def _guarded(part: str, look: Callable[[], Iterator[Probe] | Probe]) -> Iterator[Probe]:
    """A foreseen failure of a part becomes its probe."""
    try:
        found = look()
        yield from [found] if isinstance(found, Probe) else list(found)
    except GnomonError as error:
        facts = "".join(f"; {label}: {value}" for label, value in error.facts)
        yield Probe(part, "fail", error.message + facts, error.hint)
    except ImportError as error:
        yield Probe(part, "fail", str(error), "install Gnomon again; a package is missing or broken")
    except OSError as error:
        yield Probe(part, "fail", str(error), "check the path and its permissions")


def _python() -> Probe:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info >= OLDEST_PYTHON:
        return Probe("python", "pass", found)
    return Probe("python", "fail", found, "install Python 3.11 or newer")


def _packages() -> Probe:
    found, missing = [], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Probe(
            "packages", "fail", f"missing: {', '.join(missing)}", "run `pip install --force-reinstall gnomon`"
        )
    return Probe("packages", "pass", ", ".join(found))


def _settings(warehouse: str | None, model: str | None, read: list["Settings"]) -> Probe:
    settings = read_settings(warehouse=warehouse, model=model)
    read.append(settings)
    given = f"options set: {len(settings.sources)}"
    if settings.file:
        return Probe("settings", "pass", f"{settings.file}, {given}")
    return Probe("settings", "pass", f"no gnomon.toml here or above, {given}")


def _unknown_variables() -> Iterator[Probe]:
    from gnomon.identity.authenticate import TOKEN_FILE_VARIABLE, TOKEN_VARIABLE
    from gnomon.settings import HOME_VARIABLE, options

    known = {o.variable for o in options()} | {HOME_VARIABLE, TOKEN_VARIABLE, TOKEN_FILE_VARIABLE}
    unknown = sorted(n for n in os.environ if n.startswith("GNOMON_") and n not in known)
    if unknown:
        found = f"no option reads {', '.join(unknown)}"
        yield Probe("environment", "warn", found, "see docs/configuration.md for the names")


def _state(settings: "Settings") -> Probe:
    folder = settings.state_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"gnomon")
    return Probe("state folder", "pass", f"{folder} is writable")


def _static_keys(settings: "Settings") -> Iterator[Probe]:
    """From the file as written: once it is read, `${NAME}` is the secret itself."""
    import tomllib

    from gnomon.identity.secrets import static_credentials

    if settings.file is None:
        return
    raw = tomllib.loads(settings.file.read_text(encoding="utf-8-sig"))
    found = static_credentials(str(raw.get("warehouse", {}).get("url", "")))
    if found:
        mend = 'take it out of the URL and write `password = "env:NAME"` under [warehouse]'
        yield Probe("credentials", "warn", "; ".join(found), mend)


def _policies(settings: "Settings") -> Probe:
    from gnomon.wiring import policy_folder

    rules = policy_folder(settings).policies().rules.rules
    if settings.policy_dir is None:
        return Probe(
            "policies", "pass", "none: whoever works on this machine reads everything, nobody else does"
        )
    return Probe("policies", "pass", f"{len(rules)} rules in {settings.policy_dir}")


def _disk(settings: "Settings") -> Probe:
    free = shutil.disk_usage(settings.state_dir).free
    found = f"{free // _MIB:,} MiB free for the state folder"
    if free >= _LOW_DISK_BYTES:
        return Probe("disk space", "pass", found)
    return Probe("disk space", "warn", found, "free some space, or move `[state] dir` to another disk")


def _warehouse(settings: "Settings", opened: list["Gnomon"]) -> Probe:
    from gnomon.wiring import is_operator, open_gnomon

    gnomon = open_gnomon(settings)
    opened.append(gnomon)
    count = len(gnomon.warehouse.introspect().tables)
    tables = f", {many(count, 'table')}" if is_operator(gnomon.principal) else ""
    found = f"{gnomon.warehouse.label} ({gnomon.warehouse.dialect}){tables}"
    if count:
        return Probe("warehouse", "pass", found)
    return Probe("warehouse", "warn", found, "check that the path or URL is the one you mean")


def _privileges(gnomon: "Gnomon") -> Probe:
    warnings = getattr(gnomon.warehouse, "privilege_warnings", None)
    if warnings is None:
        return Probe("privileges", "pass", "the warehouse is opened read-only")
    found = [str(w) for w in warnings()]
    if not found:
        return Probe("privileges", "pass", "the account can read and nothing more")
    return Probe("privileges", "warn", "; ".join(found), "give Gnomon an account that may only read")


def _model(settings: "Settings") -> Probe:
    from gnomon.models.connect import open_model

    model = open_model(settings.model.name, **settings.model_options())
    return Probe("model", "pass", model.model_id)


def _embedder() -> Probe:
    from gnomon.models.minilm.embedder import MiniLmEmbedder

    embedder = MiniLmEmbedder()
    shape = embedder.embed(["orders"]).shape
    if tuple(shape) != (1, embedder.dimensions):
        return Probe("embedder", "fail", f"{embedder.model_id} gave {shape}", "reinstall its weights package")
    return Probe("embedder", "pass", f"{embedder.model_id}, {embedder.dimensions} dimensions")


def _index(gnomon: "Gnomon") -> Probe:
    path: Path = gnomon.index_path
    if not path.exists():
        return Probe("index", "warn", "not built yet", "run `gnomon index`; the first question does it too")
    index = gnomon.index
    if index.embedder_id != gnomon.embedder.model_id:
        found = f"built with {index.embedder_id}, the embedder is {gnomon.embedder.model_id}"
        return Probe("index", "fail", found, "run `gnomon index --full`")
    if index.fingerprint != gnomon.warehouse.fingerprint():
        return Probe("index", "warn", "the data changed since it was built", "run `gnomon index`")
    return Probe("index", "pass", f"fresh, built {index.built_at}")
