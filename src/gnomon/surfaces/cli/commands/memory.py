"""`gnomon memory`: what is remembered of corrections, for whom, and until when."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from gnomon.domain.memory import UNUSED_DAYS
from gnomon.surfaces.cli.errors import Usage
from gnomon.surfaces.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gnomon.context.memory.compare import Likeness
    from gnomon.context.memory.disputes import Decision
    from gnomon.context.memory.review import Findings
    from gnomon.domain.memory import Memory
    from gnomon.surfaces.cli.memories import MemoryDesk, Said
    from gnomon.surfaces.cli.terminal import Terminal

app = typer.Typer(
    name="memory",
    help="List, add, change and review what is remembered of corrections.",
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_STATUSES = ("proposed", "active", "retired", "rejected")
_SCOPES = ("user", "channel", "global")
_ACTS = {"confirm": "confirmed", "reject": "rejected", "retire": "retired"}

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `gnomon memory list` shows it.")]
TableOption = Annotated[
    list[str] | None,
    typer.Option("--table", "-t", metavar="TABLE", help="A table it depends on; repeat it."),
]
MeansOption = Annotated[
    list[str] | None,
    typer.Option(
        "--means", metavar="WORDS=TARGET", help="Words of a question and the column meant; repeat it."
    ),
]
ReasonOption = Annotated[str | None, typer.Option("--reason", "-r", metavar="TEXT", help="Why.")]
ExpiresOption = Annotated[
    str | None, typer.Option("--expires", metavar="TIME", help="How long it holds: 12h, 90d or 8w.")
]
QuestionOption = Annotated[
    str | None, typer.Option("--question", metavar="TEXT", help="A question whose query is corrected.")
]
SqlOption = Annotated[str | None, typer.Option("--sql", metavar="SQL", help="The query that answers it.")]

ReplaceOption = Annotated[
    list[str] | None,
    typer.Option("--replace", metavar="ID", help="Retire this one, which it contradicts; repeat it."),
]
KeepBothOption = Annotated[
    bool, typer.Option("--keep-both", help="Keep it beside what it contradicts; the newer one is applied.")
]


@app.command("list", short_help="List what is remembered.")
def list_memories(
    status: Annotated[
        list[str] | None,
        typer.Option(
            "--status", "-s", help="proposed, active, retired or rejected; repeat it. Default: first two."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List your memories and those for everybody; what its tables outgrew is retired on the way.

    \b
    Examples:
      gnomon memory list
      gnomon memory list --status retired --json | jq -r '.[].retired_because'
    """
    from gnomon.surfaces.cli.listing import print_listing
    from gnomon.surfaces.cli.memories import memory_line, memory_values, opened_memories
    from gnomon.surfaces.cli.terminal import Terminal

    wanted = [_one_of(s, _STATUSES, "status") for s in status or _STATUSES[:2]]
    terminal = Terminal()
    with opened_memories(terminal) as desk:
        desk.retire_drifted()
        found = desk.visible(wanted)  # type: ignore[arg-type]
        beside = desk.kept_beside(found)
    if as_json:
        terminal.json([memory_values(m, desk.now, beside.get(m.id, ())) for m in found])
    elif found:
        print_listing([memory_line(m, desk.now) for m in found], terminal, ("memory",))
    else:
        terminal.say("nothing is remembered; add something with: gnomon memory add TEXT")


@app.command("show", short_help="Show one memory and its versions.")
def show(memory_id: IdArgument, as_json: JsonOption = False) -> None:
    """Show a memory in full, with who changed what and when, and what it is kept beside.

    \b
    Examples:
      gnomon memory show m1f2e3d4c
      gnomon memory show m1f2e3d4c --json | jq '.versions | length'
    """
    from gnomon.surfaces.cli.memories import memory_values, opened_memories
    from gnomon.surfaces.cli.terminal import Terminal

    terminal = Terminal()
    with opened_memories(terminal) as desk:
        memory = desk.find(memory_id)
        versions = [
            {"version": v.version, "at": v.at.isoformat(timespec="seconds"), "by": v.by, "change": v.change,
             "text": v.memory.text}
            for v in desk.book.store.versions(desk.tenant, memory_id)
        ]  # fmt: skip
        applied = desk.book.store.last_applied(desk.tenant, [memory_id]).get(memory_id)
        beside = desk.kept_beside([memory]).get(memory_id, ())
    values = memory_values(memory, desk.now, beside)
    values["last_applied_at"] = applied.isoformat(timespec="seconds") if applied else None
    if as_json:
        terminal.json({**values, "versions": versions})
        return
    values["tables"] = ", ".join(values["tables"])
    values["means"] = "; ".join(f"{words} = {target}" for words, target in memory.means)
    values["kept_beside"] = "; ".join(f"{b['memory']}, by {b['by']}, {b['at']}" for b in beside)
    for name, value in values.items():
        if value:
            terminal.foreign(f"{name.replace('_', ' ')}: {' '.join(str(value).split())}")
    for v in versions:
        terminal.foreign(
            f"version {v['version']}: {v['change']} by {v['by'] or 'gnomon'}, {v['at']}: {v['text']}"
        )


