"""Reads the tokens' rows from the weights before they are widened from int8 to float32.

The model as it ships widens all 30,522 rows for every text: 94 MB written to use a dozen rows. Looking the
rows up first gives the same bits. An ONNX file is a protocol buffer, and five of its fields are all that is
touched (onnx.proto3: ModelProto.graph = 7, GraphProto.node = 1, NodeProto.input = 1, output = 2, name = 3),
so it is edited as such, without the onnx package.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_GRAPH, _NODE, _INPUT, _OUTPUT, _NAME = 7, 1, 1, 2, 3
_BYTES = {1: 8, 5: 4}
"""Sizes of the wire types of fixed length."""

_WEIGHTS, _IDS, _FOUND = "inner.embeddings.word_embeddings.weight", "input_ids", "embedding"
_ROWS, _SCALES, _WIDE = "token_rows_q", "token_rows_scale", "token_rows_f"


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a message: its number, and where the whole and its content begin and end, in bytes."""

    number: int
    at: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Node:
    """One operation: the tensors it reads and makes, and its other fields as they stand."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rest: bytes

    def rewired(self, inputs: Sequence[str], output: str) -> bytes:
        """The same operation on other tensors, as a field of the graph."""
        names = b"".join(_field(_INPUT, name.encode()) for name in inputs)
        node = names + _field(_OUTPUT, output.encode()) + _field(_NAME, f"make {output}".encode()) + self.rest
        return _field(_NODE, node)


def rows_first(model: bytes) -> bytes:
    """The model with the rows looked up first; unchanged where it is built in another way."""
    whole = memoryview(model)
    graph = next((f for f in _fields(whole, 0, len(whole)) if f.number == _GRAPH), None)
    if graph is None:
        return model
    parts: list[bytes | memoryview] = []
    at, changed = graph.start, 0
    for field in _fields(whole, graph.start, graph.end):
        made = _replacement(_node(whole, field)) if field.number == _NODE else b""
        if made:
            parts += [whole[at : field.at], made]
            at, changed = field.end, changed + 1
    if changed != 3:
        return model
    parts.append(whole[at : graph.end])
    head = _varint(_GRAPH << 3 | 2) + _varint(sum(map(len, parts)))
    return b"".join([whole[: graph.at], head, *parts, whole[graph.end :]])


def _replacement(node: _Node) -> bytes:
    """What stands in the place of the node; empty for those that stay."""
    if node.inputs == (f"{_WEIGHTS}_q",):
        return node.rewired([_ROWS], _WIDE)
    if node.outputs == (_WEIGHTS,):
        return node.rewired([_WIDE, _SCALES], _FOUND)
    if node.inputs == (_WEIGHTS, _IDS) and node.outputs == (_FOUND,):
        rows = node.rewired([f"{_WEIGHTS}_q", _IDS], _ROWS)
        return rows + node.rewired([f"{_WEIGHTS}_scale", _IDS], _SCALES)
    return b""


def _node(whole: memoryview, field: _Field) -> _Node:
    inner = list(_fields(whole, field.start, field.end))

    def names(number: int) -> tuple[str, ...]:
        return tuple(bytes(whole[f.start : f.end]).decode() for f in inner if f.number == number)

    rest = b"".join(whole[f.at : f.end] for f in inner if f.number not in (_INPUT, _OUTPUT, _NAME))
    return _Node(names(_INPUT), names(_OUTPUT), rest)


def _fields(buffer: memoryview, at: int, end: int) -> Iterator[_Field]:
    while at < end:
        key, start = _read_varint(buffer, at)
        wire = key & 7
        if wire == 2:
            size, start = _read_varint(buffer, start)
            stop = start + size
        else:
            stop = start + _BYTES[wire] if wire in _BYTES else _read_varint(buffer, start)[1]
        yield _Field(key >> 3, at, start, stop)
        at = stop


def _read_varint(buffer: memoryview, at: int) -> tuple[int, int]:
    """The number that begins there, and where it ends."""
    value = shift = 0
    while True:
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content
