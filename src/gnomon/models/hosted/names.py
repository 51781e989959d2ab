"""What a model's name says: provider, model, address, and the environment variable that holds the key."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from gnomon.domain.errors import Misconfigured

COMPATIBLE = "openai-compatible"
EXAMPLES = (
    "openai:gpt-5.5",
    "anthropic:claude-sonnet-5-5",
    "google:gemini-3-pro",
    "ollama:qwen3",
    "openai-compatible:http://127.0.0.1:8080/v1#my-model",
)

KEY_VARIABLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "openai": ("OPENAI_API_KEY",),
        "openai-chat": ("OPENAI_API_KEY",),
        "openai-responses": ("OPENAI_API_KEY",),
        "anthropic": ("ANTHROPIC_API_KEY",),
        "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        "azure": ("AZURE_OPENAI_API_KEY",),
        "bedrock": ("AWS_BEARER_TOKEN_BEDROCK",),
        "cerebras": ("CEREBRAS_API_KEY",),
        "cohere": ("CO_API_KEY",),
        "deepseek": ("DEEPSEEK_API_KEY",),
        "fireworks": ("FIREWORKS_API_KEY",),
        "groq": ("GROQ_API_KEY",),
        "huggingface": ("HF_TOKEN",),
        "mistral": ("MISTRAL_API_KEY",),
        "ollama": ("OLLAMA_API_KEY",),
        "openrouter": ("OPENROUTER_API_KEY",),
        "together": ("TOGETHER_API_KEY",),
        "vllm": ("VLLM_API_KEY",),
        "xai": ("XAI_API_KEY",),
    }
)
"""Where each provider's key is looked for, first match first."""

_KEY_IS_REQUIRED = frozenset({"openai", "openai-chat", "openai-responses", "anthropic", "google"})
_BASE_URL_VARIABLES = ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GOOGLE_GEMINI_BASE_URL")


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go. Holds the name of the key's variable, never the key.

    Args:
        base_url: The API's address; empty for the provider's own.
        api_key_env: The environment variable that holds the key; empty for the provider's usual one.
    """

    provider: str
    model: str
    base_url: str = ""
    api_key_env: str = ""

    @property
    def model_id(self) -> str:
        """The name that opens this target again."""
        if self.provider == COMPATIBLE:
            return f"{COMPATIBLE}:{self.base_url}#{self.model}"
        return f"{self.provider}:{self.model}"

    @property
    def key_variables(self) -> tuple[str, ...]:
        """The environment variables looked at for the key, in order."""
        return (self.api_key_env,) if self.api_key_env else KEY_VARIABLES.get(self.provider, ())

    def api_key(self) -> str:
        """The key, or an empty string if no variable holds one."""
        return next((os.environ[name] for name in self.key_variables if os.environ.get(name)), "")


def parse_name(name: str, *, base_url: str = "", api_key_env: str = "") -> Target:
    """Read a model's name.

    Args:
        name: `provider:model`, or `openai-compatible:URL#model` (the prefix may be left out before http).
        base_url: Overrides the provider's address.
        api_key_env: The environment variable to read the key from.

    Raises:
        Misconfigured: The name does not say provider and model, the address is not an http one, or it
            holds a password.

    >>> parse_name("openai-compatible:http://127.0.0.1:8080/v1#tiny").base_url
    'http://127.0.0.1:8080/v1'
    """
    if name.startswith(("http://", "https://")):
        name = f"{COMPATIBLE}:{name}"
    provider, _, model = name.partition(":")
    if provider == COMPATIBLE:
        address, _, model = model.rpartition("#") if "#" in model else ("", "", model)
        base_url = base_url or address
    if not provider or not model or (provider == COMPATIBLE and not base_url):
        raise unknown_model(name)
    target = Target(provider, model, _checked_url(base_url), api_key_env)
    _require_key(target)
    return target


def unknown_model(name: str, detail: str = "") -> Misconfigured:
    """The error for a name that names no model, with examples of names that do."""
    facts = (("examples", ", ".join(("grounded", "scripted:tape.json", *EXAMPLES))),)
    return Misconfigured(
        f"`{_without_userinfo(name)}` names no model",
        facts=((("detail", detail), *facts) if detail else facts),
        hint="name a model as `provider:model`, or use `grounded`, which needs no provider",
    )


def _checked_url(url: str) -> str:
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misconfigured(
            f"the model's address `{_without_userinfo(url)}` is not an http or https URL",
            hint="write it as http://HOST:PORT/v1",
        )
    if parts.username or parts.password or parts.query:
        raise Misconfigured(
            f"the model's address `{parts.scheme}://{parts.hostname}` holds a password or a query",
            hint="put the key into an environment variable and name it with `api_key_env`",
        )
    return url.rstrip("/")


def _require_key(target: Target) -> None:
    """Say that a key is missing before anything slow is imported."""
    elsewhere = target.base_url or any(os.environ.get(name) for name in _BASE_URL_VARIABLES)
    expected = target.api_key_env or (target.provider in _KEY_IS_REQUIRED and not elsewhere)
    if expected and not target.api_key():
        raise missing_key(target)


def missing_key(target: Target) -> Misconfigured:
    """The error for a provider that needs a key where none is set."""
    looked = " or ".join(target.key_variables)
    return Misconfigured(
        f"`{target.model_id}` needs an API key and none is set",
        facts=(("looked for", f"environment variable {looked}" if looked else "no environment variable"),),
        hint=f"set {looked}, or use `grounded`, which needs no key"
        if looked
        else "name the key's environment variable with `api_key_env`",
    )


def _without_userinfo(text: str) -> str:
    head, at, tail = text.rpartition("@")
    scheme = head.partition("//")[0]
    return f"{scheme}//...@{tail}" if at and "//" in head else text
