"""What a question's words are tagged as, worked out once however many readers ask for it."""

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from gnomon.domain.context import Context
from gnomon.models.grounded.coded import values_of
from gnomon.models.grounded.fillers import pass_over
from gnomon.models.grounded.flag_phrases import name_flags
from gnomon.models.grounded.linking import Lexicon, build_lexicon
from gnomon.models.grounded.numbered import number_names
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item, tag


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A question over that very context: comparing contexts word by word would take longer than tagging."""

    text: str
    context: Context
    today: date

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Asked):
            return NotImplemented
        return (self.text, self.today) == (other.text, other.today) and self.context is other.context

    def __hash__(self) -> int:
        return hash((self.text, self.today, id(self.context)))


def hear(text: str, context: Context, today: date) -> tuple[Lexicon, list[Item]]:
    """The names of the context, and the items of the question: the caller's own, to give roles to.

    Raises:
        NotRead: Something in the question stops every reader.
    """
    lexicon, items = _tagged(_Asked(text, context, today))
    return lexicon, [replace(item) for item in items]


@lru_cache(maxsize=4)
def _tagged(asked: _Asked) -> tuple[Lexicon, tuple[Item, ...]]:
    lexicon = build_lexicon(asked.context)
    values = values_of(asked.text, asked.context)
    items = tag(asked.text, lexicon, values, asked.today)
    schema = Schema(asked.context, "")
    pass_over(items, schema)
    name_flags(items, schema)
    return lexicon, tuple(number_names(items, asked.context))
