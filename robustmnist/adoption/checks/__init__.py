"""The checks of a classifier that is to be taken in: how it is called, what it answers, what that depends on and means.

The first seven, about the file, belong to the readers of files.
"""

from robustmnist.adoption.checks import answer, behaviour, call, meaning, weights
from robustmnist.adoption.checks.subject import Check, NotMade, Rule, Subject
from robustmnist.adoption.digits import training_digits
from robustmnist.adoption.find import Finding
from robustmnist.adoption.network import Network
from robustmnist.data import Dataset
from robustmnist.errors import InputError
from robustmnist.models.contract.contract import Input, Output

__all__ = ["CHECKS", "SHAPE", "check_classifier"]

SHAPE = 11  # where this fails, nothing can be asked
CHECKS: dict[int, tuple[str, Rule]] = {
    8: ("has finite weights", weights.are_finite),
    9: ("has trained layers", weights.are_trained),
    10: ("has single precision", weights.are_whole),
    11: ("takes its shape", call.accepts_its_shape),
    12: ("takes any batch", call.takes_any_batch),
    13: ("takes an empty batch", call.takes_none),
    14: ("answers bare scores", answer.is_bare),
    15: ("answers ten columns", answer.has_ten_columns),
    16: ("answers real numbers", answer.is_real),
    17: ("answers finite numbers", answer.is_finite),
    18: ("answers what was agreed", answer.is_of_its_kind),
    19: ("applies softmax once", answer.is_softmaxed_once),
    20: ("leaves its input alone", call.leaves_its_input),
    21: ("keeps no gradient", call.keeps_no_gradient),
    22: ("answers twice the same", behaviour.answers_twice_the_same),
    23: ("obeys eval()", behaviour.is_at_rest),
    24: ("ignores its company", behaviour.ignores_company),
    25: ("ignores threads", behaviour.ignores_threads),
    26: ("survives saving", behaviour.survives_saving),
    27: ("leaves generators alone", behaviour.leaves_generators),
    28: ("can be moved", behaviour.can_be_moved),
    29: ("is fed what it wants", meaning.contract_is_likeliest),
    30: ("classes in order", meaning.order_is_right),
    31: ("ink not inverted", meaning.ink_is_right),
    32: ("digits not transposed", meaning.orientation_is_right),
    33: ("reads digits", meaning.reads_digits),
    34: ("not saturated", meaning.is_not_saturated),
}


def check_classifier(
    network: Network,
    input: Input,
    output: Output,
    *,
    digits: Dataset | None = None,
    finding: Finding | None = None,
) -> list[Check]:
    """Check a classifier under its contract, and return what each check said, in order.

    The network comes out as it went in, unless it changes itself when it is called.

    Args:
        network: As it was read.
        input: How it is to be fed.
        output: How its answers are to be read.
        digits: From `training_digits`, which is also the default.
        finding: From `find_contract` for this network, where that was asked already.
    """
    subject = Subject(network, input, output, training_digits() if digits is None else digits, finding)
    results: list[Check] = []
    for number, (name, rule) in CHECKS.items():
        results.append(_made(subject, number, name, rule))
        if number == SHAPE and results[-1].passed is False:
            sentence, rest = (
                "Not checked: it does not take what it is fed.",
                [other for other in CHECKS if other > SHAPE],
            )
            return results + [Check(other, CHECKS[other][0], None, sentence, made=False) for other in rest]
    return results


def _made(subject: Subject, number: int, name: str, rule: Rule) -> Check:
    """Make one check; whatever a stranger's code raises ends it, and nothing else."""
    try:
        passed, sentence = rule(subject)
    except NotMade as reason:
        return Check(number, name, None, _line(str(reason)), made=False)
    except InputError as error:  # what it answers are no rows of scores: one check says so, the others cannot be made
        if number != 15:
            return Check(number, name, None, _line(f"Not checked: it {error.what}."), made=False)
        passed, sentence = False, f"It {error.what}."
    except Exception as cause:
        line = (str(cause).strip().splitlines() or [""])[0][:200].rstrip(".")
        passed, sentence = False, f"It stopped with {type(cause).__name__}: {line}."
    return Check(number, name, passed, _line(sentence))


def _line(sentence: str) -> str:
    """Return one printable line: names and messages of a stranger's code may hold anything."""
    return "".join(character if character.isprintable() else "\ufffd" for character in " ".join(sentence.split()))
