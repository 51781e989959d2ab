"""What a credential may be limited to: the effects of tools, and two rights beside them."""

from collections.abc import Iterable

from gnomon.domain.errors import Retry

EFFECTS = frozenset({"read", "compute", "ask", "remember", "write"})
"""Effects of tools, which is all that an agent, loop or job can be given."""

SCOPES = EFFECTS | {"history", "admin"}
"""`history`: read stored answers. `admin`: change who may do what, for example make tokens."""

DEFAULT_SCOPES = frozenset({"read", "compute", "ask"})
"""What a token of ours may do where nobody said: ask questions, and nothing else."""


def checked_scopes(names: Iterable[str]) -> frozenset[str]:
    """The names as a set.

    Raises:
        Retry: A name is no scope.
    """
    found = frozenset(names)
    unknown = sorted(found - SCOPES)
    if unknown:
        raise Retry(f"`{unknown[0]}` is not a scope", hint=f"scopes are {', '.join(sorted(SCOPES))}")
    return found
