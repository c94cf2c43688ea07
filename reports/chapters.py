"""A chapter of the findings, put in where it belongs or written anew: its record is made by a command of its own."""

import re

__all__ = ["with_chapter"]

LAST = "## How this was made"  # the chapter before which new ones stand


def with_chapter(text: str, body: str) -> str:
    r"""Return `text` with the chapter `body` in the place of that of the same heading, else before the last chapter.

    >>> with_chapter("# A\n\n## How this was made\n\nSo.\n", "## B\n\nWell.")
    '# A\n\n## B\n\nWell.\n\n## How this was made\n\nSo.\n'
    >>> with_chapter("# A\n\n## B\n\nOld.\n\n## C\n", "## B\n\nNew.")
    '# A\n\n## B\n\nNew.\n\n## C\n'
    """
    heading = body.partition("\n")[0]
    parts = re.split(rf"^{re.escape(heading)}$", text, maxsplit=1, flags=re.MULTILINE)
    if len(parts) == 1:
        start, last, end = text.partition(LAST)
        return f"{start.rstrip()}\n\n{body}\n\n{last}{end}" if last else f"{text.rstrip()}\n\n{body}\n"
    rest = re.search(r"^## ", parts[1], flags=re.MULTILINE)
    return f"{parts[0]}{body}\n{chr(10) + parts[1][rest.start() :] if rest else ''}"
