"""The systems that run pipelines, as the settings name them."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.settings import Settings

if TYPE_CHECKING:
    from gnomon.context.runtime.port import Orchestrator


def orchestrators(settings: Settings) -> "tuple[Orchestrator, ...]":
    """dbt, Airflow and Spark, as far as they are set. A token is read when its system is asked.

    Raises:
        Misconfigured: An address cannot be used.
    """
    said, found = settings.pipelines, list["Orchestrator"]()
    if said.dbt_target:
        from gnomon.context.runtime.dbt import DbtTarget

        found.append(DbtTarget(settings.base_dir / Path(said.dbt_target).expanduser()))
    if said.airflow_url:
        from gnomon.context.runtime.airflow import Airflow
        from gnomon.context.runtime.api import JsonApi

        token = partial(_token, said.airflow_token) if said.airflow_token else None
        found.append(Airflow(JsonApi("Airflow", said.airflow_url, "airflow_url in [pipelines]", token)))
    if said.spark_history_url:
        from gnomon.context.runtime.api import JsonApi
        from gnomon.context.runtime.spark import SparkHistory

        api = JsonApi("Spark's history", said.spark_history_url, "spark_history_url in [pipelines]")
        found.append(SparkHistory(api))
    return tuple(found)


def _token(reference: str) -> str:
    from gnomon.identity.secrets import resolve

    return resolve(reference).reveal()
