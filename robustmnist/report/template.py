"""How pages are filled in: one place that decides what is escaped."""

from collections.abc import Callable

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from robustmnist.report.style import style

__all__ = ["fill"]


def fill(
    template: str,
    page: object,
    *,
    package: str = "robustmnist.report",
    sheet: str | None = None,
    finalize: Callable[[object], object] | None = None,
) -> str:
    """Return `page` as `template` shows it, with one newline at the end; what is no `Markup` is escaped.

    Args:
        template: A file in the folder ``templates`` of `package`, which knows it as ``page``.
        page: What is shown.
        package: Whose template it is.
        sheet: The style sheet, of this project's own making: it stands in the page as it is. By default the report's.
        finalize: What is done to every value that is printed, before it is escaped.
    """
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    told = {"page": page, "style": Markup(style() if sheet is None else sheet)}
    return environment.get_template(template).render(told).strip() + "\n"