@app.command("add", short_help="Remember something.")
def add(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to remember, in a sentence.")],
    scope: Annotated[
        str, typer.Option("--scope", metavar="SCOPE", help="For whom: user (you), channel or global.")
    ] = "user",
    channel: Annotated[
        str,
        typer.Option(
            "--channel", metavar="ID", help="The channel, for the scope channel.", show_default=False
        ),
    ] = "",
    reason: ReasonOption = None,
    table: TableOption = None,
    means: MeansOption = None,
    question: QuestionOption = None,
    sql: SqlOption = None,
    answer: Annotated[
        str | None, typer.Option("--answer", metavar="ANSWER", help="The answer that it corrects.")
    ] = None,
    expires: ExpiresOption = None,
    replace: ReplaceOption = None,
    keep_both: KeepBothOption = False,
    as_json: JsonOption = False,
) -> None:
    """Remember something for later questions. For everybody it holds once another operator confirms it.

    Where it contradicts another memory for the same people, say which one holds: --replace or --keep-both;
    at a terminal you are asked. What is kept side by side is not listed by `review` until one changes.

    \b
    Examples:
      gnomon memory add "Revenue means net of refunds" --means "revenue=orders.net_amount"
      gnomon memory add "Weeks begin on Monday" --scope global --reason "finance calendar" --expires 90d
    """
    from gnomon.context.memory import changes
    from gnomon.context.memory.wish import Wish, drawn_up
    from gnomon.surfaces.cli.memories import decision_on, life, meanings, opened_memories
    from gnomon.surfaces.cli.terminal import Terminal

    kind, meant, terminal = _one_of(scope, _SCOPES, "scope"), meanings(means or ()), Terminal()
    with opened_memories(terminal) as desk:
        desk.require_grant()
        wish = Wish(
            text=text,
            reason=reason or "",
            scope=kind,  # type: ignore[arg-type]
            channel=channel,
            tables=tuple(table or ()),
            means=meant,
            question=question or "",
            sql=sql or "",
            answer_id=_answer(desk, answer),
            expires_at=life(expires, desk.now),
        )
        memory = drawn_up(wish, desk.reader.access, desk.book.warehouse, desk.now)
        alike = desk.book.alike(memory, desk.reader)
        decision = decision_on(memory, alike, desk, _said(replace, keep_both, as_json))
        # Whether somebody speaks in a channel cannot be told here, so only an operator's word is enough.
        yes = kind == "user" or desk.actor.operator
        kept = changes.add(desk.book.store, memory, desk.actor, desk.record, yes=yes, decision=decision)
        _tell(kept, alike, decision, desk, as_json)


@app.command("edit", short_help="Change a memory, or bring it back.")
def edit(
    memory_id: IdArgument,
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="What to remember.")] = None,
    reason: ReasonOption = None,
    table: TableOption = None,
    means: MeansOption = None,
    question: QuestionOption = None,
    sql: SqlOption = None,
    expires: ExpiresOption = None,
    replace: ReplaceOption = None,
    keep_both: KeepBothOption = False,
    as_json: JsonOption = False,
) -> None:
    """Change what a memory says; what is not given stays, and the old version can still be read.

    You become its author. A retired or rejected memory comes back this way; one for everybody waits for
    another operator again. What it contradicts is to be replaced or kept, as with `add`; where nothing else
    is given, only that is decided.

    \b
    Examples:
      gnomon memory edit m1f2e3d4c --text "Revenue means net of refunds and tax"
      gnomon memory edit m1f2e3d4c --keep-both
    """
    import dataclasses

    from gnomon.context.memory import changes
    from gnomon.context.memory.wish import Wish, drawn_up
    from gnomon.surfaces.cli.memories import decision_on, life, meanings, opened_memories
    from gnomon.surfaces.cli.terminal import Terminal

    meant, terminal = meanings(means or ()), Terminal()
    with opened_memories(terminal) as desk:
        desk.require_grant()
        before = desk.find(memory_id)
        still = before.expires_at if not before.expired(desk.now) else None
        wish = Wish(
            text=text or before.text,
            reason=before.reason if reason is None else reason,
            scope=before.scope,
            channel=before.place,
            tables=tuple(table) if table else _tables_left(before, desk),
            means=meant or before.means,
            question=question or before.question,
            sql=sql or before.sql,
            answer_id=before.answer_id,
            expires_at=life(expires, desk.now) or still,
        )
        drawn = drawn_up(wish, desk.reader.access, desk.book.warehouse, desk.now)
        after = dataclasses.replace(drawn, id=before.id)
        alike = desk.book.alike(after, desk.reader)
        decision = decision_on(after, alike, desk, _said(replace, keep_both, as_json))
        store, now = desk.book.store, desk.now
        kept = changes.edit(store, before, after, desk.actor, now, desk.record, decision)
        _tell(kept, alike, decision, desk, as_json)


