"""Whether what an orchestrator names is a table: its relation, or the job that fills it.

Taking the job of a look-alike for the table's own gives a wrong verdict, and finding no job gives none: where
a name may mean two tables it means neither.
"""

import re

from gnomon.search.tokens import split_identifier

MAX_NAME = 300
"""Characters of a job's name that are looked at and shown."""

_DEFAULT_SCHEMAS = frozenset({"main", "public", "dbo", "default"})
_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T_ ]\d{2}[:\d.]*Z?)?|(?<!\d)\d{8,}(?!\d)")
_WORDS_OF_JOBS = """
app application batch build builder builds compute create daily dag elt etl fill for hourly import imports
ingest ingestion into job jobs load loader loading loads make materialize monthly nightly of pipeline process
prod production refresh run runs spark sync table task tasks the to transform update updates weekly
"""
_JOB_WORDS = frozenset(_WORDS_OF_JOBS.split())


def is_relation(path: str, address: str) -> bool:
    """Whether a relation, of parts with dots or slashes between, is the table of that address.

    The address of a table in the default schema has no schema: its relation then stands alone, or in a schema
    that engines have by default.

    >>> is_relation("shop/marts/orders", "marts.orders"), is_relation("raw.orders", "orders")
    (True, False)
    """
    path, address = path.casefold().strip("/").replace("/", "."), address.casefold()
    if path == address:
        return True
    if not path.endswith(f".{address}"):
        return False
    schema = path.removesuffix(f".{address}").rpartition(".")[2]
    return "." in address or schema in _DEFAULT_SCHEMAS


def is_job(job: str, name: str) -> bool:
    """Whether a job's name, without words of what jobs do and without dates, is that name.

    >>> is_job("load-orders daily 2026-11-20", "orders"), is_job("load_stg_orders", "orders")
    (True, False)
    """
    wanted = _words(name)
    left = [w for w in _words(_STAMP.sub(" ", job[:MAX_NAME])) if w in wanted or w not in _JOB_WORDS]
    return bool(wanted) and left == wanted


def _words(name: str) -> list[str]:
    return [word.casefold() for word in split_identifier(name)]
