"""What every system that runs pipelines can be asked."""

from collections.abc import Sequence
from typing import Protocol

from gnomon.domain.pipeline import PipelineRun


class Orchestrator(Protocol):
    """dbt, Airflow, Spark: whatever knows of runs."""

    @property
    def name(self) -> str:
        """What it is called in an answer."""
        ...

    def last_runs(self, names: Sequence[str]) -> tuple[PipelineRun, ...]:
        """The last run of each job that fills the table of these names; none if it knows of none.

        Args:
            names: The table's address, then other names that jobs may have, the most exact first.

        Raises:
            Failed: It cannot be reached, or answers with something else.
            Misconfigured: Its address or token cannot be used.
        """
        ...
