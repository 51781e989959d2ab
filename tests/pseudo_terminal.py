"""`gnomon` on a pseudo-terminal, where somebody types."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
from pathlib import Path

SILENCE_S = 20.0
"""After so long without a word nothing more is read."""


def on_a_terminal(
    folder: Path, *args: str, typed: tuple[str, ...] = (), prompt: str = "> ", **environ: str
) -> str:
    """What `gnomon` prints on a terminal of 80 columns; each text is typed when the prompt comes again."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gnomon", *args],
        cwd=folder,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **environ},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        start_new_session=True,
    )
    os.close(theirs)
    read, waiting, seen = bytearray(), list(typed), 0
    while select.select([ours], [], [], SILENCE_S)[0]:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        read += piece
        if waiting and read.count(prompt.encode()) > seen:
            seen = read.count(prompt.encode())
            os.write(ours, waiting.pop(0).encode())
    os.close(ours)
    process.terminate()
    process.wait()
    return read.decode(errors="replace")
