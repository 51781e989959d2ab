"""The door of every warehouse: nothing but an authorized query of its own dialect comes in."""

from gnomon.domain.query import AuthorizedQuery, Dialect


def admit(query: object, dialect: Dialect) -> AuthorizedQuery:
    """Return `query` if it is an `AuthorizedQuery` of `dialect`.

    The type checker says the same; this holds for callers that are not type-checked.

    Raises:
        TypeError: If it is anything else.
    """
    if not isinstance(query, AuthorizedQuery):
        raise TypeError(f"a warehouse runs an AuthorizedQuery, got {type(query).__name__}")
    if query.dialect != dialect:
        raise TypeError(f"this warehouse speaks {dialect}, the query is {query.dialect}")
    return query
