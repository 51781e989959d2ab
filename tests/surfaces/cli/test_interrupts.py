"""Ctrl-C outside of a question."""

import os
import signal

import pytest

from gnomon.domain.errors import Interrupted
from gnomon.surfaces.cli.interrupts import interruptible

pytestmark = pytest.mark.requirement("X-05")


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def engine_that_takes_the_signal() -> None:
    try:
        press_ctrl_c()
    except KeyboardInterrupt:
        raise RuntimeError("Query interrupted") from None


def test_ctrl_c_is_an_interruption_with_its_exit_code_and_a_hint() -> None:
    with pytest.raises(Interrupted) as caught, interruptible():
        press_ctrl_c()
    assert caught.value.exit_code == 130
    assert caught.value.hint


def test_an_engine_that_takes_the_signal_for_itself_is_interrupted_too() -> None:
    with pytest.raises(Interrupted), interruptible():
        engine_that_takes_the_signal()


def test_any_other_runtime_error_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="Query interrupted"), interruptible():
        raise RuntimeError("Query interrupted")


def test_the_handler_of_before_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
