"""Which rules read code: what older ones read is not reused."""

import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files

_PACKAGE = "gnomon.context.catalog.enrich"


@cache
def rules_version() -> str:
    """Changes with the source of this package and with the release of sqlglot, by which all code is parsed.

    Nobody has to remember to raise a number: a rule that is changed in any way is a rule of another version.
    """
    sources = sorted((f.name, f.read_bytes()) for f in files(_PACKAGE).iterdir() if f.name.endswith(".py"))
    return hashlib.sha256(repr((version("sqlglot"), sources)).encode()).hexdigest()[:32]
