"""Digits in words."""

__all__ = ["digit_text", "digits_of"]


def digit_text(digit: int) -> str:
    """Return a digit with its article.

    >>> digit_text(3), digit_text(8)
    ('a 3', 'an 8')
    """
    return f"an {digit}" if digit == 8 else f"a {digit}"


def digits_of(dataset: str, part: str) -> str:
    """Return which digits a part of a data set is, in words; the embedded ones have no parts that matter.

    >>> digits_of("mnist", "test"), digits_of("digits", "test")
    ('MNIST test digits', 'embedded digits')
    """
    if dataset.partition(":")[0] == "digits":
        return "embedded digits"
    return f"{'MNIST' if dataset == 'mnist' else dataset} {'training' if part == 'train' else part} digits"
