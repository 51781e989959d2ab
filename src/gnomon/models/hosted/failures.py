"""What went wrong in one attempt, who acts next, and whether another attempt is worth it."""

from collections.abc import Mapping

from pydantic_ai import exceptions as layer

from gnomon.domain.errors import Failed, GnomonError, Misconfigured
from gnomon.models.hosted.names import Target, unknown_model
from gnomon.models.hosted.retries import MAX_ATTEMPTS, Trouble

_OVERFLOW_TYPES = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_LONGEST_QUOTE = 400


class BrokenStream(Exception):
    """The response ended before the provider said that it is complete."""


def to_trouble(error: Exception, target: Target) -> Trouble:
    """Sort an exception of the layer into a trouble; anything unforeseen is raised again as it is."""
    if isinstance(error, layer.ModelAPIError):
        return _api_trouble(error, target)
    if isinstance(error, BrokenStream):
        return _broken_stream(target, "the stream ended before the response was complete")
    if isinstance(error, layer.ContentFilterError):
        return Trouble("filtered", _failed(target, "refused to answer", "content filter", "rephrase it"))
    if isinstance(error, layer.UnexpectedModelBehavior):
        said = _quote(error.message, target)
        return Trouble("garbled", _failed(target, "sent a response that cannot be read", said), attempts=2)
    if isinstance(error, layer.UserError):
        return Trouble("refused", _not_possible(target, error))
    raise error


def _api_trouble(error: layer.ModelAPIError, target: Target) -> Trouble:
    said = _quote(_said(error), target)
    if isinstance(error, layer.ModelAuthenticationError):
        return Trouble("auth", _bad_key(target))
    if _overflows(error):
        return Trouble("overflow", _too_long(target, said))
    if isinstance(error, layer.ModelQuotaExceededError):
        return Trouble("quota", _operator(target, "has no quota left", said, "add credit with the provider"))
    if isinstance(error, layer.ModelNotFoundError):
        return Trouble("unknown", _no_such_model(error, target, said))
    if isinstance(error, layer.ModelRequestRejectedError):
        return Trouble("rejected", _failed(target, "rejected the request", said))
    return _passing_trouble(error, target, said)


def _passing_trouble(error: layer.ModelAPIError, target: Target, said: str) -> Trouble:
    """Troubles that another attempt may not meet again."""
    wait_s = error.retry_after
    if isinstance(error, layer.ModelRateLimitError):
        failed = _failed(target, "limits the rate of requests", said, "wait, or raise the limit")
        return Trouble("rate", failed, attempts=MAX_ATTEMPTS, retry_after_s=wait_s)
    if isinstance(error, layer.ModelUnavailableError | layer.ModelServerError):
        failed = _failed(target, "is failing", said, "try again later, or use another model")
        return Trouble("server", failed, attempts=4, retry_after_s=wait_s)
    if isinstance(error, layer.ModelTimeoutError | layer.ModelRequestTimeout):
        failed = _failed(target, "did not answer in time", said, "raise the model's `timeout_s`")
        return Trouble("timeout", failed, attempts=2)
    if isinstance(error, layer.ModelConnectionError) and error.phase in ("connect", "pool"):
        failed = _failed(target, "cannot be reached", said, "check the address and that the server runs")
        return Trouble("connect", failed, attempts=2)
    if isinstance(error, layer.ModelHTTPError) and not error.in_stream:
        return Trouble("http", _failed(target, f"answered with HTTP {error.status_code}", said))
    return _broken_stream(target, said)


def _overflows(error: layer.ModelAPIError) -> bool:
    codes = {error.provider_error_code, error.provider_error_type}
    return isinstance(error, layer.ModelContextWindowExceededError) or bool(codes & _OVERFLOW_TYPES)


def _failed(target: Target, what: str, said: str, hint: str = "") -> Failed:
    return Failed(f"model `{target.model_id}` {what}", facts=(("said", said),) if said else (), hint=hint)


def _operator(target: Target, what: str, said: str, hint: str) -> Misconfigured:
    return Misconfigured(f"model `{target.model_id}` {what}", facts=(("said", said),), hint=hint)


def _broken_stream(target: Target, said: str) -> Trouble:
    error = _failed(target, "broke off in the middle of its response", said, "ask again")
    return Trouble("broken", error, attempts=2)


def _too_long(target: Target, said: str) -> Failed:
    hint = "shrink the context: fewer tables, shorter tool results, or a model with a larger window"
    return _failed(target, "cannot take that much text: the context must shrink", said, hint)


def _bad_key(target: Target) -> Misconfigured:
    """The provider's words are left out: some repeat parts of the key."""
    looked = " or ".join(target.key_variables)
    if not target.api_key():
        where = f"environment variable {looked}, not set" if looked else "no environment variable"
        hint = f"set {looked}" if looked else "name the key's environment variable with `api_key_env`"
    else:
        where, hint = f"environment variable {looked}", f"set {looked} to a key that may use this model"
    return Misconfigured(
        f"model `{target.model_id}` does not accept the API key",
        facts=(("looked for", where),),
        hint=hint,
    )


def _no_such_model(error: layer.ModelAPIError, target: Target, said: str) -> GnomonError:
    suggested = error.suggested_model_id if isinstance(error, layer.ModelHTTPError) else None
    hint = f"did you mean `{suggested}`?" if suggested else "check the model's name and the address"
    return _operator(target, "is not known to the provider", said, hint)


def _not_possible(target: Target, error: layer.UserError) -> Misconfigured:
    return unknown_model(target.model_id, _quote(error.message, target))


def _said(error: layer.ModelAPIError) -> str:
    """The provider's own sentence where the body has one, else the layer's."""
    body = error.body
    for _ in range(2):
        if isinstance(body, Mapping) and isinstance(body.get("message"), str):
            return str(body["message"])
        body = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(body, str) and body:
        return body
    return f"HTTP {error.status_code}" if isinstance(error, layer.ModelHTTPError) else error.message


def _quote(text: str, target: Target) -> str:
    """At most a few lines of what was said, without the key."""
    key = target.api_key()
    if key:
        text = text.replace(key, "[key]")
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}..."
