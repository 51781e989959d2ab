"""Find a table or column that a model named, or say what it may have meant."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from gnomon.domain.catalog import Catalog, Column, TableSchema
from gnomon.domain.errors import Refused, Retry


def find_table(
    catalog: Catalog, name: str, kept: Callable[[str, str], Refused | None] = lambda name, schema: None
) -> TableSchema:
    """The table of that name, with or without schema.

    Args:
        kept: What to say of a table that is kept from the person; None to know of none.

    Raises:
        Retry: There is none; the hint names the nearest.
        Refused: It is kept from the person, who may know that it exists.
    """
    plain = name.replace('"', "")
    schema, _, last = plain.rpartition(".")
    found = catalog.find(last, schema) or catalog.find(plain)
    refusal = kept(last, schema) if found is None else None
    if refusal is not None:
        raise refusal
    if found is None:
        raise Retry(
            f"there is no table `{name}`",
            hint=did_you_mean(plain, catalog.names()) or "take a table of the catalog",
        )
    return found


def find_column(table: TableSchema, name: str) -> Column:
    """The column of that name.

    Raises:
        Retry: There is none; the hint names the nearest.
    """
    found = table.column(name.replace('"', ""))
    if found is None:
        hint = did_you_mean(name, (c.name for c in table.columns))
        raise Retry(f"the table `{table.ref}` has no column `{name}`", hint=hint)
    return found


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A suggestion of at most three near names; empty if nothing is near."""
    folded = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(f'`{folded[n]}`' for n in near)}?" if near else ""
