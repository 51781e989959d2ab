"""Conditions that a table's owner wants on every question are in the query, and are told."""

from sqlglot import exp
from sqlglot.errors import SqlglotError

from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed, worst
from gnomon.domain.catalog import TableCard


def owner_filters(case: Case) -> Finding:
    """Look for each owner's condition among those of the query, whatever its tables are called there."""
    cards = [card for ref in case.input.query.tables if (card := case.input.context.card(ref))]
    wanted = [(card, condition) for card in cards for condition in card.always_filter]
    if not wanted:
        raise NotApplicableError("no owner wants a condition on these tables")
    dialect = case.input.context.dialect
    there = {_form(part, dialect) for part in _conditions(case.statement.tree)}
    missing = [(card, c) for card, c in wanted if not _parts(c, dialect) <= there]
    applied = ", ".join(f"`{c}` of `{card.ref}`" for card, c in wanted if (card, c) not in missing)
    return worst([_missing(*m) for m in missing], passed(f"rows are left out as owners say: {applied}"))


def _missing(card: TableCard, condition: str) -> Finding:
    summary = f"the owner of `{card.ref}` wants `{condition}` on every question, and the query has it not"
    return Finding("warn", summary, f"Add `{condition}`, or say why the question is about the other rows.")


def _conditions(tree: exp.Expr) -> list[exp.Expr]:
    """What stands in WHERE and ON, part by part."""
    held = [node.this for node in tree.find_all(exp.Where)]
    held += [on for join in tree.find_all(exp.Join) if (on := join.args.get("on")) is not None]
    return [part for condition in held for part in _ands(condition)]


def _ands(condition: exp.Expr) -> list[exp.Expr]:
    bare = condition.unnest()
    return [*_ands(bare.left), *_ands(bare.right)] if isinstance(bare, exp.And) else [bare]


def _parts(condition: str, dialect: str) -> set[str]:
    try:
        tree: exp.Expr = exp.maybe_parse(condition, dialect=dialect)
    except SqlglotError:
        return {condition}
    return {_form(part, dialect) for part in _ands(tree)}


def _form(part: exp.Expr, dialect: str) -> str:
    """A condition without the names of tables, without quotes and in lower case."""
    bare = part.copy().unnest()
    for column in bare.find_all(exp.Column):
        column.set("table", None)
        column.set("db", None)
        column.this.set("quoted", False)
    return bare.sql(dialect).casefold()
