"""What the page says."""

from collections.abc import Sequence

from robustmnist.wording.numbers import NBSP, listing, plain, strength

__all__ = ["FORMS", "TEXTS", "band_text", "confidence_fact", "models_fact", "rounding_fact", "steps_fact"]

TEXTS = {
    "title": "Draw a digit",
    "lead": "See what each model sees, what it answers, and how far your digit may go before it is misread. "
    "Nothing that you draw leaves this computer.",
    "no_script": "This page computes in your browser and needs JavaScript.",
    "pad_label": "Paper to draw a digit on",
    "hint": "Draw a digit here",
    "pen_note": "Shaded: as broad as in MNIST.",
    "starters_title": "Or start from a test digit",
    "keys": "With the keyboard: arrow keys move the pen, with Shift in larger steps; Space lowers and lifts it; "
    "E changes to the eraser; Delete clears; Control Z takes the last stroke back.",
    "see_title": "What the models see",
    "forms_label": "Which picture the models read",
    "answers_title": "What they answer",
    "limits_title": "How far this digit may go",
    "limits_lead": "Each bar spans what leaves a model’s answer as it is. Move a slider to push the digit; the "
    "pictures show where the answer changes.",
    "pushed_label": "The digit as it is pushed",
    "back": "Back to your digit",
    "band_key": "as handwriting in MNIST varies (the middle 95 %)",
    "bar_key": "the answer stays the same",
    "strips_title": "Your digit beside MNIST’s",
    "strips_lead": "Where your digit lies among MNIST’s 60,000 training digits: the ring as you drew it, the dot in "
    "MNIST’s form. Outside the shaded part the models have seen few such digits.",
    "keep_title": "Keep it",
    "keep_lead": "Saved on your computer, sent nowhere.",
    "keep_note": "The two IDX files in one folder are a data set: robustmnist evaluate --dataset idx:FOLDER. "
    "They hold the picture that the models read.",
    "explain_label": "Show what speaks for the answer of",
    "report_text": "The report beside this page: the same models on thousands of digits",
}
FORMS = (
    ("drawn", "As drawn", "The paper at 28 × 28.", "What you drew, averaged to 28 by 28 pixels"),
    ("mnist", "MNIST’s form", "20 px long, centred by mass.", "Your digit in MNIST's form"),
)


def band_text(low: float, high: float, unit: str) -> str:
    """Return the ends of a band with their unit.

    >>> band_text(-0.42, 0.66, "px/px")
    '−0.42 to 0.66'
    """
    decimals = 2 if unit == "px/px" else 1
    return f"{plain(low, decimals)} to {plain(high, decimals)}{'' if unit == 'px/px' else NBSP + unit}"


def models_fact(names: Sequence[tuple[str, str]]) -> str:
    """Return which models answer, each with the beginning of its hash."""
    return f"Models: {listing([f'{name} (sha256 {sha256[:8]}…)' for name, sha256 in names])}."


def confidence_fact(temperatures: Sequence[tuple[str, float]]) -> str:
    """Return how confidence is computed."""
    some = [f"{name} {plain(value, 2)}" for name, value in temperatures if value != 1.0]
    divided = f", divided by the temperature on the model's card ({listing(some)})" if some else ""
    return f"Confidence: softmax of the logits{divided}. A model cannot tell you that it sees no digit."


def rounding_fact(precision: str, changed: Sequence[tuple[str, int]], count: int) -> str:
    """Return how weights were rounded, and how many answers that changed."""
    bits = "8 bits, with a scale for each row" if precision == "int8" else "16 bits"
    answers = listing([f"{name} {number}" for name, number in changed])
    return (
        f"Weights are rounded to {bits}: of {count:,} test digits this page and the model read differently: {answers}."
    )


def steps_fact(steps: Sequence[tuple[str, float, str]]) -> str:
    """Return which strengths were tried: of each push its title, its step and the step's unit."""
    tried = [f"{title.lower()} {strength(step, unit)}" for title, step, unit in steps]
    return (
        f"Limits: strengths are tried in steps ({', '.join(tried)}) and the last step is halved five times. "
        "Noise is the same draw at every strength."
    )
