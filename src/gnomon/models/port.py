"""The port every model stands behind: messages and tool schemas in, text or tool calls and usage out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from gnomon.domain.answer import Question, ReadWords
from gnomon.domain.context import Context

Effect = Literal["read", "compute", "ask", "remember", "write"]
CANNOT_ANSWER = "Cannot answer:"
"""A reply that begins with this abstains; the rest says what is missing. Every model is told so."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a model sees it. `parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    effect: Effect


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to call a tool. `arguments` is unchecked; `problem` is set if it was not even JSON."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class UserMessage:
    """What the person said, or what the checks found (`origin`)."""

    text: str
    origin: Literal["person", "checks"] = "person"


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """What the model said and which tools it called."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolMessage:
    """What a tool gave back.

    Args:
        content: The distilled result as JSON-able values; hosted models read it as JSON text.
        failed: True if the call did not work out and `content` says why.
    """

    call_id: str
    tool: str
    content: Mapping[str, Any]
    failed: bool = False


Message = UserMessage | AssistantMessage | ToolMessage


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Everything a model sees.

    Args:
        instructions: Goals and standards; the same for every question (cacheable prefix).
        context: The assembled context as values.
        context_text: The same context as text, fitted to the token budget.
        messages: The exchange so far, the question first.
    """

    question: Question
    instructions: str
    context: Context
    context_text: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    max_output_tokens: int = 4096


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and price of one call. `cost_usd` is None where the price is unknown."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0


@dataclass(frozen=True, slots=True)
class ModelResponse:
    """Text (a final answer if there are no tool calls), tool calls, and usage.

    Args:
        truncated: True if the model ran into its output limit.
        confidence: In [0, 1], from models that can say how sure they are of their reading.
        reasoning: How the question was read, in sentences.
        unplaced: Words of the question that the model could not account for.
        reading: The question word by word, from models that can tell.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()
    truncated: bool = False
    confidence: float = 0.8
    reasoning: str = ""
    unplaced: tuple[str, ...] = ()
    reading: tuple[ReadWords, ...] = ()


class Model(Protocol):
    """A language model, or something that stands in for one."""

    @property
    def model_id(self) -> str:
        """Provider and name, for example `openai:gpt-5.5` or `grounded`."""
        ...

    def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelResponse:
        """Answer one request, streaming text to `on_text` as it comes.

        Raises:
            Failed: The provider failed and retries did not help (message and hint say what it said).
            Misconfigured: No such model, no key, package not installed.
        """
        ...


class Embedder(Protocol):
    """Turns text into vectors of one fixed size."""

    @property
    def model_id(self) -> str:
        """Stored with every vector; vectors of different ids are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        ...

    def embed(self, texts: Sequence[str]) -> "Any":
        """A float32 array of shape (len(texts), dimensions), each row of length 1."""
        ...
