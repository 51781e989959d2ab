"""Audit records as events of the Open Cybersecurity Schema Framework.

Source: OCSF schema 1.1.0, classes Authentication (3002), Entity Management (3004), API Activity (6003) and
Datastore Activity (6005).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gnomon import __version__
from gnomon.store.audit import AuditRecord
from gnomon.store.audit_search import question_of

SCHEMA_VERSION = "1.1.0"
OTHER = 99
_INFORMATIONAL, _MEDIUM = 1, 3
_UNKNOWN, _SUCCESS, _FAILURE = 0, 1, 2
_CLASSES = {
    3002: "Authentication",
    3004: "Entity Management",
    6003: "API Activity",
    6005: "Datastore Activity",
}
_CATEGORIES = {3: "Identity & Access Management", 6: "Application Activity"}
_CHANGES = {
    "create": (1, "Create"),
    "update": (3, "Update"),
    "delete": (4, "Delete"),
    "revoke": (4, "Delete"),
}


@dataclass(frozen=True, slots=True)
class _Mapping:
    """Class and activity of a kind."""

    class_uid: int
    activity_id: int
    activity_name: str


KINDS: Mapping[str, _Mapping] = {
    "question": _Mapping(6003, OTHER, "Ask"),
    "decision": _Mapping(6003, OTHER, "Decide"),
    "query": _Mapping(6005, 4, "Query"),
    "explain": _Mapping(6005, OTHER, "Explain"),
    "profile": _Mapping(6005, 1, "Read"),
    "result": _Mapping(6005, 1, "Read"),
    "answer": _Mapping(6003, OTHER, "Answer"),
    "memory": _Mapping(3004, OTHER, "Change"),
    "policy": _Mapping(3004, OTHER, "Change"),
    "login": _Mapping(3002, 1, "Logon"),
    "refusal": _Mapping(6003, OTHER, "Refuse"),
    "tool": _Mapping(6003, OTHER, "Call"),
    "budget": _Mapping(6003, OTHER, "Limit"),
    "write": _Mapping(6005, 5, "Write"),
}
_BEFORE_THE_ACT = frozenset({"question", "query", "explain", "profile", "tool", "write"})


def to_ocsf(record: AuditRecord) -> dict[str, Any]:
    """The record as an OCSF event; every detail is also under `unmapped`."""
    event, detail = record.event, dict(record.event.detail)
    mapping = _mapping(event.kind, detail)
    status_id = _status_id(event.kind, detail)
    category_uid = mapping.class_uid // 1000
    return {
        "class_uid": mapping.class_uid,
        "class_name": _CLASSES[mapping.class_uid],
        "category_uid": category_uid,
        "category_name": _CATEGORIES[category_uid],
        "activity_id": mapping.activity_id,
        "activity_name": mapping.activity_name,
        "type_uid": mapping.class_uid * 100 + mapping.activity_id,
        "time": int(event.at.timestamp() * 1000),
        "severity_id": _MEDIUM if status_id == _FAILURE else _INFORMATIONAL,
        "status_id": status_id,
        "actor": {"user": {"uid": event.subject, "name": event.subject}},
        "metadata": _metadata(record),
        "unmapped": {"kind": event.kind, "tenant": event.tenant, "detail": detail, "sha256": record.sha256},
        **_particulars(mapping.class_uid, event.kind, event.subject, detail),
    }


def _mapping(kind: str, detail: Mapping[str, str]) -> _Mapping:
    if kind == "refusal" and detail.get("rule", "").startswith("identity:"):
        return KINDS["login"]
    found = KINDS.get(kind) or _Mapping(6003, OTHER, kind)
    if found.class_uid != 3004:
        return found
    # "create", or as in "token created".
    change = detail.get("change") or detail.get("act", "")
    made = next((made for verb, made in _CHANGES.items() if verb in change), None)
    return found if made is None else _Mapping(3004, *made)


def _metadata(record: AuditRecord) -> dict[str, Any]:
    metadata = {
        "version": SCHEMA_VERSION,
        "product": {"name": "Gnomon", "vendor_name": "Gnomon", "version": __version__},
        "uid": str(record.n),
        "sequence": record.n,
        "event_code": record.event.kind,
        "log_name": "audit",
        "original_time": record.event.at.isoformat(),
        "tenant_uid": record.event.tenant,
    }
    question = question_of(record.event)
    return metadata | ({"correlation_uid": question} if question else {})


def _particulars(class_uid: int, kind: str, subject: str, detail: Mapping[str, str]) -> dict[str, Any]:
    """What the class asks for beyond what every event has."""
    if class_uid == 3002:
        return {"user": {"uid": subject, "name": subject}, "service": {"name": "gnomon"}}
    if class_uid == 3004:
        return {"entity": {"name": detail.get(kind) or detail.get("token_id") or kind, "type": kind}}
    # The class demands a source. The log keeps no address, so the service itself stands there.
    source = {"src_endpoint": {"svc_name": "gnomon"}}
    if class_uid == 6003:
        return source | {"api": {"operation": detail.get("tool", kind), "service": {"name": "gnomon"}}}
    return source | _datastore(detail)


def _datastore(detail: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"database": {"name": detail.get("warehouse", "warehouse")}, "type_id": 1}
    tables = detail.get("tables", "")
    if tables and ", " not in tables:
        found |= {"table": {"name": tables}, "type_id": 3}
    if "sql" in detail:
        found["query_info"] = {"query_string": detail["sql"]}
    return found


def _status_id(kind: str, detail: Mapping[str, str]) -> int:
    """Most acts are recorded before they happen, and how they end is not known then."""
    failed = (
        kind == "refusal"
        or detail.get("verdict") == "refused"
        or detail.get("status") == "failed"
        or detail.get("state") == "hard"
    )
    if failed:
        return _FAILURE
    return _UNKNOWN if kind in _BEFORE_THE_ACT else _SUCCESS
