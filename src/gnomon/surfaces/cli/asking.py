"""One question asked: events shown as they come, a person asked back, Ctrl-C obeyed."""

import secrets
import signal
import sys
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any

from gnomon.domain.answer import Answer, AnswerStatus, Clarification, Conversation, Question, Turn
from gnomon.domain.errors import Interrupted
from gnomon.domain.events import (
    AnswerReady,
    CheckDone,
    Event,
    QueryStarted,
    ResultReady,
    StepStarted,
    ToolFailed,
)
from gnomon.surfaces.cli.errors import ABSTAINED, INTERRUPTED, NEEDS_CLARIFICATION, Usage
from gnomon.surfaces.cli.rights import require_history
from gnomon.surfaces.cli.terminal import Terminal, is_person

if TYPE_CHECKING:
    from rich.status import Status

    from gnomon.policy.policies import Situation
    from gnomon.wiring import Gnomon

EXIT_CODES: dict[AnswerStatus, int] = {
    "answered": 0,
    "abstained": ABSTAINED,
    "needs_clarification": NEEDS_CLARIFICATION,
    "interrupted": INTERRUPTED,
    "failed": 1,
}
_ATTEMPTS = 3


@dataclass
class Talk:
    """What a person sees on stderr while the agent works, and how the agent asks back.

    Args:
        verbose: Whether every step, query and check is told, one a line.
        quiet: Whether nothing is told at all.
    """

    terminal: Terminal
    verbose: bool = False
    quiet: bool = False
    asking: bool = False
    _status: "Status | None" = field(default=None, repr=False)

    def begin(self) -> None:
        """Show that work goes on, where a person looks."""
        if is_person(self.terminal.err.file) and not self.verbose and not self.quiet:
            self._status = self.terminal.err.status("thinking")
            self._status.start()

    def end(self) -> None:
        """Take the sign of work away."""
        if self._status:
            self._status.stop()
            self._status = None

    def show(self, event: Event) -> None:
        """Tell one event."""
        line = _line_of(event)
        if not line:
            return
        if self.verbose:
            self.terminal.say(line)
        elif self._status:
            from rich.text import Text

            from gnomon.surfaces.cli.cells import neutralise

            self._status.update(Text(neutralise(line)[: max(self.terminal.err.width - 4, 10)]))

    def ask_person(self, clarification: Clarification) -> str | None:
        """Put a clarification to the person; None where nobody answers, so that the default is taken."""
        if not is_person(sys.stdin):
            return None
        working = self._status is not None
        self.end()
        self.asking = True
        try:
            return _choose(clarification, self.terminal)
        finally:
            self.asking = False
            if working:
                self.begin()


def _line_of(event: Event) -> str:
    match event:
        case StepStarted(text=text):
            return text
        case QueryStarted(purpose=purpose, sql=sql):
            return f"query: {purpose or ' '.join(sql.split())}"
        case ResultReady(result=result, elapsed_s=elapsed_s):
            return f"{result.row_count:,} row{'' if result.row_count == 1 else 's'} in {elapsed_s:.2f} s"
        case ToolFailed(tool=tool, message=message):
            return f"{tool}: {message}"
        case CheckDone(check=check):
            return f"check {check.name}: {check.verdict}: {check.summary}"
    return ""


def _choose(clarification: Clarification, terminal: Terminal) -> str | None:
    terminal.say(clarification.question, "bold")
    for number, option in enumerate(clarification.options, 1):
        taken = "  (default)" if option == clarification.default else ""
        terminal.say(f"  {number}. {option}{taken}", "")
    for _ in range(_ATTEMPTS):
        terminal.err.print("Number, or Enter for the default: ", end="")
        line = sys.stdin.readline()
        if not line.strip():
            return clarification.default if line else None
        chosen = pick_option(line.strip(), clarification.options)
        if chosen:
            return chosen
        terminal.say(f"type a number from 1 to {len(clarification.options)}")
    return None


def pick_option(reply: str, options: tuple[str, ...]) -> str | None:
    """The option that a reply names by number or by its text, or None."""
    if reply.isascii() and reply.isdigit():
        return options[int(reply) - 1] if 0 < int(reply) <= len(options) else None
    named = [o for o in options if o.casefold().startswith(reply.casefold())]
    return named[0] if len(named) == 1 else None


@dataclass
class Stopper:
    """Ctrl-C while a question runs: the first asks the agent to stop, the second ends the process."""

    cancellation: Any
    talk: Talk
    _before: Any = field(default=None, repr=False)

    def __enter__(self) -> "Stopper":
        self._before = signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.talk.asking:
            raise KeyboardInterrupt
        self.cancellation.cancel()
        # The system's own handling works even while native code holds the interpreter.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self.talk.end()
        self.talk.terminal.say("stopping; Ctrl-C again ends at once")


def new_conversation(gnomon: "Gnomon") -> Conversation:
    """An empty conversation of the configured principal."""
    return Conversation(id=f"c{secrets.token_hex(4)}", principal=gnomon.principal)


def find_conversation(gnomon: "Gnomon", conversation_id: str) -> Conversation:
    """The stored conversation of that id; it must be the principal's own.

    Raises:
        Usage: There is none.
        Refused: The credential is not for stored answers.
    """
    require_history(gnomon.principal)
    found = gnomon.state.load_conversation(conversation_id, principal=gnomon.principal)
    if found is None:
        raise Usage(
            f"no conversation has the id `{conversation_id}`", hint="see the ids with `gnomon history`"
        )
    return found


def put_question(
    gnomon: "Gnomon",
    text: str,
    conversation: Conversation,
    talk: Talk,
    *,
    interactive: bool,
    keep: bool = True,
    situation: "Situation | None" = None,
) -> Answer:
    """Ask, show what happens, and return the answer; with `keep`, the turn is stored.

    Raises:
        Interrupted: The person stopped the run before there was an answer of any kind.
    """
    from gnomon.warehouses.port import Cancellation

    question = Question(
        id=f"q{secrets.token_hex(5)}",
        text=text,
        principal=gnomon.principal,
        asked_at=gnomon.settings.now(),
        conversation_id=conversation.id,
        interactive=interactive,
        purpose=situation.purpose if situation else "",
        audience=situation.audience if situation else "private",
    )
    cancellation, answer = Cancellation(), None
    talk.begin()
    try:
        with Stopper(cancellation, talk):
            for event in gnomon.agent.ask(question, conversation, cancellation=cancellation):
                talk.show(event)
                answer = event.answer if isinstance(event, AnswerReady) else answer
    finally:
        talk.end()
    if answer is None:
        raise Interrupted("stopped before there was an answer", hint="go on with `gnomon chat --resume`")
    if keep:
        gnomon.state.save_turn(Turn(question, answer))
    return answer
