"""Open a model by its name."""

from pathlib import Path
from typing import Any

from gnomon.domain.errors import Misconfigured
from gnomon.models.calibration import UNCALIBRATED, Calibration
from gnomon.models.port import Model

_HOSTED_OPTIONS = ("base_url", "api_key_env", "timeout_s", "deadline_s", "retry_budget_s")


def open_model(name: str, **options: Any) -> Model:
    """The model of that name. Nothing slow is imported, and no request is made, before it is used.

    Args:
        name: `grounded`, `scripted:PATH` (a tape file), or a hosted model: `openai:gpt-5.5`,
            `anthropic:...`, `google:...`, `ollama:...`, `openai-compatible:http://HOST:PORT/v1#MODEL`.
        options: For `grounded` `least`, as `GroundedModel` takes it; for hosted models `base_url`,
            `api_key_env`, `timeout_s`, `deadline_s` and `retry_budget_s`, as `HostedModel` takes them; for a
            tape `strict`.

    Raises:
        Misconfigured: The name names no model, an option does not fit it, a key or a package is missing.
    """
    given = {key: value for key, value in options.items() if value is not None}
    if name == "grounded":
        _only(name, given, ("least",))
        from gnomon.models.grounded import GroundedModel

        return GroundedModel(**given)
    if name.startswith("scripted:"):
        _only(name, given, ("strict",))
        from gnomon.models.scripted import ScriptedModel

        return ScriptedModel.load(Path(name.removeprefix("scripted:")).expanduser(), **given)
    _only(name, given, _HOSTED_OPTIONS)
    from gnomon.models.hosted import HostedModel

    return HostedModel(name, **given)


def calibration_of(name: str) -> Calibration:
    """What the confidence of the model of that name is worth."""
    if name != "grounded":
        return UNCALIBRATED
    from gnomon.models.grounded.calibrated import CALIBRATION

    return CALIBRATION


def _only(name: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
    unknown = sorted(given.keys() - set(known))
    if unknown:
        raise Misconfigured(
            f"model `{name}` takes no option {', '.join(f'`{option}`' for option in unknown)}",
            facts=(("options", ", ".join(known) or "none"),),
        )
