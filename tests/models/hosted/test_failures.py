"""Retries, and errors that say who acts next, against servers that misbehave."""

import asyncio
import logging
import signal
import threading

import pytest

from gnomon.domain.errors import Failed, GnomonError, Misconfigured
from gnomon.models.hosted import HostedModel
from wire import anthropic_wire, openai_wire
from wire.asking import request
from wire.server import Hang, Json, Reply, Sse, serving

ANTHROPIC = "anthropic:claude-sonnet-5-5"
SECRET = "sk-ant-very-secret"


class Wire:
    """One exchange: the model's outcome, the pauses it took, and how often the server was asked."""

    def __init__(self, *replies: Reply, anthropic: bool = False, **options: float) -> None:
        self.pauses: list[float] = []
        self.text = ""
        with serving(*replies) as server:
            name = ANTHROPIC if anthropic else f"{server.url}/v1#tiny"
            url = server.url if anthropic else ""
            model = HostedModel(name, base_url=url, pause=self.pauses.append, **options)  # type: ignore[arg-type]
            self.error: GnomonError | None = None
            try:
                self.text = model.respond(request(), lambda text: None).text
            except GnomonError as error:
                self.error = error
        self.asked = len(server.received)

    @property
    def shown(self) -> str:
        """Everything of the error that reaches a person or a log."""
        assert self.error is not None
        return f"{self.error} {self.error.facts} {self.error.hint} {self.error!r}"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", SECRET)


def test_a_rate_limit_is_waited_out_for_as_long_as_the_provider_asks() -> None:
    wire = Wire(openai_wire.error(429, "slow down", retry_after="7"), openai_wire.completion("ok"))
    assert (wire.text, wire.pauses, wire.asked) == ("ok", [7.0], 2)


@pytest.mark.requirement("models:retries-are-bounded")
def test_a_wait_beyond_the_budget_fails_at_once_and_says_how_long_was_asked() -> None:
    wire = Wire(anthropic_wire.error(429, "rate_limit_error", "slow down", retry_after="700"), anthropic=True)
    assert isinstance(wire.error, Failed)
    assert (wire.pauses, wire.asked) == ([], 1)
    assert ("asked to wait", "700 s") in wire.error.facts


@pytest.mark.requirement("models:retries-are-bounded")
def test_waits_add_up_to_the_budget_at_most() -> None:
    wire = Wire(openai_wire.error(429, "slow down", retry_after="4"), retry_budget_s=10)
    assert isinstance(wire.error, Failed)
    assert wire.pauses == [4.0, 4.0]


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_a_server_error_is_tried_again(status: int) -> None:
    wire = Wire(openai_wire.error(status, "sorry"), openai_wire.completion("ok"))
    assert (wire.text, wire.asked) == ("ok", 2)


def test_a_server_that_keeps_failing_fails_with_what_it_said() -> None:
    wire = Wire(anthropic_wire.error(529, "overloaded_error", "we are full"), anthropic=True)
    assert isinstance(wire.error, Failed)
    assert ("said", "we are full") in wire.error.facts
    assert wire.asked == 4
    assert wire.pauses == sorted(wire.pauses)


@pytest.mark.parametrize("anthropic", [False, True])
def test_a_server_that_hangs_is_asked_twice_and_then_given_up(anthropic: bool) -> None:
    wire = Wire(Hang(), anthropic=anthropic, timeout_s=1.0)
    assert isinstance(wire.error, Failed)
    assert "did not answer in time" in wire.error.message
    assert wire.asked == 2


def test_an_attempt_as_a_whole_has_a_deadline() -> None:
    wire = Wire(Hang(), timeout_s=30, deadline_s=0.2)
    assert isinstance(wire.error, Failed)
    assert "did not answer in time" in wire.error.message


@pytest.mark.requirement("models:broken-stream-is-no-answer")
@pytest.mark.parametrize("cut", [False, True], ids=["ended", "cut"])
@pytest.mark.parametrize("anthropic", [False, True], ids=["openai", "anthropic"])
def test_a_broken_stream_is_tried_once_more_and_never_passes_for_an_answer(
    anthropic: bool, cut: bool
) -> None:
    half = (
        anthropic_wire.message("There are 1", stop=None, cut=cut)
        if anthropic
        else openai_wire.completion("There are 1", finish=None, usage=None, cut=cut)
    )
    whole = anthropic_wire.message("There are 12.") if anthropic else openai_wire.completion("There are 12.")
    assert Wire(half, whole, anthropic=anthropic).text == "There are 12."
    wire = Wire(half, anthropic=anthropic)
    assert isinstance(wire.error, Failed)
    assert wire.asked == 2


