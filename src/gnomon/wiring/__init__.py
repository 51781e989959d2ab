"""The one place that names concrete classes and puts them together."""

from gnomon.wiring.gnomon import Gnomon, open_gnomon, require_rights, warehouse_address
from gnomon.wiring.kept import (
    brief_in_use,
    brief_store,
    open_knowledge,
    recorded_writes,
    run_store,
    scratch_store,
    sweep_scratch,
    workflow_versions,
)
from gnomon.wiring.people import (
    identity_config,
    is_operator,
    policy_folder,
    principal_of,
    require_operator,
    role_of,
)

__all__ = [
    "Gnomon",
    "brief_in_use",
    "brief_store",
    "identity_config",
    "is_operator",
    "open_gnomon",
    "open_knowledge",
    "policy_folder",
    "principal_of",
    "recorded_writes",
    "require_operator",
    "require_rights",
    "role_of",
    "run_store",
    "scratch_store",
    "sweep_scratch",
    "warehouse_address",
    "workflow_versions",
]
