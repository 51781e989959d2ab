"""Read every source once, and put what they say beside the tables of the warehouse."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain

from gnomon.context.catalog.counts import SourceCounter
from gnomon.context.catalog.enrich.evidence import TableInput
from gnomon.context.catalog.enrich.extract import Extracted, code_of_views, extract
from gnomon.context.catalog.enrich.kept import KeptStatements
from gnomon.context.catalog.enrich.refine import Refined
from gnomon.context.catalog.enrich.version import rules_version
from gnomon.context.catalog.facts import Fact, Gathered, Item, PastQuery, PipelineCode, Problem
from gnomon.context.catalog.layers import Layers
from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.said import facts_by_table
from gnomon.context.catalog.sources.port import Source
from gnomon.context.catalog.told import ToldOf
from gnomon.context.catalog.usage.collector import Usage, UsageCollector
from gnomon.domain.catalog import Catalog, TableRef
from gnomon.warehouses.port import Progress

Refine = Callable[[Sequence[TableInput], Progress], Refined]
"""Has a model word what is known of tables, within a budget."""


def gather(
    sources: Sequence[Source],
    catalog: Catalog,
    dialect: str,
    now: datetime,
    progress: Progress,
    refine: Refine | None = None,
    kept: KeptStatements | None = None,
) -> Layers:
    """Read the sources, judge past queries, and draw from pipeline code what it tells.

    Args:
        dialect: The warehouse's, for statements whose source names none.
        now: What a query's age is counted from.
        refine: Has a model word what is known, popular tables first; None for no model.
        kept: What statements of code told before; None reads all of them.

    Raises:
        Misconfigured: A source's place is missing or of another kind.
    """
    names = Names(t.ref for t in catalog.tables)
    counters = [SourceCounter(source.name, names) for source in sources]
    found, usage = _read(sources, counters, UsageCollector(catalog, names, dialect, now), progress)
    code = [*code_of_views(catalog), *found.code]
    reading = partial(progress, "read pipeline code")
    drawn = extract(code, catalog, names, dialect, reading, claims=found.keys, kept=kept)
    told, problems = _told(found, drawn, usage, catalog, names)
    waiting = 0
    if refine is not None:
        refined = refine(_inputs(told.facts(), code, catalog, names, usage.popularity), progress)
        worded, _ = facts_by_table(refined.facts, catalog, names)
        told.add_last(worded)
        waiting = refined.report.waiting
    return Layers(
        said=told,
        trusted=usage.trusted,
        keys=(*found.keys, *drawn.keys),
        joins=(*found.joins, *usage.joins),
        problems=(*found.problems, *drawn.problems, *usage.problems, *problems),
        waiting=waiting,
        counts=tuple(counter.result() for counter in counters),
    )


def _told(
    found: Gathered, drawn: Extracted, usage: Usage, catalog: Catalog, names: Names
) -> tuple[ToldOf, list[Problem]]:
    """Everything that is told, by table, and what does not fit the warehouse."""
    told = ToldOf(catalog, names, rules_version())
    elsewhere = (one for one in drawn.statements if names.find(one.table) is None)
    together = dict.fromkeys((*(f for one in elsewhere for f in one.facts), *drawn.related))
    every = chain(found.facts, together, usage.filters_always)
    facts, problems = facts_by_table(every, catalog, names)
    told.add_facts(facts, last={id(fact) for fact in chain(together, usage.filters_always)})
    told.add_code(drawn.statements)
    told.add_edges(found.lineage)
    told.add_usage(usage.tables, usage.popularity)
    return told, problems


def _inputs(
    facts: Mapping[TableRef, Sequence[Fact]],
    code: Iterable[PipelineCode],
    catalog: Catalog,
    names: Names,
    popularity: Mapping[TableRef, float],
) -> list[TableInput]:
    """What is known of each table that code makes or somebody describes, the most popular first."""
    made: dict[TableRef, list[PipelineCode]] = defaultdict(list)
    for statement in code:
        ref = names.find(statement.table)
        if ref is not None:
            made[ref].append(statement)
    known = [t for t in catalog.tables if t.ref in made or t.ref in facts]
    known.sort(key=lambda t: -popularity.get(t.ref, 0.0))
    return [
        TableInput(
            str(t.ref),
            tuple(c.name for c in t.columns),
            tuple(facts.get(t.ref, ())),
            tuple(made.get(t.ref, ())),
        )
        for t in known
    ]


def _read(
    sources: Sequence[Source],
    counters: Sequence[SourceCounter],
    collector: UsageCollector,
    progress: Progress,
) -> tuple[Gathered, Usage]:
    """Every item, past queries straight into the collector: a log may be larger than the memory."""
    found = Gathered()
    for i, (source, counter) in enumerate(zip(sources, counters, strict=True)):
        progress("read sources", i, len(sources))
        empty = True
        for item in _named(source):
            empty = False
            counter.add(item)
            if isinstance(item, PastQuery):
                collector.add(item)
            else:
                found.add(item)
        if empty:
            found.add(Problem(source.name, "nothing was found there; is it the right kind and place?"))
    for dashboard in found.dashboards:
        collector.add_dashboard(dashboard)
    progress("read sources", len(sources), len(sources))
    return found, collector.finish()


def _named(source: Source) -> Iterator[Item]:
    """The source's items; a problem says which source it is of."""
    for item in source.read():
        yield Problem(f"{source.name} {item.place}", item.message) if isinstance(item, Problem) else item
