"""Secrets that the operator refers to and never writes down: read when needed, hidden when shown.

A reference is `env:NAME`, `file:PATH` or `command:PROGRAM ARGUMENTS`. Anything else is taken for a secret
that somebody wrote in place of a reference, so errors do not repeat it.
"""

import hmac
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn
from urllib.parse import parse_qsl, quote, urlsplit

from gnomon.domain.errors import Misconfigured

COMMAND_TIMEOUT_S = 10.0
_MAX_BYTES = 64 * 1024
_KINDS = "write `env:NAME`, `file:PATH` or `command:PROGRAM ARGUMENTS`"
_SECRET_NAMES = re.compile(
    r"(pass(word|wd)?|pwd|token|secret|api_?key|access_?key|private_?key)$", re.IGNORECASE
)
_USER_PASSWORD = re.compile(r"://([^/@:?#\s]*):(.+)@")
_KEYWORD = re.compile(r"(?:^|\s)(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|\S+)")
_REFERENCE = re.compile(r"\$\{\w+\}")


class Secret:
    """A text that only `reveal` gives out: it is not printed, formatted or pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


def resolve(reference: str, environ: Mapping[str, str] | None = None) -> Secret:
    """The secret that a reference names.

    Args:
        environ: The environment; `os.environ` by default.

    Raises:
        Misconfigured: It names nothing, or something that others can read.
    """
    kind, _, rest = reference.partition(":")
    if kind == "env" and rest:
        return Secret(_from_environment(rest, os.environ if environ is None else environ))
    if kind == "file" and rest:
        return Secret(_from_file(Path(rest).expanduser()))
    if kind == "command" and rest:
        return Secret(_from_command(rest))
    raise Misconfigured("a secret is written where a reference to one belongs", hint=_KINDS)


def with_password(url: str, password: Secret) -> Secret:
    """The URL with the password in its place.

    Raises:
        Misconfigured: The URL names no user, or holds a password already.
    """
    parts = urlsplit(url)
    if not parts.username or parts.password is not None:
        raise Misconfigured(
            "the URL has no place for the password",
            hint="write it with a user and without a password, like postgresql://reader@db.acme.test/shop",
        )
    user, host = parts.netloc.rsplit("@", 1)
    return Secret(parts._replace(netloc=f"{user}:{quote(password.reveal(), safe='')}@{host}").geturl())


def static_credentials(url: str) -> list[str]:
    """What a URL or keyword string gives away, a sentence each that holds no secret; empty if nothing.

    Args:
        url: As the operator wrote it: `${NAME}` refers to a secret and is none.

    >>> static_credentials("postgresql://ana:hunter2@db/shop")
    ['the URL holds the password of `ana` in the clear']
    """
    found = []
    inside = _USER_PASSWORD.search(url)
    if inside and not _REFERENCE.fullmatch(inside[2]):
        found.append(f"the URL holds the password of `{inside[1] or 'nobody'}` in the clear")
    names = [name for name, value in _named_values(url) if _is_secret(name, value)]
    return found + [f"the URL holds `{name}` in the clear" for name in names]


def _named_values(url: str) -> list[tuple[str, str]]:
    in_query = parse_qsl(url.partition("?")[2].partition("#")[0])
    if "://" in url:
        return in_query
    return in_query + [(name, value.strip("'")) for name, value in _KEYWORD.findall(url)]


def _is_secret(name: str, value: str) -> bool:
    return bool(_SECRET_NAMES.search(name)) and bool(value) and not _REFERENCE.fullmatch(value)


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "")
    if not value:
        raise Misconfigured(
            f"the environment does not set `{name[:80]}`, which is to hold a secret",
            hint=f"set it for the process that runs gnomon, for example `export {name[:80]}=...`",
        )
    return value


def _from_file(path: Path) -> str:
    try:
        # Without waiting: a named pipe would hold the open until somebody writes.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(handle, "rb") as file:
            _check_private(path, os.fstat(file.fileno()))
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise _unusable(path, error.strerror or "it cannot be opened") from error
    try:
        text = content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise _unusable(path, "it is not UTF-8 text") from error
    if not text or len(content) > _MAX_BYTES:
        raise _unusable(path, "it is empty" if not text else f"it has more than {_MAX_BYTES} bytes")
    return text


def _check_private(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _unusable(path, "it is not a regular file")
    if sys.platform != "win32" and found.st_mode & 0o077:
        raise Misconfigured(
            f"others on this machine may use {path}, which holds a secret",
            facts=(("mode", f"{stat.S_IMODE(found.st_mode):04o}"),),
            hint=f"keep it to its owner: chmod 600 {path}",
        )


def _unusable(path: Path, cause: str) -> Misconfigured:
    return Misconfigured(
        f"no secret can be read from {path}",
        facts=(("cause", cause),),
        hint="put the secret there, and chmod 600",
    )


def _from_command(command: str) -> str:
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise Misconfigured("a secret command has an open quote", hint="close it") from error
    if not arguments:
        raise Misconfigured("a secret command is empty", hint=_KINDS)
    lines = _output(arguments).splitlines()
    if not lines or not lines[0]:
        raise _command_failed(arguments[0], "it printed nothing")
    return lines[0]


def _output(arguments: list[str]) -> str:
    """What the program prints. Its errors go nowhere: they may quote a secret."""
    program = arguments[0]
    try:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise _command_failed(program, error.strerror or "it cannot be started") from error
    with process:
        try:
            output, _ = process.communicate(timeout=COMMAND_TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise _command_failed(program, f"it ran for over {COMMAND_TIMEOUT_S:g} s") from error
    if process.returncode != 0:
        raise _command_failed(program, f"it ended with exit code {process.returncode}")
    try:
        return output.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _command_failed(program, "it printed something that is not UTF-8 text") from error


def _end(process: "subprocess.Popen[bytes]") -> None:
    """With its children: one that holds the pipe open would keep us waiting."""
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _command_failed(program: str, cause: str) -> Misconfigured:
    return Misconfigured(
        "the command that is to print a secret failed",
        facts=(("program", program), ("cause", cause)),
        hint="run the command by hand as the user that runs gnomon",
    )
