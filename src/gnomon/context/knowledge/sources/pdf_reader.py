"""The child process that reads one PDF: bytes on stdin, JSON on stdout.

A PDF is a program of its own making: it can ask for gigabytes or never end. So it is read apart, with limits
that the operating system keeps, and whatever happens there the index goes on.
"""

import io
import json
import sys
from datetime import datetime
from typing import Any

MAX_PAGES = 2_000
MEMORY_BYTES = 2 * 1024**3
CPU_SECONDS = 60
TEXT_CHARS = 2_000_000


def main() -> None:
    """Read a PDF and print what it says, or why it cannot be read."""
    _limit()
    try:
        told = _read(sys.stdin.buffer.read())
    except Exception as error:  # a damaged PDF makes the library raise whatever its depths raise
        told = {"problem": f"cannot be read as a PDF: {type(error).__name__}: {error}"[:300]}
    sys.stdout.write(json.dumps(told))


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))


def _read(content: bytes) -> dict[str, Any]:
    import logging

    from pypdf import PdfReader

    logging.disable(logging.CRITICAL)
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        return {"problem": "is encrypted; save it without a password"}
    pages, size, failed = [], 0, 0
    for number, page in enumerate(reader.pages):
        if number >= MAX_PAGES or size > TEXT_CHARS:
            break
        try:
            pages.append(page.extract_text())
        except Exception:  # one damaged page; the others are read, and how many failed is told
            pages.append("")
            failed += 1
        size += len(pages[-1])
    told: dict[str, Any] = {"pages": pages, "count": len(reader.pages), "failed": failed}
    return told | _about(reader)


def _about(reader: Any) -> dict[str, str]:
    try:
        about = reader.metadata
        changed = about and (about.modification_date or about.creation_date)
    except Exception:  # what a PDF says of itself is often malformed, and can be done without
        return {}
    if about is None:
        return {}
    day = changed.date().isoformat() if isinstance(changed, datetime) else ""
    return {"title": str(about.title or ""), "author": str(about.author or ""), "written": day}


if __name__ == "__main__":
    main()
