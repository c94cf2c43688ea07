"""Progress bars on a terminal, plain lines elsewhere; always on standard error."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from robustmnist.terminal.echo import say

__all__ = ["progress"]

PLAIN_INTERVAL = 10.0  # seconds between two plain lines: enough to see life in a log, too few to fill it


@contextmanager
def progress(title: str, *, unit: str, images: bool = False, quiet: bool = False) -> Iterator[Callable[..., None]]:
    """Show how far the work is while the block runs.

    Yields a function ``report(done, total, images_done, detail)`` that the worker calls as often as it likes; the
    detail is a text that stands under the bar.

    Args:
        title: What is being done.
        unit: What is counted: ``settings``, ``epochs``, ``bytes``.
        images: Whether to show images per second.
        quiet: Whether to print no plain lines where there is no terminal: the caller prints its own.
    """
    if sys.stderr.isatty():
        yield from _bar(title, unit, images)
    else:
        yield from _lines(title, unit, images, quiet)


def _bar(title: str, unit: str, images: bool) -> Iterator[Callable[..., None]]:
    from rich.console import Console, RenderableType
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Detailed(Progress):
        below = ""

        def get_renderables(self) -> Iterator[RenderableType]:
            yield from super().get_renderables()
            if self.below:
                yield Text(self.below, style="dim")

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(f"{{task.completed:,.0f}}/{{task.total:,.0f}} {unit}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    ]
    with Detailed(*columns, console=Console(stderr=True), transient=False) as bar:
        task = bar.add_task(title, total=1, rate="")
        started = time.monotonic()

        def report(done: int, total: int, images_done: int = 0, detail: str = "") -> None:
            seconds = max(time.monotonic() - started, 1e-9)
            rate = f"{images_done / seconds:,.0f} images/s" if images and images_done else ""
            bar.update(task, completed=done, total=max(total, 1), rate=rate)
            bar.below = detail

        yield report


def _lines(title: str, unit: str, images: bool, quiet: bool) -> Iterator[Callable[..., None]]:
    started = last = time.monotonic()

    def report(done: int, total: int, images_done: int = 0, detail: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if quiet or (now - last < PLAIN_INTERVAL and not (done == total and last != started)):
            return
        last = now
        seconds = now - started
        rate = f", {images_done / seconds:,.0f} images/s" if images and images_done else ""
        left = f", {seconds / done * (total - done):,.0f} s left" if done else ""
        say(f"{title}: {done:,}/{total:,} {unit}{rate}{left}")

    yield report
