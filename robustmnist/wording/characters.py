"""Characters that must not reach a terminal or a page as they are: names and texts may come from anyone's files."""

import json
import unicodedata

__all__ = ["printable", "shorten", "visible", "visible_json"]


# Controls, those of the reading direction among them, lone halves of characters, and line breaks.
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Controls that reorder the text around them: a name must not turn the sentence that quotes it.
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def visible(text: object) -> str:
    r"""Return `text` on one line for a terminal, with escapes for what a terminal obeys and does not show.

    Text that has been through this comes back as it is.

    >>> visible("red \x1b[31m")
    'red \\x1b[31m'
    """
    whole = str(text)
    return whole if whole.isascii() and whole.isprintable() else "".join(map(_escaped, whole))


def visible_json(content: object, indent: int) -> str:
    r"""Return `content` as JSON whose every hidden character is escaped; it reads back as it was.

    >>> visible_json({"size": "3 × 3\x9b"}, indent=0).split()
    ['{', '"size":', '"3', '×', '3\\u009b"', '}']
    """
    text = json.dumps(content, indent=indent, ensure_ascii=False)
    # JSON itself has no hidden characters but its line breaks: all others stand in strings.
    return "".join(
        json.dumps(character)[1:-1] if _is_hidden(character) and character != "\n" else character for character in text
    )


def printable(text: object) -> str:
    r"""Return `text` with everything replaced that cannot stand in a page: lone surrogates, controls, bidi overrides.

    >>> printable("a\ud800b\x00c\u202ed")
    'a\ufffdb\ufffdc\ufffdd'
    """

    def safe(character: str) -> str:
        if character in "\t\n\r\u2028\u2029":
            return " "
        if character in BIDI or unicodedata.category(character) in ("Cc", "Cs", "Cn"):
            return "\ufffd"
        return character

    return "".join(map(safe, str(text)))


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in HIDDEN


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii") if _is_hidden(character) else character


def shorten(text: object, limit: int) -> str:
    """Return printable `text` in at most `limit` characters; what is cut out of the middle becomes an ellipsis.

    >>> shorten("cnn-augmented-seed-7", 11)
    'cnn-a…eed-7'
    """
    whole = printable(text)
    if len(whole) <= limit:
        return whole
    head = limit // 2
    return f"{whole[:head]}…{whole[len(whole) - (limit - head - 1) :]}"
