"""Settings read and Gnomon opened for one command."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gnomon.domain.answer import Clarification
from gnomon.surfaces.cli.terminal import Terminal, is_person

if TYPE_CHECKING:
    from gnomon.settings import Settings
    from gnomon.store.state import StateStore
    from gnomon.wiring import Gnomon

AskPerson = Callable[[Clarification], str | None]


def read_settings(
    *,
    warehouse: str | None = None,
    model: str | None = None,
    max_rows: int | None = None,
    timeout_s: float | None = None,
) -> "Settings":
    """The settings, with what the command line gave on top."""
    from gnomon.settings import Settings

    overrides: dict[str, Any] = {
        "warehouse.url": warehouse,
        "model.name": model,
        "limits.max_rows": max_rows,
        "limits.timeout_s": timeout_s,
    }
    return Settings.load(overrides=overrides)


@contextmanager
def opened(
    settings: "Settings", terminal: Terminal, *, ask_person: AskPerson | None = None, index: bool = True
) -> Iterator["Gnomon"]:
    """Gnomon, open for the time of the block; with `index`, its index is there and fresh."""
    from gnomon.wiring import open_gnomon

    gnomon = open_gnomon(settings, ask_person=ask_person) if ask_person else open_gnomon(settings)
    try:
        if index:
            _ensure_index(gnomon, terminal)
        yield gnomon
    finally:
        gnomon.close()


@contextmanager
def opened_state(settings: "Settings") -> Iterator["StateStore"]:
    """The state alone, for commands that need no warehouse."""
    from gnomon.store.state import StateStore

    store = StateStore.open(settings.state_dir)
    try:
        yield store
    finally:
        store.close()


def _ensure_index(gnomon: "Gnomon", terminal: Terminal) -> None:
    if not is_person(terminal.err.file):
        gnomon.ensure_index(None)
        return
    with terminal.err.status("looking at the warehouse") as status:

        def progress(what: str, done: int, total: int) -> None:
            from rich.text import Text

            from gnomon.surfaces.cli.cells import neutralise

            status.update(Text(neutralise(f"{what} {done}/{total}" if total else what)))

        gnomon.ensure_index(progress)
