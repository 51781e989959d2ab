"""Opening a hosted model by name: what is accepted, and what a wrong name is told."""

import contextlib
import subprocess
import sys

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.models.hosted import HostedModel, Target, parse_name
from gnomon.models.hosted.names import KEY_VARIABLES


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for names in KEY_VARIABLES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)


def test_an_address_with_a_model_names_a_compatible_server_with_or_without_prefix() -> None:
    target = Target("openai-compatible", "org/tiny", "http://127.0.0.1:8080/v1")
    assert parse_name("openai-compatible:http://127.0.0.1:8080/v1#org/tiny") == target
    assert parse_name("http://127.0.0.1:8080/v1/#org/tiny") == target
    assert parse_name("openai-compatible:org/tiny", base_url="http://127.0.0.1:8080/v1") == target


def test_the_model_id_opens_the_same_model_again() -> None:
    for name in ("ollama:qwen3:8b", "openai-compatible:http://127.0.0.1:8080/v1#tiny"):
        assert parse_name(parse_name(name).model_id) == parse_name(name)
        assert HostedModel(name).model_id == name


@pytest.mark.parametrize("name", ["gpt-5", "", "openai:", ":gpt", "openai-compatible:tiny", "foo:bar"])
def test_a_name_that_names_no_model_is_answered_with_examples(name: str) -> None:
    with pytest.raises(Misconfigured, match="names no model") as caught:
        HostedModel(name)
    assert "anthropic:" in dict(caught.value.facts)["examples"]


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("openai:gpt-5.5", "OPENAI_API_KEY"),
        ("anthropic:claude-sonnet-5-5", "ANTHROPIC_API_KEY"),
        ("google:gemini-3-pro", "GEMINI_API_KEY"),
    ],
)
def test_a_missing_key_names_the_variable_looked_for(name: str, variable: str) -> None:
    with pytest.raises(Misconfigured, match="needs an API key") as caught:
        HostedModel(name)
    assert variable in dict(caught.value.facts)["looked for"]
    assert variable in caught.value.hint


def test_a_named_variable_that_is_not_set_is_told_for_any_provider() -> None:
    with pytest.raises(Misconfigured, match="needs an API key") as caught:
        HostedModel("http://127.0.0.1:1/v1#tiny", api_key_env="OWN_KEY")
    assert "OWN_KEY" in caught.value.hint


@pytest.mark.parametrize("url", ["http://ana:pw@host/v1#m", "https://host/v1?key=pw#m"])
def test_an_address_with_a_secret_in_it_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Misconfigured, match="holds a password or a query") as caught:
        HostedModel(url)
    assert "pw" not in f"{caught.value} {caught.value.facts}"


def test_an_address_that_is_not_http_is_refused() -> None:
    with pytest.raises(Misconfigured, match="not an http"):
        HostedModel("openai-compatible:m", base_url="ftp://host/v1")


@pytest.mark.requirement("models:keys-are-never-shown")
def test_the_key_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    model = HostedModel("openai:gpt-5.5")
    assert "sk-secret" not in f"{model!r} {vars(model)}"


def test_without_the_extra_the_way_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    with pytest.raises(Misconfigured) as caught:
        HostedModel("ollama:qwen3")
    assert caught.value.hint == "pip install 'gnomon[hosted]'"


def test_opening_a_model_imports_neither_the_layer_nor_a_vendor_package() -> None:
    code = (
        "import sys; from gnomon.models.connect import open_model; open_model('ollama:qwen3');"
        "print(sorted({'pydantic_ai', 'openai', 'anthropic', 'httpx2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("provider", sorted(KEY_VARIABLES))
def test_every_provider_with_a_known_key_is_one_the_layer_knows(provider: str) -> None:
    from pydantic_ai.providers import infer_provider_class

    with contextlib.suppress(ImportError):
        infer_provider_class(provider)