@app.command("retire", short_help="End a memory.")
def retire(memory_id: IdArgument, reason: ReasonOption = None, as_json: JsonOption = False) -> None:
    """End a memory: it is kept to be read, and applied no more.

    \b
    Examples:
      gnomon memory retire m1f2e3d4c --reason "the column is gone"
    """
    from gnomon.context.memory import changes
    from gnomon.context.memory.wish import REASON_CHARS, one_line
    from gnomon.surfaces.cli.memories import memory_values, opened_memories
    from gnomon.surfaces.cli.terminal import Terminal

    why = one_line(reason, REASON_CHARS, "reason") if reason else "a person ended it"
    terminal = Terminal()
    with opened_memories(terminal) as desk:
        memory = desk.find(memory_id)
        ended = changes.retire(desk.book.store, memory, desk.actor, desk.now, desk.record, why=why)
    if as_json:
        terminal.json(memory_values(ended, desk.now))
    else:
        terminal.say(f"retired {ended.id}: {ended.retired_because}")


@app.command("review", short_help="Decide about proposals; tidy up.")
def review(
    confirm: Annotated[
        list[str] | None, typer.Option("--confirm", metavar="ID", help="Let a proposal hold; repeat it.")
    ] = None,
    reject: Annotated[
        list[str] | None, typer.Option("--reject", metavar="ID", help="Turn a proposal down; repeat it.")
    ] = None,
    replace: ReplaceOption = None,
    keep_both: KeepBothOption = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Retire what drifted, expired or was not applied for long.")
    ] = False,
    unused_days: Annotated[
        int, typer.Option("--unused-days", min=1, help="Days without use after which a memory is unused.")
    ] = UNUSED_DAYS,
    as_json: JsonOption = False,
) -> None:
    """List memories that want a decision, and take it.

    Listed are proposals, duplicates, contradictions, and what drifted, expired or is of no use. Memories for
    everybody are confirmed by an operator who is not their author. What a confirmed one contradicts is to be
    replaced or kept, as with `add`; what is kept side by side is listed again once one of the two changes.

    \b
    Examples:
      gnomon memory review
      gnomon memory review --confirm m1f2e3d4c --reject m5a6b7c8d
      gnomon memory review --confirm m1f2e3d4c --keep-both
      gnomon memory review --prune --unused-days 180 --json
    """
    from gnomon.context.memory.review import find
    from gnomon.context.memory.review import prune as prune_found
    from gnomon.surfaces.cli.memories import findings_values, memory_values, opened_memories, settle
    from gnomon.surfaces.cli.terminal import Terminal

    _require_one_meaning(confirm or [], reject or [], replace or [], keep_both)
    terminal = Terminal()
    with opened_memories(terminal) as desk:
        catalog = desk.gnomon.index.catalog()
        settled = settle(confirm or (), reject or (), desk, _said(replace, keep_both, as_json))
        done = {told: [c.after for c in settled if c.act == act] for act, told in _ACTS.items()}
        if prune:
            own = find(desk.book, desk.own(desk.visible(())), catalog, desk.now, unused_days)
            done["retired"] += prune_found(desk.book, own, unused_days, desk.actor, desk.now, desk.record)
        left = find(desk.book, desk.visible(("proposed", "active")), catalog, desk.now, unused_days)
        beside = desk.kept_beside(done["confirmed"])
    if as_json:
        told = {
            what: [memory_values(m, desk.now, beside.get(m.id, ())) for m in some]
            for what, some in done.items()
        }
        terminal.json({**told, **findings_values(left, desk.now)})
        return
    _tell_review(done, [(c.after, other) for c in settled for other in c.beside], left, terminal)


