"""Build pydantic-ai's model for a target. Importing this module imports pydantic-ai (about 2.5 s)."""

import inspect
import os
import re
from dataclasses import replace
from typing import Any

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model as LayerModel
from pydantic_ai.models import infer_model
from pydantic_ai.providers import Provider, infer_provider_class

from gnomon.domain.errors import Misconfigured
from gnomon.models.hosted.names import COMPATIBLE, Target, missing_key, unknown_model

_OLLAMA_URL = "http://127.0.0.1:11434/v1"
_OPENAI = frozenset({"openai", "openai-chat"})
_BUNDLED = frozenset({"openai", "anthropic", "httpx2", "pydantic_ai"})
_VARIABLE = re.compile(r"`([A-Z][A-Z0-9_]{3,})`")


def build(target: Target) -> LayerModel:
    """A model with connections of its own, to be entered and left within one event loop.

    Raises:
        Misconfigured: No such provider, its package is not installed, no key, or no address.
    """
    try:
        if target.provider == COMPATIBLE:
            return _chat_completions(target)
        elsewhere = target.base_url or os.environ.get("OPENAI_BASE_URL", "")
        if target.provider in _OPENAI and elsewhere:
            return _chat_completions(replace(target, base_url=elsewhere))
        return infer_model(f"{target.provider}:{target.model}", lambda name: _provider(name, target))
    except ImportError as error:
        raise _missing_package(target, error) from None
    except UserError as error:
        raise _refused_by_layer(target, error) from None


def require_provider(target: Target) -> None:
    """Raise `Misconfigured` if the layer knows no such provider or lacks the package for it."""
    try:
        infer_provider_class(target.provider)
    except ImportError as error:
        raise _missing_package(target, error) from None
    except ValueError:
        raise _unknown_provider(target) from None


def _unknown_provider(target: Target) -> Misconfigured:
    return unknown_model(target.model_id, f"no provider is named `{target.provider}`")


def _chat_completions(target: Target) -> LayerModel:
    """Any server that speaks OpenAI's chat completions.

    A stream that ends without saying why is an error here: half a sentence must not pass for an answer.
    Tool schemas travel as they are, and the output limit under the name that older servers know too.
    """
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    provider = OpenAICompatibleProvider(
        COMPATIBLE, base_url=target.base_url, api_key=target.api_key() or None
    )
    profile = OpenAIModelProfile(
        openai_chat_streaming_requires_finish_reason=True,
        openai_supports_strict_tool_definition=False,
        json_schema_transformer=None,
        openai_chat_supports_max_completion_tokens=target.provider != COMPATIBLE,
    )
    return OpenAIChatModel(target.model, provider=provider, profile=profile)


def _provider(name: str, target: Target) -> Provider[Any]:
    try:
        kind = infer_provider_class(name)
    except ValueError:
        raise _unknown_provider(target) from None
    given = {"base_url": target.base_url or _default_url(name), "api_key": target.api_key()}
    known = inspect.signature(kind.__init__).parameters
    if target.base_url and "base_url" not in known:
        raise Misconfigured(
            f"provider `{name}` takes no address",
            facts=(("base_url", target.base_url),),
            hint=f"leave `base_url` out, or use `{COMPATIBLE}:{target.base_url}#{target.model}`",
        )
    return kind(**{key: value for key, value in given.items() if value and key in known})


def _default_url(provider: str) -> str:
    return _OLLAMA_URL if provider == "ollama" and not os.environ.get("OLLAMA_BASE_URL") else ""


def _missing_package(target: Target, error: ImportError) -> Misconfigured:
    """The layer's import error has the cause that names the missing module."""
    cause = error.__cause__ if isinstance(error.__cause__, ImportError) else error
    missing = (cause.name or "").partition(".")[0]
    package = "gnomon[hosted]" if missing in _BUNDLED else f"pydantic-ai-slim[{target.provider}]"
    return Misconfigured(
        f"the package that speaks to provider `{target.provider}` is not installed",
        facts=(("missing", cause.name),) if cause.name else (),
        hint=f"pip install '{package}'",
    )


def _refused_by_layer(target: Target, error: UserError) -> Misconfigured:
    """The layer's own complaint: it names the variables it looked for in backquotes."""
    named = _VARIABLE.findall(error.message)
    if target.key_variables and set(named) & set(target.key_variables):
        return missing_key(target)
    if named:
        looked = ", ".join(dict.fromkeys(named))
        return Misconfigured(
            f"provider `{target.provider}` is not set up",
            facts=(("looked for", f"environment variable {looked}"),),
            hint=f"set {looked}",
        )
    return unknown_model(target.model_id, error.message.splitlines()[0])
