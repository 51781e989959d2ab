"""Numbers in a text that a given source does not contain."""

import re

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def untraced_numbers(text: str, source: str) -> tuple[str, ...]:
    """Numbers of `text`, in order, whose value occurs nowhere in `source`. Separators do not matter."""
    known = {_value(n) for n in NUMBER.findall(source)}
    return tuple(n for n in NUMBER.findall(text) if _value(n) not in known)


def _value(number: str) -> float:
    return float(number.replace(",", ""))
