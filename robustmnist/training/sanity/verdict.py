"""What a sanity check has to say."""

from dataclasses import dataclass

__all__ = ["Verdict"]


@dataclass(frozen=True)
class Verdict:
    """A check with its outcome.

    Attributes:
        name: What should hold.
        passed: Whether it does.
        number: What was measured, with its unit.
        wanted: The threshold.
        hint: What is usually wrong where it does not hold.
    """

    name: str
    passed: bool
    number: str
    wanted: str
    hint: str

    def as_dict(self) -> dict[str, str | bool]:
        """Return plain values."""
        return dict(vars(self))
