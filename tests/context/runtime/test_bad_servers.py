"""Systems that do not answer as they should: named in time, in our words, and with the token nowhere."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from context.runtime.orchestrator_server import (
    Answer,
    Request,
    Server,
    names,
    recording,
    reply,
    saying,
    serving,
)
from gnomon.context.runtime.airflow import Airflow
from gnomon.context.runtime.api import JsonApi
from gnomon.context.runtime.fetch import MAX_BYTES
from gnomon.context.runtime.judge import runs_of
from gnomon.context.runtime.port import Orchestrator
from gnomon.context.runtime.spark import SparkHistory
from gnomon.domain.errors import Failed, GnomonError, Misconfigured

pytestmark = pytest.mark.requirement("runtime:bounded")

TOKEN = "sesame-4711"
SHORT_S = 0.4


def api(url: str, token: str = TOKEN, total_s: float = 5.0) -> JsonApi:
    return JsonApi("Airflow", url, "airflow_url in [pipelines]", lambda: token, total_s)


CLIENTS: list[Callable[[JsonApi], Orchestrator]] = [Airflow, SparkHistory]


def error_of(client: Callable[[JsonApi], Orchestrator], url: str, **options: Any) -> GnomonError:
    with pytest.raises((Failed, Misconfigured)) as caught:
        client(api(url, **options)).last_runs(names("marts.orders"))
    error = caught.value
    said = f"{error.message} {error.facts} {error.hint} {error.args}"
    assert error.message.startswith("Airflow cannot be asked: ")
    assert "airflow_url in [pipelines]" in error.hint
    assert ("address", url) in error.facts
    assert TOKEN not in said
    assert "ana@" not in said
    return error


BAD: list[tuple[Answer, str]] = [
    (saying(b"who are you, ana@shop.test?", 401), "it does not take the token (status 401)"),
    (saying(b"{}", 403), "it does not take the token (status 403)"),
    (saying(b"ana@shop.test", 500), "it answers with status 500"),
    (saying(b"{}", 429), "it answers with status 429"),
    (saying(b"", 302, Location="http://127.0.0.1:1/"), "it redirects (status 302)"),
    (
        saying(b"<html>ana@shop.test</html>", Content_Type="text/html"),
        "it answers with something that is not JSON",
    ),
    (saying(b""), "it answers with something that is not JSON"),
    (saying(b"\xff\xfe\x00"), "it answers with something that is not JSON"),
    (saying(b'{"dags": ['), "it answers with something that is not JSON"),
    (saying(b"[" * 200_000), "it answers with something that is not JSON"),
    (saying(b"1" * 10_000), "it answers with something that is not JSON"),
    (saying(b"[]", Content_Length="4000"), "it broke off"),
    (saying(b" " * (MAX_BYTES + 1)), "it sent over 8,388,608 bytes"),
]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(("answer", "cause"), BAD)
def test_a_bad_answer_is_told_in_our_words(
    client: Callable[[JsonApi], Orchestrator], answer: Answer, cause: str
) -> None:
    with serving(answer) as server:
        assert error_of(client, server.url).message.endswith(f": {cause}")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_system_that_has_no_such_api_is_not_mistaken_for_one_without_runs(
    client: Callable[[JsonApi], Orchestrator],
) -> None:
    with serving(saying(b"no", 404)) as server:
        error = error_of(client, server.url)
    assert "api/v1" in error.message


@contextmanager
def _listening(greet: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A port whose connections are greeted so, until the block ends."""
    done = threading.Event()
    with ExitStack() as stack, socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def accept() -> None:
            connection, _ = listener.accept()
            with connection:
                greet(connection, done)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(done.set)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _drip(connection: socket.socket, done: threading.Event) -> None:
    """Headers that come one byte at a time and never end."""
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not done.wait(0.02):
            connection.sendall(b"a")
    except OSError:
        return


