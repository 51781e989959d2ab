"""The two streams of a command: data on stdout, talk on stderr."""

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING, Any

from gnomon.surfaces.cli.face import Face

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

# JSON escapes the C0 controls itself; these would still act on a terminal.
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


@dataclass
class Terminal:
    """Both streams; consoles are made when first used."""

    @cached_property
    def out(self) -> "Console":
        """Where data goes."""
        return _console(sys.stdout)

    @cached_property
    def err(self) -> "Console":
        """Where progress and errors go."""
        return _console(sys.stderr)

    @cached_property
    def face(self) -> Face:
        """What stdout can show."""
        return face_of(self.out)

    def page(self, lines: Iterable["Text"]) -> None:
        """Print lines to stdout as they are, never cut."""
        print_lines(self.out, lines)

    def foreign(self, text: str) -> None:
        """Print lines that may quote data to stdout, neutralised and never cut."""
        from rich.text import Text

        from gnomon.surfaces.cli.cells import neutralise

        self.page(Text(neutralise(line)) for line in text.split("\n"))

    def json(self, value: Any) -> None:
        """Print a value as JSON to stdout."""
        self._json(value, indent=2)

    def json_line(self, value: Any) -> None:
        """Print a value as one line of JSON to stdout."""
        self._json(value, indent=None)

    def _json(self, value: Any, indent: int | None) -> None:
        text = json.dumps(value, ensure_ascii=not self.face.unicode, indent=indent, default=str)
        sys.stdout.write(_UNSAFE_IN_JSON.sub(lambda m: f"\\u{ord(m[0]):04x}", text) + "\n")
        sys.stdout.flush()

    def say(self, text: str, style: str = "dim") -> None:
        """Print one line of talk to stderr; the text is neutralised."""
        from rich.text import Text

        from gnomon.surfaces.cli.cells import neutralise

        print_lines(self.err, [Text(neutralise(text, keep="\n"), style=style)])


def print_lines(console: "Console", lines: Iterable["Text"]) -> None:
    """Print lines as they are: never wrapped and never cut, so that they can be copied."""
    for line in lines:
        console.print(line, no_wrap=True, overflow="ignore", crop=False)


def face_of(console: "Console") -> Face:
    """What a console can show."""
    encoding = (getattr(console.file, "encoding", None) or "ascii").lower().replace("-", "")
    return Face(
        width=max(console.width, 20),
        unicode=encoding.startswith("utf"),
        colour=console.is_terminal and console.color_system is not None and not console.no_color,
        large=console.is_terminal,
    )


def is_person(stream: IO[str] | None) -> bool:
    """Whether a terminal, and so a person, is behind a stream."""
    return stream is not None and not stream.closed and stream.isatty()


def _console(stream: IO[str]) -> "Console":
    from rich.console import Console

    if isinstance(stream, TextIOWrapper):
        # A character that the encoding lacks is shown as an escape rather than ending the command.
        stream.reconfigure(errors="backslashreplace")
    return Console(file=stream, highlight=False, markup=False, emoji=False)


def interactive() -> bool:
    """Whether a person can be asked: they see stderr and type on stdin."""
    return is_person(sys.stdin) and is_person(sys.stderr)
