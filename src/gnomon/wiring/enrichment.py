"""The model that words what is known of tables, as the settings name it."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.domain.errors import Misconfigured
from gnomon.domain.query import Dialect
from gnomon.settings import Settings
from gnomon.warehouses.port import Progress

if TYPE_CHECKING:
    from gnomon.context.catalog.enrich.evidence import TableInput
    from gnomon.context.catalog.enrich.refine import Refined
    from gnomon.context.catalog.gather import Refine


def refiner(settings: Settings, index_path: Path, dialect: Dialect) -> "Refine | None":
    """What has a model word the cards within the settings' budget; None where no model is named.

    Raises:
        Misconfigured: The model named writes queries alone.
    """
    said = settings.enrichment
    if not said.model:
        return None
    if said.model == "grounded":
        raise Misconfigured(
            "`grounded` writes queries, no descriptions",
            facts=(("setting", "model in [enrichment]"),),
            hint="name a language model, or leave it empty: what code tells is read without one",
        )

    def refine(tables: "Sequence[TableInput]", progress: Progress) -> "Refined":
        from gnomon.context.catalog.enrich.refine import RefineBudget
        from gnomon.context.catalog.enrich.refine import refine as run
        from gnomon.context.catalog.enrich.sidecar import RefinementStore
        from gnomon.models.connect import open_model

        model = open_model(said.model, **settings.model_options())
        budget = RefineBudget(said.max_cost_usd, said.max_tokens, said.max_s)
        with RefinementStore(index_path.with_name(index_path.name + ".refined")) as store:
            return run(
                tables, model, store, budget, partial(progress, "have a model word it"), dialect=dialect
            )

    return refine
