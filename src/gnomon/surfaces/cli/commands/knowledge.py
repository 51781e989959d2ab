"""`gnomon knowledge`: what the company has written down."""

from typing import Annotated

import typer

from gnomon.surfaces.cli.options import JsonOption

app = typer.Typer(
    name="knowledge",
    help="Index documents, wikis and chats, and look things up in them.",
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("index", short_help="Bring the index of the documents up to date.")
def index(
    full: Annotated[bool, typer.Option("--full", help="Start over instead of adding changes.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if anything could not be read.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read the documents that `context.documents` names; only what changed is embedded again.

    \b
    Examples:
      gnomon knowledge index
      gnomon knowledge index --strict --json
      gnomon knowledge index --full
    """
    from gnomon.context.knowledge.sources.connect import open_knowledge_sources
    from gnomon.domain.errors import Failed
    from gnomon.surfaces.cli.documents import opened_knowledge, report_json, report_lines, shown_progress
    from gnomon.surfaces.cli.rights import operators_only
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    terminal, settings = Terminal(), read_settings()
    operators_only(settings)
    sources = open_knowledge_sources(settings.context.documents, settings.base_dir)
    if not sources:
        terminal.say("no documents are configured; name them in gnomon.toml under [context] documents")
    with opened_knowledge(settings, full=full) as (base, _), shown_progress(terminal) as progress:
        report = base.index(sources, progress)
    if as_json:
        terminal.json(report_json(report))
    else:
        terminal.page(report_lines(report, terminal.face))
    if strict and report.problems:
        count = len(report.problems)
        raise Failed(
            f"{count} problem{'' if count == 1 else 's'} with documents; all the rest is indexed",
            hint="mend them, or run without `--strict`",
        )


@app.command("search", short_help="Find passages.")
def search(
    words: Annotated[str, typer.Argument(help="What to look for.", metavar="WORDS")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=50, help="Passages to show.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Find passages by meaning and by their words, in the documents that you may read.

    Nothing is listed where nothing has to do with the words.

    \b
    Examples:
      gnomon knowledge search "what counts as an active customer"
      gnomon knowledge search refunds -n 3 --json | jq -r '.[].document.id'
    """
    from gnomon.context.knowledge.retriever import near
    from gnomon.surfaces.cli.documents import Asking, found_lines, opened_knowledge, passage_json
    from gnomon.surfaces.cli.question import check_question
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    terminal, settings = Terminal(), read_settings()
    check_question(words)
    asking = Asking.of(settings)
    with opened_knowledge(settings) as (base, embedder):
        found = near(base.search(words, embedder.embed([words])[0], asking.reader(), limit), words)
    if found:
        asking.record(found)
    if as_json:
        terminal.json([passage_json(p) for p in found])
    elif found:
        terminal.page(found_lines(found, terminal.face))
    else:
        terminal.say("nothing relevant was found in the documents that you may read")


@app.command("list", short_help="List documents.")
def list_documents(as_json: JsonOption = False) -> None:
    """List the documents that you may read.

    \b
    Examples:
      gnomon knowledge list
      gnomon knowledge list --json | jq -r '.[].title'
    """
    from gnomon.surfaces.cli.documents import Asking, card_json, card_line, opened_knowledge
    from gnomon.surfaces.cli.listing import print_listing
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    terminal, settings = Terminal(), read_settings()
    asking = Asking.of(settings)
    with opened_knowledge(settings) as (base, _):
        cards = base.documents(asking.reader())
    if as_json:
        terminal.json([card_json(card) for card in cards])
    elif cards:
        print_listing([card_line(card) for card in cards], terminal, ("document",))
    else:
        terminal.say("there is no document that you may read; `gnomon knowledge index` reads them in")


@app.command("show", short_help="Open a document.")
def show(
    document: Annotated[str, typer.Argument(metavar="ID", help="The document's id, as `list` shows it.")],
    as_json: JsonOption = False,
) -> None:
    """Show a document that you may read, passage by passage.

    \b
    Examples:
      gnomon knowledge show markdown:handbook:refunds.md
      gnomon knowledge show markdown:handbook:refunds.md --json
    """
    from gnomon.surfaces.cli.documents import Asking, document_lines, opened_knowledge, passage_json
    from gnomon.surfaces.cli.errors import Usage
    from gnomon.surfaces.cli.session import read_settings
    from gnomon.surfaces.cli.terminal import Terminal

    terminal, settings = Terminal(), read_settings()
    asking = Asking.of(settings)
    with opened_knowledge(settings) as (base, _):
        passages = base.get(document, asking.reader())
    if not passages:
        # The same words whether it is not there or not theirs to read.
        raise Usage(
            f"there is no document `{document}` that you may read", hint="see `gnomon knowledge list`"
        )
    asking.record(passages)
    if as_json:
        terminal.json([passage_json(p) for p in passages])
    else:
        terminal.page(document_lines(passages, terminal.face))
