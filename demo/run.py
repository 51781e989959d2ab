"""What `make demo` runs: build the demo company's warehouse, index it, ask it five questions.

Everything is asked through the same command a user types. Running it again reuses what is there.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from company.build import WAREHOUSE, ensure_warehouse

QUESTIONS = (
    "What was our net revenue in 2025?",
    "Which five product categories sold the most units in 2026?",
    "How many customers signed up in 2026 by acquisition channel?",
    "What was the average number of daily active users in September 2026?",
    "What was the net revenue per store region in 2025?",
)
UNANSWERABLE = "What was our marketing spend in 2025?"
NO_ANSWER = 4
"""Exit code of `gnomon ask` when it abstains: a result, not a failure."""
SETTINGS = f"""\
# The demo company's warehouse; the path starts at this file.
[warehouse]
url = "{WAREHOUSE.name}"

[context]
annotations = "../annotations"
sources = ["sql:../pipelines", "queries:query_log.jsonl"]
documents = ["markdown:../documents"]
brief = "../brief.md"
workflows = "../workflows"
"""


def main() -> int:
    """Build, index, ask; return the exit code of the first step that failed."""
    started = time.perf_counter()
    say("Fernhill Outdoor, an invented retailer: web shop, app, twelve stores, a membership.")
    built = ensure_warehouse()
    say(f"Warehouse {'built' if built else 'is up to date'}: {shown(WAREHOUSE)}")
    write_settings(WAREHOUSE.parent / "gnomon.toml")
    code = gnomon("index")
    if code:
        return code
    for question in QUESTIONS:
        code = gnomon("ask", question)
        if code not in (0, NO_ANSWER):
            return code
    say("\nAnd one that this data cannot answer:")
    gnomon("ask", UNANSWERABLE)
    say(f"\nDone in {time.perf_counter() - started:.0f} s. Try next:")
    say(f"  cd {quoted(shown(WAREHOUSE.parent))}")
    say(f'  {quoted(command_name())} ask "How many active customers do we have?"')
    say(f'  {quoted(command_name())} ask "Show net revenue per month in 2025."')
    say(f"  {quoted(command_name())} ask --help")
    return 0


def gnomon(*arguments: str) -> int:
    """Run `gnomon` in the warehouse's folder, as a user would; return its exit code."""
    typed = " ".join(f'"{a}"' if " " in a else a for a in arguments)
    say(f"\n$ gnomon {typed}")
    return subprocess.run([sys.executable, "-m", "gnomon", *arguments], cwd=WAREHOUSE.parent).returncode


def write_settings(path: Path) -> None:
    """Write `gnomon.toml` unless somebody has written one already."""
    if not path.exists():
        path.write_text(SETTINGS, encoding="utf-8")


def command_name() -> str:
    """How to call the installed command from a shell that has not activated its environment."""
    beside = Path(sys.executable).with_name("gnomon")
    return str(beside) if beside.exists() else "gnomon"


def shown(path: Path) -> str:
    """The path as short as it can be said from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def quoted(text: str) -> str:
    """The text, in quotes if a shell would split it."""
    return f'"{text}"' if " " in text else text


def say(text: str) -> None:
    """Print at once, so that our lines and the command's come in order."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
