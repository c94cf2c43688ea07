"""Google's wire format, as much as it takes to look into an ONNX file: numbered fields, numbers and bytes.

Source: protobuf.dev, "Encoding".
"""

from collections.abc import Iterator

from robustmnist.models.sources.refusals import Unreadable

__all__ = ["Field", "fields", "text"]

Field = tuple[int, int | memoryview]
MAX_FIELDS = 1_000_000  # of one message; arrays are one field each
FIXED = {1: 8, 5: 4}  # wire type -> bytes of a number of fixed size


def fields(message: memoryview) -> Iterator[Field]:
    """Yield number and value of each field of a message: an int, or the bytes of a text or message within.

    Raises:
        Unreadable: If the bytes are cut short or no message.
    """
    position = 0
    for _ in range(MAX_FIELDS):
        if position >= len(message):
            return
        key, position = _number(message, position)
        kind = key & 7
        if kind == 0:
            value, position = _number(message, position)
            yield key >> 3, value
            continue
        size = FIXED.get(kind, 0)
        if kind == 2:
            size, position = _number(message, position)
        elif not size:
            raise Unreadable("is damaged: it is no protobuf message", "fetch or export it again")
        if size > len(message) - position:
            raise Unreadable("is cut short, or damaged", "fetch or export it again")
        yield key >> 3, message[position : position + size]
        position += size
    raise Unreadable(f"has a part with more than {MAX_FIELDS:,} fields")


def text(value: int | memoryview) -> str:
    """Return the bytes of a field as text."""
    return "" if isinstance(value, int) else bytes(value).decode("utf-8", "replace")


def _number(message: memoryview, position: int) -> tuple[int, int]:
    """Return a number of variable length, and where it ends."""
    value = 0
    for index in range(10):
        if position + index >= len(message):
            break
        byte = message[position + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, position + index + 1
    raise Unreadable("is cut short, or damaged", "fetch or export it again")
