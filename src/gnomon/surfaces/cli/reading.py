"""How a question was read and what the confidence comes from, as the lines that `--explain` adds."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from gnomon.domain.answer import Answer, Clarification, ConfidencePart, ReadWords
from gnomon.surfaces.cli.cells import fit, neutralise, pad, wrap
from gnomon.surfaces.cli.face import Face

_INDENT = "  "
_NOT_UNDERSTOOD = "not understood"
_WIDEST_WORDS = 30


def reading_lines(answer: Answer, face: Face) -> list[Text]:
    """The question's words, each with what it was read as; words without a place are marked."""
    words = (*answer.reading, *(ReadWords(word, "") for word in _without_place(answer)))
    if not words:
        return []
    shown = [neutralise(w.words) for w in words]
    width = min(max(map(cell_len, ("words", *shown))), _WIDEST_WORDS, (face.width - 5) // 3)
    lines = [line for one, text in zip(words, shown, strict=True) for line in _words(one, text, width, face)]
    longest = max(line.cell_len for line in lines)
    return [_row("  ", "words", "read as", width, face, "bold"), _rule(width, longest, face), *lines]


def offered_lines(asked: Clarification, face: Face) -> list[Text]:
    """The readings that were offered, with the one that was taken."""
    lines = _hanging(_INDENT, asked.question, face)
    for number, option in enumerate(asked.options, 1):
        taken = " (taken)" if option == asked.chosen else ""
        start = f"{_INDENT}{number}. "
        lines += _hanging(start, option + taken, face, "bold" if taken else "")
    return lines


def confidence_lines(parts: Sequence[ConfidencePart], face: Face) -> list[Text]:
    """What the confidence is the product of, a factor a line."""
    lines = []
    for position, part in enumerate(parts):
        sign = " " if position == 0 else face.glyph("times")
        lines += _hanging(f"{_INDENT}{sign} {part.factor:.2f}  ", part.name, face)
    return lines


def _without_place(answer: Answer) -> Iterator[str]:
    placed = {w.words for w in answer.reading}
    return (word for word in answer.unplaced if word not in placed)


def _words(one: ReadWords, text: str, width: int, face: Face) -> list[Text]:
    sure = "" if one.certainty is None else f" ({one.certainty:.2f})"
    mark, style = ("  ", "") if one.role else (f"{face.glyph('warn')} ", "yellow")
    room = face.width - width - len(_INDENT) - len(" | ")
    first, *rest = wrap((one.role or _NOT_UNDERSTOOD) + sure, room)
    lines = [_row(mark, text, first, width, face, style)]
    return [*lines, *(_row("  ", "", line, width, face, style) for line in rest)]


def _row(mark: str, words: str, role: str, width: int, face: Face, style: str) -> Text:
    line = Text(mark + pad(fit(words, width, face), width), style=style)
    line.append(f" {face.glyph('bar')} ", style="dim")
    return line.append(role)


def _rule(width: int, longest: int, face: Face) -> Text:
    rule = face.glyph("rule")
    start = _INDENT + rule * width + f"{rule}{face.glyph('cross')}{rule}"
    return Text(start + rule * (longest - len(start)), style="dim")


def _hanging(start: str, text: str, face: Face, style: str = "") -> list[Text]:
    indent = cell_len(start)
    lines = wrap(text, face.width - indent)
    return [Text((start if i == 0 else " " * indent) + line, style=style) for i, line in enumerate(lines)]
