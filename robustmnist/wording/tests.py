"""Differences, effects and p-values as text."""

import math

from robustmnist.wording.numbers import NBSP, plain, points_bounds

__all__ = ["ALPHA", "difference_text", "effect_text", "p_text", "points_change"]


ALPHA = 0.05  # a difference counts where its p-value, corrected over the family, is below
INTERVAL = f"95{NBSP}% interval"


def p_text(p: float, *, name: bool = True) -> str:
    """Return a p-value with two digits, never as zero.

    >>> p_text(0.0123).replace(NBSP, " "), p_text(1e-9).replace(NBSP, " "), p_text(0.8, name=False)
    ('p = 0.012', 'p < 0.001', '0.80')
    """
    if not math.isfinite(p):
        return f"p{NBSP}–" if name else "–"
    small = p < 0.001
    number = "0.001" if small else f"{p:.3f}" if p < 0.0995 else f"{p:.2f}"
    if name:
        return f"p{NBSP}{'<' if small else '='}{NBSP}{number}"
    return f"<{NBSP}{number}" if small else number


def difference_text(value: float, low: float, high: float, *, words: bool = False) -> str:
    """Return a difference with its interval, to as many decimals as the interval deserves, two to four.

    >>> difference_text(0.2134, 0.2021, 0.2247), difference_text(-0.0011, -0.0031, 0.0009)
    ('+0.21 (0.20 to 0.22)', '−0.001 (−0.003 to 0.001)')
    >>> difference_text(0.2134, 0.2021, math.inf)
    '+0.213 (0.202 to ∞)'
    """
    half = (high - low) / 2
    decimals = min(max(-math.floor(math.log10(half) + 1e-9), 2), 4) if 0 < half < math.inf else 3
    around = "–" if math.isnan(half) else f"{plain(low, decimals)} to {plain(high, decimals)}"
    return f"{plain(value, decimals, signed=True)} ({f'{INTERVAL} ' if words else ''}{around})"


def points_change(difference: float, low: float, high: float, decimals: int = 1) -> str:
    """Return a difference of two shares with its interval, in percentage points with their signs.

    >>> points_change(0.0252, 0.0031, 0.0469), points_change(-0.0123, -0.0211, 0.0, 2)
    ('+2.5 (+0.3 to +4.7)', '−1.23 (−2.11 to 0.00)')
    """
    return f"{plain(100 * difference, decimals, signed=True)} ({points_bounds(low, high, decimals)})"


def effect_text(value: float) -> str:
    """Return an effect size with two decimals; a dash where it is not defined, ∞ where one side has no cases."""
    return "–" if math.isnan(value) else "∞" if math.isinf(value) else plain(value, 2)
