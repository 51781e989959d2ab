"""Secrets: read by reference, hidden everywhere else."""

import copy
import json
import logging
import os
import pickle
import shlex
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.identity import secrets
from gnomon.identity.secrets import Secret, resolve, static_credentials, with_password

pytestmark = pytest.mark.requirement("identity:secrets")

PYTHON = shlex.quote(sys.executable)
CANARY = "canary-5f1d"


def private(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_a_secret_is_read_from_the_environment() -> None:
    assert resolve("env:DB_PASSWORD", {"DB_PASSWORD": CANARY}).reveal() == CANARY


@pytest.mark.parametrize("content", [CANARY, f"{CANARY}\n", f"{CANARY}\r\n"])
def test_a_secret_is_read_from_a_private_file(tmp_path: Path, content: str) -> None:
    path = private(tmp_path / "with space", content.encode())
    assert resolve(f"file:{path}").reveal() == CANARY


def test_a_secret_is_the_first_line_that_a_command_prints() -> None:
    script = f"print({CANARY!r}); print('second line')"
    assert resolve(f'command:{PYTHON} -c "{script}"').reveal() == CANARY


def test_a_command_is_run_without_a_shell(tmp_path: Path) -> None:
    made = tmp_path / "made"
    secret = resolve(f"command:echo $HOME `id` ; touch {made}").reveal()
    assert secret == f"$HOME `id` ; touch {made}"
    assert not made.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620, 0o610])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = private(tmp_path / "secret", CANARY.encode())
    path.chmod(mode)
    with pytest.raises(Misconfigured, match="others on this machine") as error:
        resolve(f"file:{path}")
    assert error.value.facts == (("mode", f"{mode:04o}"),)
    assert error.value.hint.endswith(f"chmod 600 {path}")


def test_a_link_to_a_file_that_others_may_use_is_refused(tmp_path: Path) -> None:
    target = private(tmp_path / "secret", CANARY.encode())
    target.chmod(0o644)
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(Misconfigured, match="others on this machine"):
        resolve(f"file:{tmp_path / 'link'}")


def test_a_pipe_in_place_of_a_file_does_not_hold_the_process(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(Misconfigured) as error:
        resolve(f"file:{tmp_path / 'pipe'}")
    assert error.value.facts == (("cause", "it is not a regular file"),)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 70_000])
def test_a_file_that_holds_no_secret_is_named(tmp_path: Path, content: bytes) -> None:
    path = private(tmp_path / "secret", content)
    with pytest.raises(Misconfigured, match="no secret can be read from"):
        resolve(f"file:{path}")


@pytest.mark.parametrize("reference", ["file:{0}/none", "file:{0}", "env:NOT_SET", "env:EMPTY"])
def test_what_is_not_there_is_an_operator_s_to_mend(tmp_path: Path, reference: str) -> None:
    with pytest.raises(Misconfigured) as error:
        resolve(reference.format(tmp_path), {"EMPTY": ""})
    assert error.value.hint


FAILING = {
    "false": "exit code 1",
    "true": "printed nothing",
    "echo": "printed nothing",
    "no-such-program-here": "No such file",
    f"{PYTHON} -c \"import sys; sys.exit('{CANARY}')\"": "exit code 1",
    f"{PYTHON} -c \"import sys; sys.stdout.buffer.write(b'\\\\xff{CANARY}')\"": "not UTF-8",
}


@pytest.mark.parametrize("command", FAILING)
def test_a_command_that_fails_is_named_without_its_arguments_and_output(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Misconfigured) as error:
        resolve(f"command:{command}")
    assert FAILING[command] in dict(error.value.facts)["cause"]
    assert CANARY not in "".join(traceback.format_exception_only(error.value)) + str(error.value.facts)
    assert CANARY not in "".join(capfd.readouterr())


@pytest.mark.parametrize("command", ["'open", " ", "''"])
def test_a_command_that_is_none_is_refused(command: str) -> None:
    with pytest.raises(Misconfigured):
        resolve(f"command:{command}")


