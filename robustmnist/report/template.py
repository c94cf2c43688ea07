"""How the report's pages are filled in: one place that decides what is escaped."""

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from robustmnist.report.style import style

__all__ = ["fill"]


def fill(template: str, page: object) -> str:
    """Return `page` as `template`, a file in ``templates``, shows it, style and all; what is no `Markup` is escaped."""
    environment = Environment(
        loader=PackageLoader("robustmnist.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(page=page, style=Markup(style())).strip() + "\n"
