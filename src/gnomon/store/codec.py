"""Lossless JSON of the domain's values: what is read back equals what was written.

Containers follow the annotations of the frozen dataclasses; a scalar that JSON does not have (Decimal, dates,
bytes, NaN) is an object with one `$` key that names its type. A field that a stored value lacks takes its
default, so that adding an optional field needs no migration.
"""

import base64
import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Literal, TypeVar, Union
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gnomon.domain.answer import Answer
from gnomon.domain.errors import Failed

T = TypeVar("T")
Json = Any
"""What `json.loads` returns."""

Convert = Callable[[Any], Any]
_NATIVE = (str, bool, int)
_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    InvalidOperation,
    OverflowError,
    RecursionError,
    ZoneInfoNotFoundError,
)
"""What decoding a text raises that nobody encoded."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Codec:
    encode: Convert
    decode: Convert


def answer_to_json(answer: Answer) -> str:
    """The answer as one line of ASCII JSON, rows included."""
    return to_json(answer, Answer)


def answer_from_json(text: str) -> Answer:
    """The answer that `answer_to_json` wrote.

    Raises:
        Failed: The text is not such an answer.
    """
    answer: Answer = from_json(text, Answer)
    return answer


def to_json(value: Any, kind: Any) -> str:
    """A domain value as one line of ASCII JSON.

    Args:
        kind: The value's annotation: a dataclass, a union of dataclasses, `tuple[...]`, `Any` for a cell.

    Raises:
        Failed: A cell is nested deeper than can be written.
        TypeError: The value holds something that the domain does not know.
    """
    try:
        return json.dumps(_codec(kind).encode(value), separators=(",", ":"), allow_nan=False)
    except RecursionError as e:
        raise Failed("a cell is nested too deeply to be stored", hint="select a part of it") from e


def from_json(text: str | bytes, kind: Any) -> Any:
    """The value of annotation `kind` that `to_json` wrote.

    Raises:
        Failed: The text is not JSON or not a value of that kind.
    """
    try:
        return _codec(kind).decode(json.loads(text))
    except _UNREADABLE as e:
        name = getattr(kind, "__name__", str(kind))
        raise Failed(
            f"stored text is not a readable {name}", facts=(("cause", f"{type(e).__name__}: {e}"),)
        ) from e


@lru_cache(maxsize=256)
def _codec(kind: Any) -> _Codec:
    if dataclasses.is_dataclass(kind):
        return _dataclass_codec(kind)
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return _literal_codec(args)
    if origin is tuple:
        return _tuple_codec(args)
    if origin is frozenset:
        return _set_codec(args[0])
    if origin in (Union, types.UnionType):
        return _union_codec(args)
    return _Codec(encode_cell, decode_cell)


def _dataclass_codec(kind: Any) -> _Codec:
    hints = typing.get_type_hints(kind)
    fields = [(f.name, _codec(hints[f.name])) for f in dataclasses.fields(kind)]

    def encode(value: Any) -> Json:
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return {name: codec.encode(getattr(value, name)) for name, codec in fields}

    def decode(data: Json) -> Any:
        known = {name: codec.decode(data[name]) for name, codec in fields if name in data}
        if len(known) != len(data):
            raise ValueError(f"unknown fields of {kind.__name__}: {sorted(set(data) - set(known))}")
        return kind(**known)

    return _Codec(encode, decode)


def _literal_codec(allowed: tuple[Any, ...]) -> _Codec:
    def check(value: Any) -> Any:
        if value not in allowed:
            raise ValueError(f"expected one of {', '.join(map(str, allowed))}, got {value!r}")
        return value

    return _Codec(check, check)


def _tuple_codec(args: tuple[Any, ...]) -> _Codec:
    if len(args) == 2 and args[1] is Ellipsis:
        item = _codec(args[0])
        encode_item, decode_item = item.encode, item.decode
        return _Codec(
            lambda value: [encode_item(v) for v in value], lambda data: tuple(map(decode_item, data))
        )
    items = [_codec(a) for a in args]
    return _Codec(
        lambda value: [c.encode(v) for c, v in zip(items, value, strict=True)],
        lambda data: tuple(c.decode(v) for c, v in zip(items, data, strict=True)),
    )


def _set_codec(item_kind: Any) -> _Codec:
    item = _codec(item_kind)
    return _Codec(
        lambda value: [item.encode(v) for v in sorted(value)],
        lambda data: frozenset(item.decode(v) for v in data),
    )


def _union_codec(kinds: tuple[Any, ...]) -> _Codec:
    classes = {k.__name__: k for k in kinds if dataclasses.is_dataclass(k) and isinstance(k, type)}
    rest = [k for k in kinds if k is not type(None) and k not in classes.values()]
    if len(classes) + len(rest) == 1:
        return _optional_codec(_codec([*classes.values(), *rest][0]))
    if rest:
        return _Codec(encode_cell, decode_cell)

    def encode(value: Any) -> Json:
        kind: Any = type(value)
        return None if value is None else [kind.__name__, _codec(kind).encode(value)]

    def decode(data: Json) -> Any:
        return None if data is None else _codec(classes[data[0]]).decode(data[1])

    return _Codec(encode, decode)


def _optional_codec(inner: _Codec) -> _Codec:
    return _Codec(
        lambda value: None if value is None else inner.encode(value),
        lambda data: None if data is None else inner.decode(data),
    )


def encode_cell(value: Any) -> Json:
    """One cell, or any scalar, as JSON values.

    Raises:
        TypeError: Not a type that a result may hold.
    """
    if value is None or type(value) in _NATIVE:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"$float": repr(value)}
    encode = _ENCODERS.get(type(value))
    if encode is None:
        raise TypeError(f"a cell cannot be a {type(value).__name__}")
    return encode(value)


def decode_cell(data: Json) -> Any:
    """The cell that `encode_cell` wrote.

    Raises:
        ValueError: An unknown `$` type or a malformed value.
    """
    if isinstance(data, list):
        return [decode_cell(v) for v in data]
    if not isinstance(data, dict):
        return data
    tag = next((k for k in data if k.startswith("$")), None)
    if tag is None:
        return {k: decode_cell(v) for k, v in data.items()}
    if tag not in _DECODERS:
        raise ValueError(f"unknown type {tag}")
    return _DECODERS[tag](data)


def _encode_moment(tag: str, value: datetime | time) -> Json:
    """A named zone is kept beside the wall time: an offset alone would forget it."""
    zone = getattr(value.tzinfo, "key", None)
    if zone is None:
        return {tag: value.isoformat()} | ({"fold": value.fold} if value.fold else {})
    return {tag: value.replace(tzinfo=None).isoformat(), "zone": zone, "fold": value.fold}


def _decode_moment(data: Json, value: Any) -> Any:
    if "zone" in data:
        value = value.replace(tzinfo=ZoneInfo(data["zone"]))
    return value.replace(fold=data.get("fold", 0))


def _encode_dict(value: Mapping[Any, Any]) -> Json:
    if all(isinstance(k, str) and not k.startswith("$") for k in value):
        return {k: encode_cell(v) for k, v in value.items()}
    return {"$dict": [[encode_cell(k), encode_cell(v)] for k, v in value.items()]}


_ENCODERS: dict[type, Convert] = {
    Decimal: lambda v: {"$decimal": str(v)},
    datetime: lambda v: _encode_moment("$datetime", v),
    date: lambda v: {"$date": v.isoformat()},
    time: lambda v: _encode_moment("$time", v),
    timedelta: lambda v: {"$timedelta": [v.days, v.seconds, v.microseconds]},
    bytes: lambda v: {"$bytes": base64.b64encode(v).decode("ascii")},
    list: lambda v: [encode_cell(item) for item in v],
    tuple: lambda v: {"$tuple": [encode_cell(item) for item in v]},
    dict: _encode_dict,
}

_DECODERS: dict[str, Convert] = {
    "$float": lambda d: float(d["$float"]),
    "$decimal": lambda d: Decimal(d["$decimal"]),
    "$datetime": lambda d: _decode_moment(d, datetime.fromisoformat(d["$datetime"])),
    "$date": lambda d: date.fromisoformat(d["$date"]),
    "$time": lambda d: _decode_moment(d, time.fromisoformat(d["$time"])),
    "$timedelta": lambda d: timedelta(*d["$timedelta"]),
    "$bytes": lambda d: base64.b64decode(d["$bytes"], validate=True),
    "$tuple": lambda d: tuple(decode_cell(v) for v in d["$tuple"]),
    "$dict": lambda d: {decode_cell(k): decode_cell(v) for k, v in d["$dict"]},
}
