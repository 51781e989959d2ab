"""Find the phrase of a question that asks about the row that a row refers to, and cut it out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gnomon.models.grounded.cues import Cue
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.kin_forms import FORMS, FormName
from gnomon.models.grounded.kin_words import Mark, SelfLink, marks, noun_item, parted
from gnomon.models.grounded.tagging import Item


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of a question that fits a form."""

    link: SelfLink
    form: FormName
    match: re.Match[str]
    items: list[Item]
    marks: list[Mark]

    def at(self, *groups: str) -> list[int]:
        """Positions of the items of groups, in order; of the entire phrase without any."""
        spans = [self.match.span(g) for g in groups] or [self.match.span()]
        found = dict.fromkeys(
            mark.at
            for (start, end), mark in zip(_offsets(self.marks), self.marks, strict=True)
            if any(low <= start and end <= high for low, high in spans)
        )
        return list(found)

    def said(self, group: str) -> str:
        """What stands in a group; empty if it is none of this form, or not there."""
        return self.match.groupdict().get(group) or ""

    def item(self, group: str) -> Item:
        """The last item of a group."""
        return self.items[self.at(group)[-1]]

    @property
    def text(self) -> str:
        """The words of the phrase."""
        return " ".join(self.items[i].text for i in self.at())

    def is_whole(self) -> bool:
        """Whether no item is cut by its ends, and nothing before it is about the link as well."""
        inside = set(self.at())
        outside = {
            mark.at
            for (start, end), mark in zip(_offsets(self.marks), self.marks, strict=True)
            if not (self.match.start() <= start and end <= self.match.end())
        }
        before = [m.sign for m in self.marks if m.at in outside]
        return not inside & outside and not set(before) & set("TRDAPW")

    def take(self, draft: Draft) -> None:
        """Make one item of the phrase, beside its noun and what restricts that."""
        noun = self.at("noun")
        kept = noun + (self.at("rest") if self.said("rest") else [])
        inside = self.at()
        closing = [i for i in inside if self.items[i].text in ("?", ".", "!")]
        dropped = [i for i in inside if i not in (*kept, *closing)]
        words = " ".join(self.items[i].text for i in dropped)
        whole = Item("cue", words, cue=Cue("fill"), role=f"rows that {self.link.ref} refers to")
        named = noun_item(" ".join(self.items[i].text for i in noun), self.link.table)
        rest = [self.items[i] for i in kept if i not in noun]
        before, after = self.items[: inside[0]], self.items[inside[-1] + 1 :]
        phrase = [whole, named, *rest] if dropped[-1] < noun[0] else [named, *rest, whole]
        draft.items[:] = [*before, *phrase, *(self.items[i] for i in closing), *after]


def _offsets(found: Sequence[Mark]) -> list[tuple[int, int]]:
    offsets, start = [], 0
    for mark in found:
        offsets.append((start, start + len(mark.sign)))
        start += len(mark.sign) + 1
    return offsets


def find_phrase(draft: Draft, link: SelfLink) -> Phrase | None:
    """The phrase of a question that is about a link; None if there is none, or words are left beside it."""
    items = parted(draft.items, link)
    found = marks(items, link, draft.schema)
    text = " ".join(m.sign for m in found)
    for form, pattern in FORMS:
        match = pattern.search(text)
        if match is not None:
            phrase = Phrase(link, form, match, items, found)
            if phrase.is_whole():
                return phrase
    return None