def test_a_command_that_hangs_is_ended_with_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child holds the pipe open; waiting for its end would take a minute."""
    monkeypatch.setattr(secrets, "COMMAND_TIMEOUT_S", 0.3)
    started = time.monotonic()
    with pytest.raises(Misconfigured) as error:
        resolve("command:sh -c 'sleep 60 & sleep 60'")
    assert time.monotonic() - started < 10
    assert dict(error.value.facts) == {"program": "sh", "cause": "it ran for over 0.3 s"}


@pytest.mark.parametrize(
    "text", [CANARY, f"ENV:{CANARY}", f"vault:{CANARY}", "env:", "file:", "command:", ""]
)
def test_a_secret_in_place_of_a_reference_is_not_repeated(text: str) -> None:
    with pytest.raises(Misconfigured) as error:
        resolve(text, {})
    assert CANARY not in f"{error.value.message} {error.value.facts} {error.value.hint}"


@dataclass(frozen=True)
class Holder:
    """Something that carries a secret along."""

    password: Secret


def test_a_secret_shows_itself_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(CANARY)
    logging.getLogger("any").warning("%s %r", secret, Holder(secret))
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", "%s" % secret]  # noqa: UP031
    shown += [
        repr(Holder(secret)),
        repr([secret]),
        repr({"a": secret}),
        caplog.text,
        json.dumps(secret, default=str),
    ]
    assert [text for text in shown if CANARY in text] == []
    assert "***" in str(secret)


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_not_written(write: object) -> None:
    with pytest.raises(TypeError, match="not written") as error:
        write(Secret(CANARY))  # type: ignore[operator]
    assert CANARY not in str(error.value)


def test_a_secret_equals_itself_alone() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    with pytest.raises(TypeError):
        hash(Secret("a"))


def test_a_password_is_put_into_a_url_whatever_it_holds() -> None:
    url = with_password("postgresql://ana@db.test:5432/shop?sslmode=require", Secret("a:b/c@d?e#f%"))
    expected = "postgresql://ana:a%3Ab%2Fc%40d%3Fe%23f%25@db.test:5432/shop?sslmode=require"
    assert url.reveal() == expected


@pytest.mark.parametrize("url", ["postgresql://db/shop", "shop.duckdb", f"postgresql://ana:{CANARY}@db/shop"])
def test_a_url_without_a_place_for_a_password_gets_none(url: str) -> None:
    with pytest.raises(Misconfigured) as error:
        with_password(url, Secret(CANARY))
    assert CANARY not in str(error.value)


IN_THE_CLEAR = {
    f"postgresql://ana:{CANARY}@db/shop": ["the URL holds the password of `ana` in the clear"],
    f"postgresql://:{CANARY}@db/shop": ["the URL holds the password of `nobody` in the clear"],
    f"postgresql://ana:{CANARY}@x/y@db/shop": ["the URL holds the password of `ana` in the clear"],
    f"postgresql://ana:{CANARY}/#?@db/shop": ["the URL holds the password of `ana` in the clear"],
    f"postgresql://ana:${{A}}{CANARY}@db/shop": ["the URL holds the password of `ana` in the clear"],
    f"postgresql://db/shop?user=ana&password={CANARY}": ["the URL holds `password` in the clear"],
    f"postgresql://db/shop?sslpassword={CANARY}": ["the URL holds `sslpassword` in the clear"],
    f"md:shop?motherduck_token={CANARY}": ["the URL holds `motherduck_token` in the clear"],
    f"s3://b/x?AWS_SECRET_ACCESS_KEY={CANARY}": ["the URL holds `AWS_SECRET_ACCESS_KEY` in the clear"],
    f"host=db password={CANARY} user=ana": ["the URL holds `password` in the clear"],
    f"host=db password = '{CANARY} x'": ["the URL holds `password` in the clear"],
}
REFERRED_TO = [
    "",
    "shop.duckdb",
    "postgresql://ana@db/shop",
    "postgresql://ana:${DB_PASSWORD}@db:5432/shop",
    "postgresql://db/shop?password=${DB_PASSWORD}",
    "postgresql://db/shop?passfile=x&sslmode=require&primary_key=id",
    "host=db password=${DB_PASSWORD} user=ana",
    "./data/pass=1.csv",
]


@pytest.mark.parametrize("url", IN_THE_CLEAR)
def test_a_secret_in_the_clear_is_found_and_not_repeated(url: str) -> None:
    assert static_credentials(url) == IN_THE_CLEAR[url]


@pytest.mark.parametrize("url", REFERRED_TO)
def test_a_url_that_gives_nothing_away_is_left_alone(url: str) -> None:
    assert static_credentials(url) == []
