"""Exports of dashboard tools: which questions people put to which tables, and what they call things."""

from gnomon.context.catalog.sources.dashboards.lightdash import open_lightdash
from gnomon.context.catalog.sources.dashboards.metabase import open_metabase
from gnomon.context.catalog.sources.dashboards.superset import open_superset

__all__ = ["open_lightdash", "open_metabase", "open_superset"]
