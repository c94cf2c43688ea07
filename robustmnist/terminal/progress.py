"""Progress bars on a terminal, plain lines elsewhere; always on standard error."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from robustmnist.terminal.echo import say

__all__ = ["progress"]

PLAIN_INTERVAL = 10.0  # seconds between two plain lines: enough to see life in a log, too few to fill it


@contextmanager
def progress(title: str, *, unit: str, images: bool = False) -> Iterator[Callable[[int, int, int], None]]:
    """Show how far the work is while the block runs.

    Yields a function ``report(done, total, images_done)`` that the worker calls as often as it likes.

    Args:
        title: What is being done.
        unit: What is counted: ``settings``, ``epochs``, ``bytes``.
        images: Whether to show images per second.
    """
    if sys.stderr.isatty():
        yield from _bar(title, unit, images)
    else:
        yield from _lines(title, unit, images)


def _bar(title: str, unit: str, images: bool) -> Iterator[Callable[[int, int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(f"{{task.completed:,.0f}}/{{task.total:,.0f}} {unit}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=Console(stderr=True), transient=False) as bar:
        task = bar.add_task(title, total=1, rate="")
        started = time.monotonic()

        def report(done: int, total: int, images_done: int = 0) -> None:
            seconds = max(time.monotonic() - started, 1e-9)
            rate = f"{images_done / seconds:,.0f} images/s" if images and images_done else ""
            bar.update(task, completed=done, total=max(total, 1), rate=rate)

        yield report


def _lines(title: str, unit: str, images: bool) -> Iterator[Callable[[int, int, int], None]]:
    started = last = time.monotonic()

    def report(done: int, total: int, images_done: int = 0) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < PLAIN_INTERVAL and not (done == total and last != started):
            return
        last = now
        seconds = now - started
        rate = f", {images_done / seconds:,.0f} images/s" if images and images_done else ""
        left = f", {seconds / done * (total - done):,.0f} s left" if done else ""
        say(f"{title}: {done:,}/{total:,} {unit}{rate}{left}")

    yield report