def _keep_silent(connection: socket.socket, done: threading.Event) -> None:
    done.wait(60)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("greet", [_drip, _keep_silent])
def test_headers_that_never_end_cost_no_more_than_the_time_that_is_given(
    client: Callable[[JsonApi], Orchestrator], greet: Callable[[socket.socket, threading.Event], None]
) -> None:
    began = time.monotonic()
    with _listening(greet) as url:
        error = error_of(client, url, total_s=SHORT_S)
        assert time.monotonic() - began < 20
    assert error.message.endswith(": it does not answer within 0.4 s")


def _dripping_body(server_of: list[Server]) -> Answer:
    def answer(_: Request, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not server_of[0].closing.wait(0.02):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    return answer


def test_a_body_that_never_ends_costs_no_more_than_the_time_that_is_given() -> None:
    servers: list[Server] = []
    with serving(_dripping_body(servers)) as server:
        servers.append(server)
        error = error_of(Airflow, server.url, total_s=SHORT_S)
    assert error.message.endswith(": it does not answer within 0.4 s")


def test_the_time_is_for_all_requests_about_a_table_together() -> None:
    recorded = recording("airflow3")

    def answer(request: Request, handler: BaseHTTPRequestHandler) -> None:
        servers[0].closing.wait(0.3)
        recorded(request, handler)

    servers: list[Server] = []
    with serving(answer) as server:
        servers.append(server)
        error_of(Airflow, server.url, total_s=SHORT_S)
        assert len(server.requests) <= 3


def test_what_speaks_no_http_and_what_is_not_there_are_told() -> None:
    def greet(connection: socket.socket, done: threading.Event) -> None:
        connection.sendall(b"220 ana@shop.test ESMTP\r\n")
        done.wait(60)

    with _listening(greet) as url:
        assert error_of(Airflow, url).message.endswith(": it does not speak HTTP")
    assert error_of(Airflow, url).message.endswith(": Connection refused")


@pytest.mark.parametrize(
    "body",
    [
        b"7",
        b"null",
        b'"dags"',
        b"[[]]",
        b"[7, null]",
        b'{"dags": [], "assets": {}, "dag_runs": null}',
        b'{"dags": null, "assets": [], "dag_runs": null}',
        b'{"dags": [{"dag_id": "orders"}], "assets": [], "dag_runs": 7}',
        b'{"dags": [7, {"dag_id": 7, "tags": 7}], "assets": [{"uri": 7}, {"producing_tasks": [[]]}]}',
        b'[{"name": "orders", "attempts": 7}, {"name": "orders", "attempts": [7, {"startTime": 7}]}]',
        b'[{"name": "orders", "id": "\\ud800", "attempts": [{"completed": 1, "exitCode": "x"}]}]',
        b'{"dags": [{"dag_id": "orders/../x"}, {"dag_id": "orders\\ud800"}], "assets": [], "dag_runs": [{}]}',
        b'{"dags": [{"dag_id": "orders"}], "assets": [], "dag_runs": [{"state": ["failed"]}]}',
        b'{"dags": [{"dag_id": "orders"}], "assets": [], "task_instances": [3], "dag_runs": ['
        b'{"state": "failed", "dag_run_id": "\\ud800", "end_date": "0001-01-01T00:00:00+14:00"}]}',
    ],
)
@pytest.mark.parametrize("client", CLIENTS)
def test_documents_of_another_shape_tell_of_no_run_that_was_good(
    client: Callable[[JsonApi], Orchestrator], body: bytes
) -> None:
    with serving(saying(body)) as server:
        runs, silent = runs_of([client(api(server.url))], names("marts.orders"))
        assert not [r for r in server.requests if ".." in r.target]
    assert not [run for run in runs if run.last_success_at]
    assert all(one.startswith("Airflow cannot be asked: it answers with something else") for one in silent)


def test_the_other_systems_are_asked_all_the_same() -> None:
    with serving(saying(b"", 500)) as bad, serving(recording("spark")) as good:
        asked = (Airflow(api(bad.url)), SparkHistory(api(good.url)))
        runs, silent = runs_of(asked, names("marts.orders"))
    assert [run.job for run in runs] == ["load_orders_daily"]
    assert silent == ("Airflow cannot be asked: it answers with status 500",)


@pytest.mark.requirement("runtime:token")
@pytest.mark.parametrize("token", [TOKEN, f"gnomon:{TOKEN}"])
def test_a_token_does_not_follow_a_redirect(token: str) -> None:
    with serving(saying(b"{}")) as other, serving(saying(b"", 307, Location=f"{other.url}/x")) as server:
        error_of(Airflow, server.url, token=token)
        assert server.authorizations
        assert other.requests == []


@pytest.mark.requirement("runtime:token")
@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"access_token": 7}', b'{"access_token": "a\\r\\nX: b"}'])
def test_a_login_that_gives_no_token_is_told_and_the_password_is_not(body: bytes) -> None:
    def answer(request: Request, handler: BaseHTTPRequestHandler) -> None:
        reply(handler, body if request.method == "POST" else b"{}")

    with serving(answer) as server:
        error = error_of(Airflow, server.url, token=f"gnomon:{TOKEN}")
    assert error.message.endswith(": it gives no tokens for a user and password")


