"""The page about the warehouse as people draft and edit it."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.context.catalog.brief import MAX_BYTES, checked_page
from gnomon.domain.errors import Failed, Misconfigured
from gnomon.store.durable import explained, write_atomically
from gnomon.surfaces.cli.errors import Usage
from gnomon.wiring import brief_in_use, brief_store, principal_of

if TYPE_CHECKING:
    from gnomon.domain.version import Version
    from gnomon.settings import Settings

_QUESTIONS = """\
<!-- What only you know. Answer in a line each, then delete the questions.
What counts as a customer, an order, revenue here? When does the fiscal year begin, and which day ends a week?
Which rows does everyone leave out? Which table does each team start from? -->
"""


def page_text(drafted: str) -> str:
    """A draft with the questions that only people can answer, where they fit."""
    text = _QUESTIONS + drafted.strip() + "\n"
    return text if len(text.encode()) <= MAX_BYTES else drafted.strip() + "\n"


def new_page(settings: "Settings", text: str) -> Path:
    """Write the page's file for the first time.

    Raises:
        Usage: There is a page already.
    """
    path = settings.brief_path
    if path.exists():
        raise Usage(
            f"there is a page already: {path}", hint="edit it with `gnomon brief edit`, or delete it first"
        )
    write_page(settings, text)
    return path


def write_page(settings: "Settings", text: str) -> "Version":
    """Put a text in use: into the page's file, and into the history in the person's name."""
    checked = checked_page(text, str(settings.brief_path))
    who = principal_of(settings).subject
    brief_in_use(settings)
    with explained(settings.brief_path.parent):
        settings.brief_path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(settings.brief_path, checked.encode())
    return brief_store(settings).seen(checked, who)


def edit_page(settings: "Settings") -> "Version | None":
    """Let the person edit the page; None if they changed nothing. A text that cannot be used is kept aside.

    Raises:
        Misconfigured: What was saved is no page; the error says where it is.
    """
    path = settings.brief_path
    if not path.exists():
        raise Misconfigured(
            "there is no page to edit yet",
            facts=(("looked for", str(path)),),
            hint="begin one with `gnomon brief draft --write`",
        )
    before = path.read_text(encoding="utf-8")
    with tempfile.NamedTemporaryFile("w", suffix=".md", delete=False, encoding="utf-8") as copy:
        copy.write(before)
    _run_editor(Path(copy.name))
    after = Path(copy.name).read_text(encoding="utf-8", errors="replace")
    if after == before:
        os.unlink(copy.name)
        return None
    checked_page(after, copy.name)
    os.unlink(copy.name)
    return write_page(settings, after)


def _run_editor(path: Path) -> None:
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        code = subprocess.run([*shlex.split(command), str(path)]).returncode
    except (OSError, ValueError) as problem:
        raise Misconfigured(
            "the editor cannot be started",
            facts=(("command", command), ("reason", str(problem))),
            hint="set EDITOR to one that is installed",
        ) from problem
    if code:
        raise Failed(f"the editor ended with code {code}; nothing changed", hint="edit again")
