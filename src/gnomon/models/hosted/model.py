"""The model port over pydantic-ai's model layer."""

import importlib.util
import time
from collections.abc import Callable

from gnomon.domain.errors import Misconfigured
from gnomon.models.hosted.names import KEY_VARIABLES, Target, parse_name
from gnomon.models.hosted.retries import Trouble, respond_with_retries
from gnomon.models.port import ModelRequest, ModelResponse


class HostedModel:
    """A model of any provider, by name. Safe to use from several threads; holds no open connection.

    Args:
        name: `openai:gpt-5.5`, `anthropic:...`, `google:...`, `ollama:...`, or
            `openai-compatible:http://HOST:PORT/v1#MODEL`.
        base_url: Another address for the provider's API; `openai` then speaks chat completions.
        api_key_env: The environment variable that holds the key, if it is not the usual one.
        timeout_s: Seconds to wait for the next piece of a response, per attempt.
        deadline_s: Seconds for one attempt as a whole.
        retry_budget_s: Seconds spent waiting between attempts at most, in sum.
        pause: Waits that many seconds.

    Raises:
        Misconfigured: The name names no model, its key is not set, or the package extra is missing.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str = "",
        api_key_env: str = "",
        timeout_s: float = 120.0,
        deadline_s: float = 600.0,
        retry_budget_s: float = 60.0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        target = parse_name(name, base_url=base_url, api_key_env=api_key_env)
        if min(timeout_s, deadline_s) <= 0 or retry_budget_s < 0:
            raise Misconfigured("a model's timeouts must be above 0 and its retry budget at least 0")
        _require_package()
        if target.provider not in KEY_VARIABLES and not target.base_url:
            _require_provider(target)
        self._target = target
        self._timeout_s = timeout_s
        self._deadline_s = deadline_s
        self._retry_budget_s = retry_budget_s
        self._pause = pause

    def __repr__(self) -> str:
        return f"HostedModel({self.model_id!r})"

    @property
    def model_id(self) -> str:
        """The name that opens this model again."""
        return self._target.model_id

    def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelResponse:
        """Answer one request, streaming text to `on_text` as it comes.

        If an attempt breaks off and another one is made, its text is streamed from the start again;
        the returned text is the last attempt's alone.

        Raises:
            Failed: The provider failed and retries did not help, or the context is too long.
            Misconfigured: No such model, a key that is not accepted, no quota left.
        """
        from gnomon.models.hosted.calls import attempt

        def once() -> ModelResponse | Trouble:
            return attempt(
                self._target, request, on_text, timeout_s=self._timeout_s, deadline_s=self._deadline_s
            )

        return respond_with_retries(once, budget_s=self._retry_budget_s, pause=self._pause)


def _require_package() -> None:
    try:
        found = importlib.util.find_spec("pydantic_ai") is not None
    except ValueError:
        found = False
    if not found:
        raise Misconfigured(
            "hosted models need a package that is not installed",
            facts=(("missing", "pydantic-ai-slim"),),
            hint="pip install 'gnomon[hosted]'",
        )


def _require_provider(target: Target) -> None:
    """Ask the layer about a provider we do not know, so that a typing error is told at once."""
    from gnomon.models.hosted.layer import require_provider

    require_provider(target)
