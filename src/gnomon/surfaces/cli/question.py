"""A question's text as a person typed or piped it, checked before anything else happens."""

import sys
import unicodedata
from collections.abc import Sequence

from gnomon.surfaces.cli.errors import Usage

MAX_CHARACTERS = 4_000
_ASK_EXAMPLE = 'write it like this: gnomon ask "how many orders were there last month"'


def read_question(words: Sequence[str]) -> str:
    """The question; `-` alone reads it from stdin.

    Raises:
        Usage: It is empty, too long, not text, or holds control characters.
    """
    return check_question(_from_stdin() if list(words) == ["-"] else " ".join(words))


def check_question(text: str) -> str:
    """The question in NFC with single spaces, or a `Usage` error that says what is wrong."""
    if len(text) > MAX_CHARACTERS:
        raise Usage(
            "the question is too long",
            facts=(("length", f"{len(text):,} characters"), ("limit", f"{MAX_CHARACTERS:,} characters")),
            hint="ask in a few sentences; data belongs in the warehouse",
        )
    spaced = unicodedata.normalize("NFC", " ".join(text.split(" ")).replace("\n", " ").replace("\t", " "))
    for position, char in enumerate(spaced):
        if unicodedata.category(char) in ("Cc", "Cs"):
            raise Usage(
                "the question holds a control character",
                facts=(("character", f"U+{ord(char):04X} at position {position + 1}"),),
                hint="take it out and ask again",
            )
    spaced = " ".join(spaced.split())
    if not spaced:
        raise Usage("the question is empty", hint=_ASK_EXAMPLE)
    return spaced


def _from_stdin() -> str:
    # One byte more than the longest question in UTF-8, so that a huge pipe is never held in memory.
    raw = sys.stdin.buffer.read(MAX_CHARACTERS * 4 + 1)
    if len(raw) > MAX_CHARACTERS * 4:
        raise Usage(
            "the question is too long",
            facts=(("limit", f"{MAX_CHARACTERS:,} characters"),),
            hint="ask in a few sentences; data belongs in the warehouse",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Usage(
            "the question on stdin is not UTF-8 text", facts=(("reason", str(error)),), hint=_ASK_EXAMPLE
        ) from error
