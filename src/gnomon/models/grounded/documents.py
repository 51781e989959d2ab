"""Questions about meaning, rules and procedures, answered by quoting the passage that says it.

What a company has written down is asked for in few ways (`what counts as ...`, `what is our ... policy`):
each a whole sentence with one open place. What stands there has to stand in a passage, word by word. Passages
come from the tool `search_knowledge`, so the person's rights hold and the reading is recorded. They are
quoted whole, as the tool gave them, and nothing is made of them: what they ask for is done by nobody.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gnomon.domain.answer import ReadWords
from gnomon.domain.context import Context
from gnomon.models.grounded.cues import CUES, LONGEST_CUE
from gnomon.models.grounded.words import name_words, stem
from gnomon.models.port import (
    CANNOT_ANSWER,
    Message,
    ModelRequest,
    ModelResponse,
    ToolCall,
    ToolMessage,
)
from gnomon.policy.untrusted import LINE_BREAK

SEARCH = "search_knowledge"
PASSAGES_READ = 10
"""As many as the tool gives at most: a passage that holds the words may stand behind others that are near."""

MAX_QUOTED = 3
MAX_NAMED = 5
MAX_TERM_WORDS = 10
SURE = 0.9
"""Confidence in a passage about the very thing: its heading or a sentence of it names the thing."""

MENTIONED = 0.6
"""The same where it is only mentioned."""

Kind = Literal["meaning", "thing", "rule", "way", "person"]

_TERM = r"(?P<term>[^?!;]{2,160}?)"
_RULE = (
    r"(?P<rule>polic(?:y|ies)|rules?|procedures?|process(?:es)?|guidelines?|conventions?|definitions?"
    r"|instructions?)"
)
_WHAT_IS = r"(?:what(?: is| are|'s)|which are|explain|describe|show me|quote)"
_OUR = r"(?:our|the|your|this company's|the company's)"
_ABOUT = r"(?:on|for|about|regarding|concerning|around|of|when|if|with)"
_DEFINED = r"(?:defined|calculated|computed|counted|measured|determined)"
_DEFINE = r"(?:define|calculate|compute|count|measure|determine)"
_HANDLED = r"(?:handled|treated|processed|recorded|approved|dealt with)"
_WE = r"(?:i|we|you|one|the company)"
_MAY = r"(?:do|can|could|should|must|may)"
_ASK = r"(?:ask|contact|call|tell|talk to|talk with|speak to|speak with|write to|turn to)"

_FRAMES: tuple[tuple[Kind, str], ...] = (
    ("meaning", rf"what (?:counts|qualifies) as {_TERM}"),
    ("meaning", rf"what (?:does|do) {_TERM} mean"),
    ("meaning", rf"what {_MAY} {_WE} (?:mean|understand) (?:by|with) {_TERM}"),
    ("meaning", rf"what is meant by {_TERM}"),
    ("meaning", rf"(?:{_WHAT_IS} )?(?:{_OUR} )?(?:meaning|definition) of {_TERM}"),
    ("meaning", rf"how (?:do|does|should) {_WE} {_DEFINE} {_TERM}"),
    ("meaning", rf"how (?:is|are|was|were) {_TERM} {_DEFINED}"),
    ("thing", rf"what(?: is|'s) an? {_TERM}"),
    ("rule", rf"{_WHAT_IS} {_OUR} {_TERM} {_RULE}"),
    ("rule", rf"{_WHAT_IS} {_OUR} {_RULE} {_ABOUT} {_TERM}"),
    ("rule", rf"(?:is there|are there|do we have) (?:an? |any )?{_TERM} {_RULE}"),
    ("rule", rf"(?:is there|are there|do we have) (?:an? |any )?{_RULE} {_ABOUT} {_TERM}"),
    ("rule", rf"how (?:is|are) {_TERM} {_HANDLED}"),
    ("rule", rf"what happens (?:if|when|with|to) {_TERM}"),
    ("way", rf"how {_MAY} {_WE} {_TERM}"),
    ("way", rf"how to {_TERM}"),
    ("way", rf"what {_MAY} {_WE} do (?:if|when|with|about) {_TERM}"),
    ("person", rf"whom? {_MAY} {_WE} {_ASK} {_ABOUT} {_TERM}"),
    ("person", rf"whom? to {_ASK} {_ABOUT} {_TERM}"),
    ("person", rf"who (?:knows|decides|can tell me) (?:about|on) {_TERM}"),
)
_OPENING = r"(?:please,? |so,? |and,? )?(?:(?:can|could) you )?(?:please )?(?:tell me,? )?"
_READ = tuple((kind, re.compile(_OPENING + frame, re.IGNORECASE)) for kind, frame in _FRAMES)

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
_ARTICLE = re.compile(r"^(?:an?|the|our) ", re.IGNORECASE)
_LISTED = re.compile(r"[,;|]|\band\b|\bor\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_ITEM = re.compile(r"[-*+•|] |\d{1,3}[.)] ")
"""How a line of a list or of a table begins."""

_LEAD = re.compile(r"[\s>*_#•+|«\"“-]*(?:\d{1,3}[.)]\s+)?(?:(?:an?|the|our)\s+)?[*_\"“]*", re.IGNORECASE)
_SAYS = re.compile(
    r"[*_\"”»]*\s*(?::|[-–—=|]\s|\(|(?:(?:always|only)\s+)?"
    r"(?:is|are|means?|counts?|refers?|includes?|excludes?|describes?|stands?)\b)",
    re.IGNORECASE,
)
_DEFINES = re.compile(
    r":|\b(?:is|are|means?|counts?|call(?:ed)?|defined?|refers?|includes?|excludes?)\b", re.I
)
_INSTRUCTS = re.compile(
    r"\b(?:must|should|can|may|please|needs?|has to|have to|ask|write|use|send|fill|go|via|through)\b",
    re.I,
)
_NAMES_SOMEBODY = re.compile(
    r"@|\b(?:ask|contact|owners?|owns|owned|responsible|in charge|maintains|talk to|write to|call)\b", re.I
)

_FILL_WORDS = """
a an the our we us i my me you your is are be of in on for to at with it its this that
"""
_FILL = frozenset(_FILL_WORDS.split())
"""Words of a term that tell nothing apart."""

_ASKING = frozenset({"what", "which", "who", "whom", "whose", "how", "why", "where", "many", "much"})
"""A term that holds one of these is a second question."""

_FIGURES = frozenset({"count", "agg", "superlative", "common", "share", "time_group", "distinct"})
"""Kinds of steering words that ask for a figure."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What a question wants to know of documents.

    Args:
        what: What it asks about, as written.
        words: The stems of the words that tell it apart, in their order, without the rule's; never empty.
        rule: The stem of the word for what is asked of it, for example of `policy`; empty but for rules.
    """

    kind: Kind
    what: str
    words: tuple[str, ...]
    rule: str = ""

    @property
    def needed(self) -> frozenset[str]:
        """Every stem that has to stand in a passage."""
        return frozenset(filter(None, (*self.words, self.rule)))


@dataclass(frozen=True, slots=True)
class _Found:
    """A passage that holds the words, as the tool gave it.

    Args:
        about: Whether it is about them, and does not only mention them.
    """

    passage: Mapping[str, Any]
    about: bool

    @property
    def source(self) -> str:
        return str(self.passage["document"])

    @property
    def written(self) -> str:
        return str(self.passage.get("written", ""))


def sought_in_documents(question: str, context: Context) -> Sought | None:
    """What the question asks that documents may say; None if it is no such question.

    >>> from datetime import datetime
    >>> here = Context("duckdb", datetime(2026, 1, 1))
    >>> sought_in_documents("What is our refund policy?", here).what
    'refund policy'
    >>> sought_in_documents("How many refunds were there?", here)
    """
    text = " ".join(question.replace("’", "'").split()).rstrip(" ?.!")
    matches = ((kind, frame.fullmatch(text)) for kind, frame in _READ)
    first = next(((kind, match) for kind, match in matches if match is not None), None)
    sought = _sought(*first) if first is not None else None
    return sought if sought is not None and not _is_data(sought, context) else None


def _sought(kind: Kind, match: re.Match[str]) -> Sought | None:
    said = [w.lower() for w in _WORD.findall(_POSSESSIVE.sub("", match["term"]))]
    words = tuple(dict.fromkeys(stem(w) for w in said if w not in _FILL))
    if not words or len(said) > MAX_TERM_WORDS or _ASKING & set(said):
        return None
    groups = [group for group in match.groupdict() if match[group]]
    what = match.string[min(map(match.start, groups)) : max(map(match.end, groups))]
    rule = stem(match["rule"]) if "rule" in groups else ""
    return Sought(kind, _ARTICLE.sub("", what.strip(" ,:`\"'")), words, rule)


def _is_data(sought: Sought, context: Context) -> bool:
    """Whether it may ask for a figure, or for what tables hold: the policies of an insurer are rows."""
    if sought.rule and sought.rule in _names(context):
        return True
    return sought.kind not in ("meaning", "person") and _asks_for_figure(sought.what)


def _asks_for_figure(what: str) -> bool:
    """`what is an average order worth`, `how do I rank stores by total revenue`."""
    said = [w.lower() for w in _WORD.findall(what)]
    spans = (tuple(said[i : i + n]) for i in range(len(said)) for n in range(1, LONGEST_CUE + 1))
    return any(CUES[span].kind in _FIGURES for span in spans if span in CUES)


def _names(context: Context) -> frozenset[str]:
    """The stems of the words that tables and columns are called by."""
    tables = [*(c.ref for c in context.cards), *context.others]
    columns = (column.name for card in context.cards for column in card.columns)
    return frozenset(stem(w) for name in (*(t.name for t in tables), *columns) for w in name_words(name))


def from_documents(sought: Sought, request: ModelRequest, otherwise: ModelResponse) -> ModelResponse:
    """Search, then quote; what is said otherwise where no passage holds what is asked about.

    Args:
        otherwise: No answer: a question back, a reading that is too unsure, or why there is none.
    """
    if not any(tool.name == SEARCH for tool in request.tools):
        return otherwise
    result = _result(request.messages)
    if result is None:
        call = ToolCall("documents-1", SEARCH, {"query": sought.what, "limit": PASSAGES_READ})
        return ModelResponse("", (call,), confidence=otherwise.confidence)
    found = _holding(sought, () if result.failed else result.content.get("passages", ()))
    return _quote(sought, found) if found else _nothing(sought, result, otherwise)


def _result(messages: Iterable[Message]) -> ToolMessage | None:
    return next((m for m in messages if isinstance(m, ToolMessage) and m.tool == SEARCH), None)


def _holding(sought: Sought, passages: Iterable[Mapping[str, Any]]) -> tuple[_Found, ...]:
    """The passages that hold the words: those about the thing first, then the newest; undated ones last.

    A text that stands in several documents counts once, as the newest has it.
    """
    found = (_look(sought, passage) for passage in passages)
    ranked = sorted(filter(None, found), key=lambda f: (f.about, f.written), reverse=True)
    once = {f.passage["text"]: f for f in reversed(ranked)}
    return tuple(f for f in ranked if once[f.passage["text"]] is f)


def _look(sought: Sought, passage: Mapping[str, Any]) -> _Found | None:
    """Whether every word stands in the heading, or in one sentence and the headings above it."""
    text, levels = str(passage["text"]), _levels(passage)
    if sought.kind == "person" and not passage.get("author") and not _NAMES_SOMEBODY.search(text):
        return None
    if _named_by(" ".join(levels), sought.words):
        return _Found(passage, about=True)
    needed = sought.needed
    above = [stems for stems in map(_stems, levels) if stems <= needed]
    missing = needed.difference(*above)
    holding = [s for s in _sentences(text) if missing <= (held := _stems(s)) and held & needed]
    if sought.kind == "way":
        holding = [s for s in holding if _INSTRUCTS.search(s)]
    if not holding:
        return None
    return _Found(passage, about=any(_is_about(s, sought) for s in holding))


def _sentences(text: str) -> list[str]:
    """The sentences of a passage; one ends with its paragraph, item of a list or row of a table, too."""
    parts = [""]
    for line in map(str.strip, text.split(LINE_BREAK.strip())):
        if not line or _ITEM.match(line):
            parts.append("")
        parts[-1] += f" {line}"
    return [s for part in parts for s in _SENTENCE_END.split(part.strip())]


def _levels(passage: Mapping[str, Any]) -> list[str]:
    """The title and the headings, each once, the topmost first."""
    under = _bare(str(passage.get("under", "")))
    return list(dict.fromkeys([_bare(str(passage.get("title", ""))), *filter(None, under.split(" > "))]))


def _named_by(title: str, words: tuple[str, ...]) -> bool:
    """Whether a title holds the words side by side: `Active customers, members` names no active member."""
    for part in _LISTED.split(title):
        said = [stem(w) for w in _WORD.findall(part) if w.lower() not in _FILL]
        if any(tuple(said[i : i + len(words)]) == words for i in range(len(said))):
            return True
    return False


def _is_about(sentence: str, sought: Sought) -> bool:
    """Whether the sentence says something of the thing; else it only mentions it."""
    needed = sought.needed
    if len(needed) > 1:
        return sought.kind not in ("meaning", "thing") or bool(_DEFINES.search(sentence))
    lead = _LEAD.match(sentence)
    rest = sentence[lead.end() :] if lead else sentence
    first = _WORD.match(rest)
    return bool(first and stem(first.group()) in needed and _SAYS.match(rest, first.end()))


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(w) for w in _WORD.findall(text) if w.lower() not in _FILL)


def _quote(sought: Sought, found: Sequence[_Found]) -> ModelResponse:
    about = [f for f in found if f.about] or list(found)
    shown = about[:MAX_QUOTED]
    said = [_introduction(sought, about), *(f"{_text(f)}\n{_origin(f)}" for f in shown)]
    more = list(dict.fromkeys(f.source for f in found if f not in shown))
    if more:
        others = " and others" if len(more) > MAX_NAMED else ""
        said.append(f"Its words stand in further passages of {', '.join(more[:MAX_NAMED])}{others}.")
    return ModelResponse(
        "\n\n".join(said),
        confidence=SURE if about[0].about else MENTIONED,
        reasoning=f"Quoted from documents that hold every word of `{sought.what}`; nothing is computed.",
        reading=(ReadWords(sought.what, "looked up in documents"),),
    )


def _introduction(sought: Sought, found: Sequence[_Found]) -> str:
    if not found[0].about:
        return f"No document is about `{sought.what}`, but its words stand here:"
    if len(found) == 1:
        return f"Written down about `{sought.what}`:"
    return (
        f"Several passages speak of `{sought.what}`, the newest first. "
        "Where they differ, only those who wrote them can say which one holds."
    )


def _text(found: _Found) -> str:
    return str(found.passage["text"]).replace(LINE_BREAK, "\n")


def _origin(found: _Found) -> str:
    """Where a passage is from, in a line: title and headings, author, day, document."""
    author = found.passage.get("author")
    by = f"by {author}" if author else "no author noted"
    return f"(«{' > '.join(_levels(found.passage))}»; {by}; {found.written or 'undated'}; {found.source})"


def _bare(quotation: str) -> str:
    return quotation.removeprefix("«").removesuffix("»")


def _nothing(sought: Sought, result: ToolMessage, otherwise: ModelResponse) -> ModelResponse:
    """What is said otherwise; a reason for not answering also says that documents were looked at."""
    if not otherwise.text.startswith(CANNOT_ANSWER):
        return otherwise
    if result.failed:
        looked = f"The documents could not be searched: {result.content.get('error', 'no reason given')}."
    else:
        looked = f"No document that you may read speaks of `{sought.what}`."
    return ModelResponse(f"{otherwise.text} {looked}", confidence=0.0, unplaced=otherwise.unplaced)
