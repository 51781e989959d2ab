"""Counts in words: a count with its noun in the right number."""


def many(count: int, thing: str, things: str = "") -> str:
    """The count with its noun; `things` is the plural where `thing` takes no plain `s`.

    >>> many(1, "row"), many(1_200, "row"), many(2, "query", "queries")
    ('1 row', '1,200 rows', '2 queries')
    """
    return f"{count:,} {thing if count == 1 else things or f'{thing}s'}"
