"""Ids of the elements of a page, by which links reach them."""

__all__ = ["anchor"]


def anchor(*parts: int | str) -> str:
    """Return an id for an element, from words and indices of this project only (never from a user's name).

    >>> anchor("mistake", 0, 2)
    'mistake-0-2'
    """
    return "-".join(map(str, parts))
