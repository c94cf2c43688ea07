"""A suite to start from: a TOML file that works as it is, with comments that say what may be changed."""

from robustmnist.errors import SuiteError
from robustmnist.suites.suite import NAME

__all__ = ["new_suite"]

TEXT = """\
# A suite: which perturbations, at which strengths. Change what you like, then
#
#   robustmnist suites {name}.toml            checks it and shows what it asks
#   robustmnist evaluate -s {name}.toml       runs it
#
# Its name is that of this file.

title = "{title}"
question = "How far may a digit turn, and how noisy may it be, before it is misread?"
# source = "Where the perturbations and values come from: a paper, a measurement."
seed = 0  # of the random perturbations

# A sweep is a perturbation along its strength; a suite has one or several.
# `robustmnist suites` lists the shipped perturbations with their strengths and units.
[[sweep]]
name = "turn"              # lower-case letters, digits and single dashes
title = "Turn"             # for people
perturbation = "rotation"
parameter = "angle"        # the strength that the values are of
values = [-60, -40, -20, 0, 20, 40, 60]  # increasing; the neutral value, here 0, must be among them

[[sweep]]
name = "noise"
title = "Gaussian noise"
perturbation = "gaussian-noise"
parameter = "sigma"
values = [0, 0.1, 0.2, 0.3, 0.4]
draws = 3                  # independent draws of each digit; results are their means

# Words that a perturbation takes: those under `fixed` stay the same, each combination of those under `over` is run.
[[sweep]]
name = "move"
title = "Move"
perturbation = "shift-towards"
parameter = "distance"
values = [0, 1, 2, 3, 4]
[sweep.over]
direction = ["up", "down", "left", "right"]

# A perturbation of your own is a function in a Python file. Save this as mine.py beside you:
#
#   def fade(images, *, share):        # float32 (B, 1, 28, 28), ink in [0, 1]: in and out
#       return images * (1 - share)    # at the neutral value it returns the images as they are
#
# and take the # off the lines below. A file runs no code by itself, so name the code when you use it:
#
#   robustmnist evaluate -s {name}.toml --code mine.py:fade
#
# [[sweep]]
# name = "fade"
# title = "Fade"
# perturbation = "mine.py:fade"
# parameter = "share"
# unit = "fraction"
# values = [0, 0.25, 0.5, 0.75]
"""


def new_suite(name: str) -> str:
    """Return the text of a suite called `name` to start from.

    Raises:
        SuiteError: If the name is not made of lower-case letters, digits and single dashes.
    """
    if not NAME.fullmatch(name) or len(name) > 64:
        raise SuiteError(f"{name!r} is not a name", where="--new", remedy="use lower-case letters, digits and dashes")
    return TEXT.format(name=name, title=name.replace("-", " ").capitalize())
