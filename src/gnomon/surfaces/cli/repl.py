"""The loop of `gnomon chat`: a line in, an answer out, until the input ends."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.domain.answer import Answer, Conversation, Turn
from gnomon.domain.errors import GnomonError
from gnomon.surfaces.cli.asking import Talk, find_conversation, new_conversation, put_question
from gnomon.surfaces.cli.errors import Usage, error_json, show_error
from gnomon.surfaces.cli.interrupts import at_prompt
from gnomon.surfaces.cli.page import checks_section
from gnomon.surfaces.cli.question import check_question
from gnomon.surfaces.cli.rights import require_history
from gnomon.surfaces.cli.shown import print_sql, show_answer, show_answer_line
from gnomon.surfaces.cli.table import render_table
from gnomon.surfaces.cli.terminal import Terminal, interactive

if TYPE_CHECKING:
    from gnomon.wiring import Gnomon

HISTORY_LINES = 1_000
HELP = """Type a question; it may build on the last one.
  /sql     the SQL of the last answer
  /checks  its checks, with their SQL
  /table   all rows of its result
  /help    this text
  /quit    end the chat (so does the end of the input)"""


def conversation_to_use(gnomon: "Gnomon", conversation_id: str | None, *, resume: bool) -> Conversation:
    """A new conversation, or the one to go on with.

    Raises:
        Usage: There is none to go on with.
        Refused: The credential is not for stored answers.
    """
    if not resume:
        return new_conversation(gnomon)
    if conversation_id:
        return find_conversation(gnomon, conversation_id)
    require_history(gnomon.principal)
    latest = gnomon.state.latest_conversation(gnomon.principal)
    if latest is None:
        raise Usage("there is no conversation to go on with", hint="begin one with `gnomon chat`")
    return latest


@dataclass
class Repl:
    """One chat.

    Args:
        as_json: One line of JSON an answer, and errors too.
    """

    gnomon: "Gnomon"
    conversation: Conversation
    talk: Talk
    as_json: bool = False
    explain: bool = False

    @property
    def terminal(self) -> Terminal:
        """Where to print."""
        return self.talk.terminal

    @property
    def last(self) -> Answer | None:
        """The last answer of the conversation."""
        return self.conversation.turns[-1].answer if self.conversation.turns else None

    def run(self) -> None:
        """Read lines until the input ends or /quit."""
        person = interactive()
        if person:
            self._greet()
        for line in _lines(self.gnomon.settings.state_dir, person):
            text = line.strip()
            if text.lower() in ("/quit", "/exit", "quit", "exit"):
                break
            if text:
                self._take(text, person)
        if person:
            self.terminal.say(f"conversation kept; go on with: gnomon chat --resume {self.conversation.id}")

    def _greet(self) -> None:
        self.terminal.say(
            f"asking {self.gnomon.warehouse.label} with {self.gnomon.model.model_id}; /help for help"
        )
        if self.last:
            self.terminal.say(f"going on after: {self.last.question.text}")

    def _take(self, text: str, person: bool) -> None:
        """One line; what goes wrong with it does not end the chat."""
        try:
            if text.startswith("/"):
                self._command(text)
            else:
                self._question(check_question(text), person)
        except GnomonError as error:
            if self.as_json:
                self.terminal.json_line(error_json(error))
            else:
                show_error(error, self.terminal, as_json=False, cause=None)

    def _question(self, text: str, person: bool) -> None:
        asking = person and not self.as_json
        answer = put_question(self.gnomon, text, self.conversation, self.talk, interactive=asking)
        turns = (*self.conversation.turns, Turn(answer.question, answer))
        self.conversation = replace(self.conversation, turns=turns)
        if self.as_json:
            show_answer_line(answer, self.terminal)
        else:
            show_answer(answer, self.terminal, explain=self.explain)
            self.terminal.out.print()

    def _command(self, text: str) -> None:
        commands = {"/sql": self._sql, "/checks": self._checks, "/table": self._table}
        if text == "/help":
            self.terminal.say(HELP, "")
            return
        if text not in commands:
            raise Usage(f"`{text}` is not a command", hint="/help lists the commands")
        if self.last is None:
            raise Usage("there is no answer yet", hint="ask a question first")
        self._require_rights(self.last)
        commands[text](self.last)

    def _require_rights(self, answer: Answer) -> None:
        """An answer from before is shown as long as its reader sees its data as then."""
        from gnomon.agent.rights import require_still_seen

        catalog, dialect = self.gnomon.index.catalog(), self.gnomon.warehouse.dialect
        require_still_seen(answer, self.gnomon.own_authority().access(catalog, dialect))

    def _sql(self, answer: Answer) -> None:
        print_sql(answer)

    def _checks(self, answer: Answer) -> None:
        self.terminal.page(checks_section(answer.checks, self.terminal.face, explain=True))

    def _table(self, answer: Answer) -> None:
        if answer.result is None:
            raise Usage("the last answer has no rows", hint="see what it says with /checks or /sql")
        rows = max(len(answer.result.rows), 1)
        self.terminal.page(render_table(answer.result, self.terminal.face, max_rows=rows))


def _lines(state: Path, person: bool) -> Iterator[str]:
    if not person:
        yield from sys.stdin
        return
    with _line_history(state / "chat_history"):
        while True:
            try:
                with at_prompt():
                    line = input("> ")
            except EOFError:
                sys.stderr.write("\n")
                return
            except KeyboardInterrupt:
                # At the prompt Ctrl-C only drops the line, as in a shell.
                sys.stderr.write("\n")
            else:
                yield line


@contextmanager
def _line_history(path: Path) -> Iterator[None]:
    """Line editing with the lines of earlier chats, where this system has readline."""
    try:
        import readline
    except ImportError:
        yield
        return
    if path.exists():
        readline.read_history_file(path)
    readline.set_history_length(HISTORY_LINES)
    try:
        yield
    finally:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        readline.write_history_file(path)
