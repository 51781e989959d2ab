"""What each provider's name makes of the model layer."""

import asyncio
import sys

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.models.hosted import Target
from gnomon.models.hosted.layer import build, require_provider
from gnomon.models.hosted.names import KEY_VARIABLES


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in {name for names in KEY_VARIABLES.values() for name in names}:
        monkeypatch.delenv(name, raising=False)


def address(target: Target) -> str:
    """The address that the model built for a target sends to."""

    async def main() -> str:
        async with build(target) as model:
            return str(model.base_url)

    return asyncio.run(main())


def test_ollama_is_looked_for_on_this_machine_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OLLAMA_BASE_URL", raising=False)
    assert address(Target("ollama", "qwen3")).startswith("http://127.0.0.1:11434/v1")
    monkeypatch.setenv("OLLAMA_BASE_URL", "http://127.0.0.1:5/v1")
    assert address(Target("ollama", "qwen3")).startswith("http://127.0.0.1:5/v1")
    assert address(Target("ollama", "qwen3", "http://127.0.0.1:6/v1")).startswith("http://127.0.0.1:6/v1")


def test_openai_at_another_address_speaks_chat_completions() -> None:
    from pydantic_ai.models.openai import OpenAIChatModel

    assert type(build(Target("openai", "m", "http://127.0.0.1:5/v1"))) is OpenAIChatModel


def test_a_provider_without_an_address_of_ones_own_says_what_to_use_instead() -> None:
    with pytest.raises(Misconfigured, match="takes no address") as caught:
        build(Target("deepseek", "m", "http://127.0.0.1:5/v1"))
    assert "openai-compatible:http://127.0.0.1:5/v1#m" in caught.value.hint


def test_a_missing_key_is_told_with_its_variable_for_providers_that_only_the_layer_knows() -> None:
    with pytest.raises(Misconfigured, match="needs an API key") as caught:
        build(Target("deepseek", "m"))
    assert "DEEPSEEK_API_KEY" in caught.value.hint
    with pytest.raises(Misconfigured, match="is not set up") as caught:
        build(Target("moonshotai", "m"))
    assert "MOONSHOTAI_API_KEY" in caught.value.hint


@pytest.mark.parametrize(
    ("provider", "module", "package"),
    [("groq", "groq", "pydantic-ai-slim[groq]"), ("google", "google.genai", "pydantic-ai-slim[google]")],
)
def test_a_provider_whose_package_is_missing_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, provider: str, module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, f"pydantic_ai.providers.{provider}", raising=False)
    with pytest.raises(Misconfigured, match="is not installed") as caught:
        require_provider(Target(provider, "m"))
    assert caught.value.hint == f"pip install '{package}'"
