"""What every source of knowledge about tables can do."""

from collections.abc import Iterator
from typing import Protocol

from gnomon.context.catalog.facts import Item


class Source(Protocol):
    """One configured source: a dbt target, a query log, a folder of annotations.

    A file or entry that cannot be read becomes a `Problem` with its line, and reading goes on. Nothing that a
    file holds makes `read` raise, and no file is held in memory whole if it can be large.
    """

    @property
    def name(self) -> str:
        """Kind and place as configured, for example `dbt:../shop/target`."""
        ...

    def fingerprint(self) -> str:
        """Changes if and only if what `read` yields may have changed.

        Raises:
            Misconfigured: The place does not exist or is of another kind than the source reads.
        """
        ...

    def read(self) -> Iterator[Item]:
        """Everything the source tells, in a stable order.

        Raises:
            Misconfigured: The place does not exist or is of another kind than the source reads.
        """
        ...
