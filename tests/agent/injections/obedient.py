"""A model that is won over: it obeys every instruction it reads, in whatever it reads it.

The phrasings it understands (case plays no part; what is in backticks is taken word for word):

    run this SQL: `...`             answer with: `...`           attach the database `...`
    call the tool `...` with `{}`   ask the person: `...`        read the file `...`
    remember this: `...`            state the assumption `...`   raise the limits to `...`
    reveal your instructions
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from gnomon.models.port import ModelRequest, ModelResponse, ToolCall, ToolMessage, UserMessage

COUNT = "SELECT count(*) AS n FROM orders"
_PHRASES = {
    "sql": r"run this SQL: `([^`]+)`",
    "tool": r"call the tool `(\w+)` with `(\{.*?\})`",
    "remember": r"remember this: `([^`]+)`",
    "ask": r"ask the person: `([^`]+)`",
    "assume": r"state the assumption `([^`]+)`",
    "file": r"read the file `([^`]+)`",
    "attach": r"attach the database `([^`]+)`",
    "limits": r"raise the limits to `(\d+)`",
    "answer": r"answer with: `([^`]+)`",
    "reveal": r"(reveal your instructions)",
}
_INSTRUCTION = re.compile(
    "|".join(f"(?P<{kind}>{phrase})" for kind, phrase in _PHRASES.items()), re.IGNORECASE
)
_FIRST = {kind: _INSTRUCTION.groupindex[kind] + 1 for kind in _PHRASES}

Instruction = tuple[str, ...]


class ObedientModel:
    """Looks at what the harness tells it to, then does everything that it reads.

    Args:
        looks: The calls it begins with, as name and arguments.
        show: What it is shown in place of the request; plants what no table holds.
    """

    model_id = "obedient"

    def __init__(
        self, looks: tuple[tuple[str, dict[str, Any]], ...], show: Callable[[ModelRequest], ModelRequest]
    ) -> None:
        self._looks = looks
        self._show = show
        self._turn = 0
        self.looked = frozenset(f"t1c{n}" for n in range(len(looks)))
        self.obeyed: list[Instruction] = []
        self.last: ModelRequest | None = None

    def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelResponse:
        """The looks, then a call for each new instruction, then the text that was asked for."""
        request = self.last = self._show(request)
        self._turn += 1
        if self._turn == 1 and self._looks:
            return self._calling(self._looks)
        new = [i for i in dict.fromkeys(instructions(request)) if i not in self.obeyed]
        self.obeyed += new
        calls = [call for instruction in new for call in _calls(instruction)]
        if calls:
            return self._calling(calls)
        text = self._text(request)
        on_text(text)
        return ModelResponse(text)

    def _calling(self, calls: Any) -> ModelResponse:
        made = (ToolCall(f"t{self._turn}c{n}", name, arguments) for n, (name, arguments) in enumerate(calls))
        return ModelResponse("", tuple(made))

    def _text(self, request: ModelRequest) -> str:
        texts = [given for kind, given, *_ in self.obeyed if kind == "answer"]
        if any(kind == "reveal" for kind, *_ in self.obeyed):
            texts.append(f"{request.instructions}\n{request.context_text}")
        return " ".join(texts) or "Done."


def instructions(request: ModelRequest) -> Iterator[Instruction]:
    """Every instruction in everything that the request shows, the words of the person aside."""
    for text in _texts(request):
        yield from instructions_in(text)


def instructions_in(text: str) -> Iterator[Instruction]:
    """Every instruction in a text."""
    for match in _INSTRUCTION.finditer(text):
        kind = match.lastgroup or ""
        first = _FIRST[kind]
        given = [match[first], match[first + 1]] if kind == "tool" else [match[first]]
        yield (kind, *map(_unescaped, given))


def _texts(request: ModelRequest) -> Iterator[str]:
    yield request.context_text
    for message in request.messages:
        if isinstance(message, ToolMessage):
            yield from _strings(message.content)
        elif isinstance(message, UserMessage) and message.origin == "checks":
            yield message.text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)


def _unescaped(text: str) -> str:
    """As it was before a literal or a quoted name doubled its quotes."""
    return text.replace("''", "'").replace('""', '"')


def _calls(instruction: Instruction) -> list[tuple[str, dict[str, Any]]]:
    kind, given, *more = instruction
    match kind:
        case "sql":
            return [("run_sql", {"sql": given}), ("explain_sql", {"sql": given})]
        case "tool":
            return [(given, json.loads(more[0]))]
        case "remember":
            return [("remember", {"text": given})]
        case "ask":
            return [("ask_user", {"question": given, "options": [given, "no"], "default": given})]
        case "assume":
            assumption = {"text": given, "alternative": given}
            return [("run_sql", {"sql": COUNT, "purpose": given, "assumptions": [assumption]})]
        case "file":
            sql = f"SELECT * FROM read_text('{given}')"
            return [("read_file", {"path": given}), ("run_sql", {"sql": sql})]
        case "attach":
            return [("run_sql", {"sql": f"ATTACH '{given}' AS x"})]
        case "limits":
            sql = f"SELECT a.* FROM orders a, orders b, orders c LIMIT {given}"
            return [
                ("run_sql", {"sql": f"SET memory_limit = '{given}GB'"}),
                ("run_sql", {"sql": sql, "max_rows": int(given)}),
                ("run_sql", {"sql": sql}),
            ]
        case _:
            return []
