"""MNIST from its mirrors: bounded in size and time, verified before a file takes its name."""

import io
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from robustmnist.data.formats.idx import packed_limit, unpack
from robustmnist.data.locations import MissingDataError
from robustmnist.data.sources.mnist import MnistFile, check
from robustmnist.errors import DataError
from robustmnist.system.files import write_atomic

__all__ = ["download", "fetch"]

# Source: torchvision.datasets.MNIST.mirrors (a test holds them equal); to import torchvision for two lines takes 2 s.
MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/")
ANSWER_SECONDS = 3.0  # for all mirrors together to answer a request
STALL_SECONDS = 10.0  # without a byte
FILE_SECONDS = 600.0  # for one file, so that a mirror that drips cannot hold the program for ever
CHUNK = 1 << 16  # bytes
REMEDY = "give the folder that holds MNIST with --data-dir"


class _MirrorError(Exception):
    """The mirror failed to deliver a file; the next mirror is tried."""


class _SilentError(_MirrorError):
    """The mirror did not answer; it is not tried a second time."""


def download(
    files: Sequence[MnistFile], folder: Path, *, on_progress: Callable[[int, int, int], None] | None = None
) -> None:
    """Download `files` into `folder`, unpacked.

    Each file is received whole, unpacked, compared with its SHA-256, and only then written under its name. Mirrors are
    tried in their order, and one that does not answer is asked for no other file; all that do not answer cost
    3 seconds at the most, half of it the first of two.

    Args:
        files: What to download.
        folder: Where to; made if it is not there.
        on_progress: Called with the bytes received, the bytes expected, and 0.

    Raises:
        MissingDataError: If no mirror delivers a file, or the folder cannot be written.
    """
    _check_writable(folder)
    silent: dict[str, float] = {}
    total, done = sum(file.packed for file in files), 0
    for file in files:

        def received(size: int, before: int = done, file: MnistFile = file) -> None:
            if on_progress:
                on_progress(before + min(size, file.packed), total, 0)

        data = _from_any(MIRRORS, file, received, silent)
        done += file.packed
        try:
            write_atomic(folder / file.name, data)
        except OSError as cause:
            raise _unwritable(folder, cause.strerror) from cause


def fetch(url: str, limit: int, *, received: Callable[[int], None] = lambda _: None) -> bytes:
    """Return the bytes of a publisher's file, at most `limit`; raise MissingDataError where it cannot be had."""
    try:
        return _receive(url, limit, _Clock(ANSWER_SECONDS), received)
    except _MirrorError as error:
        what = f"cannot be downloaded ({urlsplit(url).netloc}: {error})"
        raise MissingDataError(
            what, where=url.rpartition("/")[2], remedy=f"get {url} and give its folder with --data-dir"
        ) from error


def _check_writable(folder: Path) -> None:
    """Raise if `folder` could not be made or written, before anything is downloaded."""
    try:
        nearest = next(path for path in (folder, *folder.parents) if path.exists() or path == path.parent)
    except OSError as cause:
        raise _unwritable(folder, cause.strerror) from cause
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        raise _unwritable(folder, "Permission denied" if nearest.is_dir() else f"{nearest} is not a folder")


def _unwritable(folder: Path, why: str | None) -> MissingDataError:
    remedy = "set XDG_CACHE_HOME to a folder that can be, or give --data-dir"
    return MissingDataError(f"the cache cannot be written ({why})", where=folder, remedy=remedy)


def _from_any(
    mirrors: Sequence[str], file: MnistFile, received: Callable[[int], None], silent: dict[str, float]
) -> bytes:
    """Return the verified bytes of `file` from the first mirror that delivers them.

    Mirrors that are in `silent`, with the seconds that they were waited for, are passed over; more of them are added.
    """
    failures = [f"{urlsplit(mirror).netloc}: no answer in {seconds:.1f} s" for mirror, seconds in silent.items()]
    left = ANSWER_SECONDS - sum(silent.values())
    asked = [mirror for mirror in mirrors if mirror not in silent]
    for index, mirror in enumerate(asked):
        url = f"{mirror.rstrip('/')}/{file.name}.gz"
        clock = _Clock(left / (len(asked) - index))
        try:
            packed = _receive(url, packed_limit(file.size), clock, received)
            data = unpack(io.BytesIO(packed), file.size, where=url)
            check(data, file, where=url)
            return data
        except (DataError, _MirrorError) as error:
            failures.append(f"{urlsplit(url).netloc}: {error.what if isinstance(error, DataError) else error}")
            if isinstance(error, _SilentError):
                silent[mirror] = clock.answer
        left -= clock.waited
    raise MissingDataError(f"cannot be downloaded ({'; '.join(failures)})", where=file.name, remedy=REMEDY)


class _Clock:
    """How long a mirror may still take: a short time to answer, then a longer one from chunk to chunk."""

    def __init__(self, answer: float) -> None:
        self.answer = answer
        self.begin = time.monotonic()
        self.waited = 0.0
        self.answered = False

    def left(self) -> float:
        spent = time.monotonic() - self.begin
        return max(0.0, min(STALL_SECONDS, FILE_SECONDS - spent) if self.answered else self.answer - spent)

    def stop_waiting(self) -> None:
        if not self.answered:
            self.waited = time.monotonic() - self.begin


def _receive(url: str, limit: int, clock: _Clock, received: Callable[[int], None]) -> bytes:
    """Return what lies at `url`, at most `limit` bytes.

    The transfer runs in a thread of its own, because neither looking up a name nor a mirror that drips heeds the time
    limits of a socket. It is left to itself when its time is over and ends with its own socket's.
    """
    items: queue.Queue[bytes | Exception | None] = queue.Queue()
    over = threading.Event()
    threading.Thread(target=_transfer, args=(url, limit, items, over), daemon=True, name="mnist-download").start()
    data = bytearray()
    try:
        while True:
            try:
                item = items.get(timeout=clock.left())
            except queue.Empty:
                if clock.answered:
                    raise _MirrorError("stalled") from None
                raise _SilentError(f"no answer in {clock.answer:.1f} s") from None
            finally:
                clock.stop_waiting()
            if isinstance(item, Exception):
                raise _MirrorError(_reason(item)) from item
            if item is None:
                return bytes(data)
            clock.answered = True
            data += item
            received(len(data))
            if len(data) > limit:
                raise _MirrorError(f"sends more than {limit:,} bytes")
    finally:
        over.set()


def _transfer(url: str, limit: int, items: "queue.Queue[bytes | Exception | None]", over: threading.Event) -> None:
    """Put the response's chunks into `items`, first an empty one when it begins, then None; or the exception."""
    try:
        request = Request(url, headers={"User-Agent": "robustmnist"})
        with urlopen(request, timeout=STALL_SECONDS) as response:
            items.put(b"")
            size = 0
            while size <= limit and not over.is_set() and (chunk := response.read1(CHUNK)):
                size += len(chunk)
                items.put(chunk)
        items.put(None)
    except Exception as error:  # whatever a mirror, proxy or resolver does wrong, the next mirror is tried
        if isinstance(error, HTTPError):
            error.close()
        items.put(error)


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"HTTP {error.code}"
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause) or type(cause).__name__
