"""JSON tables that carry their own SHA-256, so that no edit, however small, goes unseen."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from robustmnist.system.files import sha256_bytes, utf8
from robustmnist.system.validation import check_plain

__all__ = ["BrokenSealError", "Seal", "hash_of_content", "hash_of_text"]


class BrokenSealError(Exception):
    """A table whose hash does not match its content.

    Attributes:
        table: The table, its hash included.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        super().__init__("the hash does not match")
        self.table = table


def hash_of_text(table: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the table's text, indented by 1, in the order of its keys."""
    return sha256_bytes(_text(table, 1))


def hash_of_content(table: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the table's content, whatever the order of its keys and the layout of its text."""
    return sha256_bytes(json.dumps(table, sort_keys=True, separators=(",", ":")).encode())


@dataclass(frozen=True)
class Seal:
    """How one kind of file carries its hash.

    Attributes:
        key: The entry that holds the hash; the last entry of the file.
        indent: Spaces of indentation.
        digest: What the hash is taken of, the entry `key` left out: `hash_of_text` or `hash_of_content`.
    """

    key: str
    indent: int = 1
    digest: Callable[[Mapping[str, Any]], str] = hash_of_text

    def write(self, table: Mapping[str, Any]) -> bytes:
        """Return the table as JSON with its hash; a hash that it has already is replaced."""
        body = self._body(table)
        return _text({**body, self.key: self.digest(body)}, self.indent)

    def read(self, data: bytes) -> dict[str, Any]:
        """Return the table in `data`, its hash included.

        Raises:
            ValueError: If `data` is not JSON, not a table, or holds what no file of ours does (see `check_plain`).
            RecursionError: If it is nested too deep for Python to read.
            BrokenSealError: If the hash does not match.
        """
        table = json.loads(data, parse_constant=_refuse, object_pairs_hook=_unique)
        check_plain(table)
        if not isinstance(table, dict):
            raise ValueError("it is not a table")
        if table.get(self.key) != self.digest(self._body(table)):
            raise BrokenSealError(table)
        return table

    def _body(self, table: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in table.items() if key != self.key}


def _text(table: Mapping[str, Any], indent: int) -> bytes:
    return utf8(json.dumps(table, indent=indent, ensure_ascii=False, allow_nan=False) + "\n")


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not a number of JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands there twice")
    return table
