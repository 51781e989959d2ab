"""The foundation lint run for one person, and its findings shown."""

import dataclasses
import difflib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from gnomon.context.catalog.facts import Problem
from gnomon.context.catalog.lint.finding import Finding
from gnomon.context.catalog.lint.rules import RULES_BY_ID
from gnomon.context.catalog.lint.run import lint
from gnomon.context.catalog.sources.annotations.reader import Annotations
from gnomon.surfaces.cli.annotating import every_table, said_in, shown_to
from gnomon.surfaces.cli.cells import wrap
from gnomon.surfaces.cli.errors import Usage
from gnomon.surfaces.cli.face import Face

if TYPE_CHECKING:
    from gnomon.context.catalog.governed import GovernedIndex
    from gnomon.settings import Settings
    from gnomon.wiring import Gnomon

STYLES = {"error": "bold red", "warning": "bold yellow", "note": "bold"}
_MARGIN = 9


def known_rules(ids: Sequence[str]) -> tuple[str, ...]:
    """The ids, each of them a rule.

    Raises:
        Usage: One is not.
    """
    for rule in ids:
        if rule not in RULES_BY_ID:
            near = difflib.get_close_matches(rule, RULES_BY_ID, 1, 0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"rules are {', '.join(RULES_BY_ID)}"
            raise Usage(f"`{rule}` is not a rule", hint=hint)
    return tuple(ids)


def findings_for(gnomon: "Gnomon", rules: Sequence[str]) -> tuple[Finding, ...]:
    """What is to mend in the tables that exist for the person who runs this process.

    Somebody who does not see everything is told nothing of files and problems that are of no table of theirs.
    """
    governed, settings = gnomon.governed(), gnomon.settings
    complete = governed.access.sees_all
    said = _placed(said_in(settings, gnomon.warehouse.dialect), settings)
    problems: Sequence[tuple[str, str]] = ()
    if complete:
        problems = [p for p in gnomon.index.problems() if not _is_of(p[0], said, settings)]
    else:
        said = _shown(said, gnomon, governed)
    return lint(
        governed.cards(),
        problems,
        settings.now().date(),
        said,
        complete=complete,
        dialect=gnomon.warehouse.dialect,
        rules=rules,
    )


def _shown(said: Annotations, gnomon: "Gnomon", governed: "GovernedIndex") -> Annotations:
    """What is said of the person's tables, without what names something hidden."""
    names, cards = every_table(gnomon), {card.ref: card for card in governed.cards()}
    meant = ((entry, names.find(entry.table)) for entry in said.entries)
    return Annotations(tuple(shown_to(e, cards[ref], governed) for e, ref in meant if ref in cards))


def finding_lines(findings: Sequence[Finding], face: Face) -> Iterator[Text]:
    """Each finding with how to mend it, where, and whom it concerns."""
    for finding in findings:
        whole = ".".join(part for part in (finding.table, finding.column) if part)
        message = f"{f'{whole}: ' if whole else ''}{finding.message} [{finding.rule}]"
        first, *rest = wrap(message, face.width - _MARGIN)
        yield Text.assemble((f"{finding.severity:<{_MARGIN}}", STYLES[finding.severity]), first)
        details = [f"mend: {finding.mend}"]
        details += [f"at: {finding.place}"] if finding.place else []
        details += [f"used by: {_used(finding)}"] if finding.users or finding.queries else []
        for line in rest:
            yield Text(" " * _MARGIN + line)
        for detail in details:
            for line in wrap(detail, face.width - _MARGIN):
                yield Text(" " * _MARGIN + line, style="dim")


def _used(finding: Finding) -> str:
    people = f"{finding.users:,} {'person' if finding.users == 1 else 'people'}"
    return f"{people}, {finding.queries:,} {'query' if finding.queries == 1 else 'queries'}"


def _placed(said: Annotations, settings: "Settings") -> Annotations:
    """What is said, its files named relative to the folder of gnomon.toml, so that code hosts find them."""
    folder = os.path.relpath(settings.annotations_dir, settings.base_dir).replace(os.sep, "/")
    entries = tuple(dataclasses.replace(e, file=f"{folder}/{e.file}") for e in said.entries)
    return Annotations(entries, tuple(Problem(f"{folder}/{p.place}", p.message) for p in said.problems))


def _is_of(place: str, said: Annotations, settings: "Settings") -> bool:
    """Whether a problem of the index is of an annotation: these are read anew, as the files are now."""
    if place.startswith(f"annotations:{settings.context.annotations} "):
        return True
    file = place.rpartition(":")[0]
    return any(e.file.endswith(f"/{file}") for e in said.entries) if file else False