@pytest.mark.parametrize(
    "reply",
    [
        openai_wire.error(400, "This model's maximum context length is 8", code="context_length_exceeded"),
        openai_wire.error(400, "exceeds the available context size", kind="exceed_context_size_error"),
    ],
)
def test_too_much_context_fails_with_the_hint_that_it_must_shrink(reply: Json) -> None:
    wire = Wire(reply)
    assert isinstance(wire.error, Failed)
    assert "shrink the context" in wire.error.hint
    assert wire.asked == 1


def test_too_much_context_is_recognised_from_anthropic_too() -> None:
    wire = Wire(
        anthropic_wire.error(400, "invalid_request_error", "prompt is too long: 9 > 8"), anthropic=True
    )
    assert isinstance(wire.error, Failed)
    assert "shrink the context" in wire.error.hint


@pytest.mark.requirement("models:keys-are-never-shown")
def test_a_refused_key_names_the_variable_and_never_shows_the_key(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reply = anthropic_wire.error(401, "authentication_error", f"invalid x-api-key {SECRET}")
    wire = Wire(reply, anthropic=True)
    assert isinstance(wire.error, Misconfigured)
    assert "ANTHROPIC_API_KEY" in wire.shown
    assert SECRET not in wire.shown
    assert caplog.records
    assert SECRET not in caplog.text
    assert wire.error.__cause__ is wire.error.__context__ is None
    assert wire.asked == 1


@pytest.mark.requirement("models:keys-are-never-shown")
def test_a_key_repeated_in_another_error_is_struck_out() -> None:
    wire = Wire(anthropic_wire.error(400, "invalid_request_error", f"odd header {SECRET}"), anthropic=True)
    assert SECRET not in wire.shown
    assert "odd header [key]" in wire.shown


def test_a_server_that_wants_a_key_where_none_is_named_says_how_to_name_it() -> None:
    wire = Wire(openai_wire.error(401, "no key"))
    assert isinstance(wire.error, Misconfigured)
    assert "api_key_env" in wire.error.hint


def test_a_model_the_provider_does_not_know_is_the_operators_to_fix() -> None:
    wire = Wire(openai_wire.error(404, "no such model", code="model_not_found"))
    assert isinstance(wire.error, Misconfigured)
    assert "not known" in wire.error.message


def test_an_exhausted_quota_is_not_waited_for() -> None:
    wire = Wire(openai_wire.error(429, "you are out of credit", code="insufficient_quota"))
    assert isinstance(wire.error, Misconfigured)
    assert wire.pauses == []


def test_a_refusal_by_the_content_filter_is_a_failure() -> None:
    wire = Wire(openai_wire.completion("I can", finish="content_filter"))
    assert isinstance(wire.error, Failed)
    assert wire.asked == 1


@pytest.mark.parametrize("reply", [Sse(["data: {not json\n\n"]), Json({"hello": 1}), Json("x"), Sse([])])
def test_a_response_that_makes_no_sense_is_tried_once_more_and_then_fails(reply: Reply) -> None:
    wire = Wire(reply)
    assert isinstance(wire.error, Failed)
    assert wire.asked == 2


def test_an_address_where_nothing_listens_fails_with_a_hint_to_check_it() -> None:
    with serving(Hang()) as server:
        url = server.url
    model = HostedModel(f"{url}/v1#tiny", pause=lambda wait_s: None)
    with pytest.raises(Failed, match="cannot be reached") as caught:
        model.respond(request(), lambda text: None)
    assert "check the address" in caught.value.hint


def test_a_listener_that_raises_ends_the_request_with_its_own_exception() -> None:
    def stop(text: str) -> None:
        raise KeyError(text)

    with serving(openai_wire.completion("a", "b")) as server:
        model = HostedModel(f"{server.url}/v1#tiny")
        with pytest.raises(KeyError):
            model.respond(request(), stop)
    assert len(server.received) == 1


def test_ctrl_c_stops_a_request_that_hangs() -> None:
    main = threading.main_thread().ident
    assert main is not None
    # A run that was started in the background of a shell ignores Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with serving(Hang(then=lambda: signal.pthread_kill(main, signal.SIGINT))) as server:
            model = HostedModel(f"{server.url}/v1#tiny")
            with pytest.raises(KeyboardInterrupt):
                model.respond(request(), lambda text: None)
    finally:
        signal.signal(signal.SIGINT, before)


def test_it_answers_within_a_running_event_loop_and_leaves_no_thread_behind() -> None:
    before = threading.active_count()

    async def main(model: HostedModel) -> str:
        return model.respond(request(), lambda text: None).text

    with serving(openai_wire.completion("ok")) as server:
        assert asyncio.run(main(HostedModel(f"{server.url}/v1#tiny"))) == "ok"
    assert threading.active_count() == before


def test_one_model_answers_several_threads_at_once() -> None:
    texts: list[str] = []
    with serving(openai_wire.completion("ok")) as server:
        model = HostedModel(f"{server.url}/v1#tiny")
        threads = [
            threading.Thread(target=lambda: texts.append(model.respond(request(), lambda text: None).text))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert texts == ["ok"] * 4
