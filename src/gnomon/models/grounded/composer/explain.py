"""Roles in words, for whoever wants to see how a question was read."""

from collections.abc import Mapping

from gnomon.models.grounded.composer.slots import Option, Question

AGGREGATES = {
    "min": "lowest",
    "max": "highest",
    "avg": "average",
    "sum": "total",
    "count": "different values of",
}
WAYS = {"desc": "highest first", "asc": "lowest first"}


def explained(question: Question, roles: Mapping[int, Option]) -> tuple[tuple[str, str], ...]:
    """Each item that says something, with what it says."""
    return tuple((question.items[at].text, _phrase(question, at, roles[at])) for at in sorted(roles))


def _phrase(question: Question, at: int, option: Option) -> str:
    role, _, tail = option.role.partition(":")
    name = str(option.ref or option.table or "")
    if option.value is not None:
        sign = {"without": "none with", "contains": "contains", "<>": "is not", "=": "="}[option.role]
        return f"{option.value.column} {sign} '{option.value.value}'"
    if option.column is not None:
        return f"{name} {tail} {question.items[at].text}" if tail else f"{name} within it"
    way, _, aggregate = tail.partition(":")
    phrases = {
        "show": f"show {AGGREGATES.get(tail, '')} {name}".replace("  ", " "),
        "use": f"rows of {name}",
        "count": f"number of rows of {name}",
        "label": f"names of {name}",
        "group": f"for each {name}",
        "absent": f"none of {name}",
        "order": f"sorted by {AGGREGATES.get(aggregate, '')} {name}, {WAYS.get(way, '')}".replace("  ", " "),
        "top": f"ranked by {AGGREGATES.get(aggregate, '')} {name}, {WAYS.get(way, '')}".replace("  ", " "),
        "most": f"each {name}, by how many rows it has, {WAYS.get(way, '')}",
        "where": f"column {name}",
        "having": f"{AGGREGATES.get(tail, 'number of rows of')} {name} is compared"
        if option.link
        else f"compared: {tail}",
        "limit": "how many are wanted",
        "above_avg": f"{name} above its average",
        "below_avg": f"{name} below its average",
        "null": f"{name} is missing",
        "known": f"{name} is known",
        "true": f"{name} is true",
        "false": f"{name} is false",
    }
    return phrases.get(role, role)
