"""From the numbers of a run to the records that the templates show."""

from robustmnist.report.breaks import breaks_section
from robustmnist.report.colours import hue
from robustmnist.report.comparison import comparison_section
from robustmnist.report.content import Answer, Key
from robustmnist.report.fails import fails_section
from robustmnist.report.provenance import banners, checkpoint_table, command, facts, generator, provenance, suite_table
from robustmnist.report.realised import realised_table
from robustmnist.report.robust import robust_section
from robustmnist.report.sections import Done, Page
from robustmnist.report.study import Study
from robustmnist.report.text import listing, printable, shorten
from robustmnist.report.trust import trust_section
from robustmnist.report.words import NAME, answer

__all__ = ["page"]

MANY = "How far can a digit be disturbed before the classifier fails?"


def page(study: Study) -> Page:
    """Return the report of `study`, section by section."""
    names = [shorten(one.name, NAME) for one in study.clean]
    keys = tuple(Key(hue(place), name) for place, name in enumerate(names))
    suites = study.predictions.suites
    done = Done(command(study), provenance(study), checkpoint_table(study), suite_table(study), realised_table(study))
    return Page(
        title=f"robustmnist: {listing(names)}",
        question=printable(suites[0].question) if len(suites) == 1 else MANY,
        generator=generator(study),
        keys=keys,
        answers=tuple(Answer(keys[one.index], answer(study, one)) for one in study.clean),
        banners=banners(study),
        facts=facts(study),
        robust=robust_section(study),
        breaks=breaks_section(study),
        fails=fails_section(study),
        trust=trust_section(study),
        better=comparison_section(study),
        done=done,
    )