@pytest.mark.requirement("runtime:token")
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://airflow.example", "a token is not sent over http to another machine"),
        ("http://10.0.0.7:8080", "a token is not sent over http to another machine"),
        ("ftp://airflow.example", "it is not of the form"),
        ("https://gnomon:secret@airflow.example", "it is not of the form"),
        ("https://airflow.example/?key=secret", "it is not of the form"),
        ("https://airflow.example/#secret", "it is not of the form"),
        ("https://airflow example", "it is not of the form"),
        ("https://airflow.example\r\nX: y", "it is not of the form"),
        ("https://[airflow", "it is not of the form"),
        ("https://airflow.example:99999", "it is not of the form"),
        ("https://", "it is not of the form"),
        ("airflow.example", "it is not of the form"),
        ("", "it is not of the form"),
    ],
)
def test_an_address_that_cannot_be_asked_is_refused_before_anything_is_sent(url: str, reason: str) -> None:
    with pytest.raises(Misconfigured, match="the address of Airflow cannot be used") as caught:
        api(url)
    assert dict(caught.value.facts)["reason"].startswith(reason)
    assert dict(caught.value.facts)["setting"] == "airflow_url in [pipelines]"
    assert "secret" not in f"{caught.value.facts}{caught.value.hint}"


@pytest.mark.requirement("runtime:token")
def test_without_a_token_http_is_spoken_to_other_machines_too() -> None:
    assert (
        JsonApi("Spark's history", "http://10.0.0.7:18080", "spark_history_url in [pipelines]").token is None
    )


@pytest.mark.requirement("runtime:token")
@pytest.mark.parametrize("token", ["se\nsame", "sésame", "gnomon:se\rsame", "\ud800:x"])
def test_a_token_that_is_none_is_refused_without_being_told(token: str) -> None:
    with serving(saying(b"{}")) as server:
        with pytest.raises(Misconfigured, match="characters that no token has") as caught:
            Airflow(api(server.url, token)).last_runs(("orders",))
        assert server.requests == []
    assert "same" not in f"{caught.value.message} {caught.value.facts} {caught.value.hint}"


@pytest.mark.requirement("runtime:token")
def test_nothing_that_is_printed_of_a_client_holds_the_token() -> None:
    one = api("https://airflow.example")
    assert TOKEN not in f"{one!r} {one.session()!r} {api('https://a.example', f'gnomon:{TOKEN}').session()!r}"


@pytest.mark.requirement("runtime:token")
def test_an_address_with_capitals_is_taken_for_what_it_is() -> None:
    assert api("HTTPS://Airflow.example").session().token == TOKEN