def _require_one_meaning(confirm: list[str], reject: list[str], replace: list[str], keep_both: bool) -> None:
    """Refuse a call that says two things of one memory, or leaves open which one takes a place."""
    twice = next((i for i, times in Counter([*confirm, *reject, *replace]).items() if times > 1), None)
    if twice is not None:
        raise Usage(f"`{twice}` is named twice", hint="say one thing of each memory")
    if replace and len(confirm) != 1:
        raise Usage("`--replace` goes with one `--confirm`", hint="confirm the others in a call of their own")
    if keep_both and not confirm:
        raise Usage(
            "`--keep-both` goes with `--confirm`",
            hint="to keep one that holds beside what it contradicts: gnomon memory edit ID --keep-both",
        )


def _said(replace: list[str] | None, keep_both: bool, as_json: bool) -> "Said":
    """What the command line says of contradicted memories; a person at a terminal can be asked the rest."""
    from gnomon.surfaces.cli.memories import Said
    from gnomon.surfaces.cli.terminal import interactive

    return Said(tuple(replace or ()), keep_both, ask=not as_json and interactive())


def _tell_review(
    done: "dict[str, list[Memory]]",
    kept: "Sequence[tuple[Memory, Memory]]",
    left: "Findings",
    terminal: "Terminal",
) -> None:
    from gnomon.surfaces.cli.listing import print_listing
    from gnomon.surfaces.cli.memories import findings_lines

    for what, memories in done.items():
        for memory in memories:
            because = f": {memory.retired_because}" if memory.retired_because else ""
            terminal.say(f"{what} {memory.id}{because}")
    for memory, other in kept:
        terminal.say(f"kept {memory.id} beside {other.id} «{other.text}»")
    lines = findings_lines(left)
    if lines:
        print_listing(lines, terminal, ("memory", "do"))
    else:
        terminal.say("nothing wants a decision")
    if left.contradictions:
        terminal.say("to keep both of a contradiction: gnomon memory edit ID --keep-both")


def _tell(
    memory: "Memory",
    alike: "tuple[Likeness, ...]",
    decision: "Decision",
    desk: "MemoryDesk",
    as_json: bool,
) -> None:
    from gnomon.context.memory.disputes import UNDECIDED
    from gnomon.surfaces.cli.memories import likeness_values, memory_values

    terminal, waits = desk.terminal, memory.status != "active"
    ended = () if waits else decision.replaced
    if as_json:
        values = memory_values(memory, desk.now, desk.kept_beside([memory]).get(memory.id, ()))
        told = {"alike": [likeness_values(a) for a in alike], "replaced": [m.id for m in ended]}
        terminal.json({**values, **told})
        return
    terminal.foreign(memory.id)
    if waits:
        who = "another operator" if memory.scope == "global" else "an operator"
        terminal.say(f"it holds once {who} confirms it: gnomon memory review --confirm {memory.id}")
    else:
        terminal.say("it holds from the next question on")
    if waits and decision != UNDECIDED:
        terminal.say("whoever confirms it decides about what it contradicts")
    gone = {m.id for m in ended}
    for old in ended:
        terminal.say(f"it takes the place of {old.id} «{old.text}»")
    for a in (a for a in alike if a.other.id not in gone):
        word = "contradicts" if a.relation == "contradiction" else "says the same as"
        terminal.say(f"it {word} {a.other.id} «{a.other.text}»: {a.why}", "yellow")


def _one_of(given: str, allowed: tuple[str, ...], what: str) -> str:
    if given not in allowed:
        raise Usage(f"`{given}` is no {what}", hint=f"take one of: {', '.join(allowed)}")
    return given


def _answer(desk: "MemoryDesk", given: str | None) -> str:
    """The id of the person's own stored answer that was named."""
    if given is None:
        return ""
    principal = desk.gnomon.principal
    return desk.gnomon.state.load_answer(given, principal=principal, rows=False).id


def _tables_left(memory: "Memory", desk: "MemoryDesk") -> tuple[str, ...]:
    """The tables that a memory named and that are still there."""
    return tuple(str(ref) for ref in memory.refs if desk.reader.access.exact(ref) is not None)
