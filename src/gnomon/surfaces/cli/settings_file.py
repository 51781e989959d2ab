"""The text of a settings file, made from the options themselves, and its safe writing."""

import json
import os
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from gnomon.settings import Option, Settings, options
from gnomon.surfaces.cli.errors import Usage

_PASSWORD_IN_URL = re.compile(r"://[^/@]*:(?!\$\{)[^/@]+@|[?&](?:password|token)=(?!\$\{)", re.I)
_TOP = """# Settings of Gnomon. A command line option wins over an environment variable,
# and that over this file.
# Values behind a # are the defaults.
"""


def settings_text(values: Mapping[str, Any]) -> str:
    """A whole settings file: given values set, all others as comments with their defaults."""
    lines, section = [_TOP], ""
    for option in options():
        if option.section != section:
            section = option.section
            about = (Settings.SECTIONS[section].__doc__ or "").strip()
            lines.append(f"[{section}]  # {about}\n")
        lines.append(_option_text(option, values))
    return "\n".join(lines)


def refuse_passwords(values: Mapping[str, str]) -> None:
    """Keep passwords out of a file that people share.

    Raises:
        Usage: The warehouse URL holds one.
    """
    if _PASSWORD_IN_URL.search(values.get("warehouse.url", "")):
        raise Usage(
            "the warehouse URL holds a password, and the settings file would show it",
            hint="write ${NAME} in its place, in single quotes, and set that environment variable",
        )


def write_settings(path: Path, text: str, *, force: bool) -> None:
    """Write the file whole or not at all.

    Raises:
        Usage: A file is there and `force` is not set, or the folder cannot be written.
    """
    if path.exists() and not force:
        raise Usage(f"{path} is there already", hint="edit it, or replace it with `gnomon init --force`")
    try:
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as error:
        raise Usage(
            f"{path} cannot be written",
            facts=(("reason", error.strerror or str(error)),),
            hint="run `gnomon init` in a folder that you may write to",
        ) from error


def _option_text(option: Option, values: Mapping[str, Any]) -> str:
    about = textwrap.wrap(option.help, 96)
    kind = f"Type: {option.type_name}. Default: {_toml(option.default)}. Environment: {option.variable}."
    given = option.key in values
    value = _toml(values.get(option.key, option.default))
    setting = f"{'' if given else '# '}{option.name} = {value}"
    return "\n".join([*(f"# {line}" for line in (*about, kind)), setting, ""])


def _toml(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        # A TOML basic string takes the escapes of a JSON string; DEL is the one character JSON leaves bare.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).lower() if isinstance(value, bool) else str(value)
