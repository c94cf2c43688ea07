"""Downloading from mirrors that deliver, refuse, lie, stall, or are not there."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from support import small_mnist
from support.local_mirror import Mirror

from robustmnist.data import load_dataset
from robustmnist.data.sources import mnist
from robustmnist.data.sources.download import MIRRORS
from robustmnist.data.sources.download import _Clock as Clock
from robustmnist.errors import DataError

MODULE = "robustmnist.data.sources.download"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    return small_mnist.install(monkeypatch)


@pytest.fixture
def mirror(small: dict[str, bytes]) -> Iterator[Mirror]:
    server = Mirror(small)
    yield server
    server.close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the cache folder, not made yet; no proxy and no variable stands between."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ROBUSTMNIST_DATA", raising=False)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "*")
    return tmp_path / "cache" / "robustmnist"


def test_the_mirrors_are_torchvisions() -> None:
    from torchvision.datasets import MNIST

    assert list(MIRRORS) == MNIST.mirrors


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def use(monkeypatch: pytest.MonkeyPatch, *mirrors: str) -> None:
    monkeypatch.setattr(f"{MODULE}.MIRRORS", mirrors)


def test_a_download_is_kept_and_shown(
    mirror: Mirror, small: dict[str, bytes], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, mirror.url("good"))
    seen: list[tuple[int, int, int]] = []
    dataset = load_dataset("auto", on_progress=lambda *step: seen.append(step))
    assert (len(dataset), dataset.provenance.fallback) == (30, False)
    assert dataset.provenance.source == str(cache / "MNIST" / "raw")
    assert {name: (cache / "MNIST" / "raw" / name).read_bytes() for name in files(cache)} == {
        name: data for name, data in small.items() if name.startswith("t10k")
    }
    total = sum(file.packed for file in mnist.PARTS["test"])
    assert [step[0] for step in seen] == sorted(step[0] for step in seen)
    assert {step[1:] for step in seen} == {(total, 0)}
    assert 0 < seen[-1][0] <= total
    load_dataset("mnist")
    assert len(mirror.requests) == 2  # the second time nothing was fetched
    assert len(load_dataset("mnist", part="train")) == 70


def test_only_what_is_missing_is_fetched(
    mirror: Mirror, small: dict[str, bytes], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, mirror.url("good"))
    small_mnist.write(cache / "raw", {"t10k-images-idx3-ubyte": small["t10k-images-idx3-ubyte"]})
    load_dataset("mnist")
    assert mirror.requests == ["/good/t10k-labels-idx1-ubyte.gz"]


BAD = {
    "forbidden": "HTTP 403",
    "wrong": "is not an IDX file|holds",
    "page": "is a damaged gzip file",
    "edited": "was edited",
    "short": "is truncated: its gzip stream ends early",
    "bomb": "sends more than|goes on|holds|is not an IDX file",
    "endless": "sends more than 24,771 bytes",
    "plain": "is a damaged gzip file",
}


@pytest.mark.parametrize("manner", BAD)
def test_a_bad_mirror_is_named_and_leaves_nothing(
    manner: str, mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, mirror.url(manner))
    with pytest.raises(DataError, match=rf"127.0.0.1:\d+: ({BAD[manner]}).*; give the folder") as caught:
        load_dataset("mnist")
    assert "\n" not in str(caught.value)
    assert files(cache.parent) == []
    dataset = load_dataset("auto")
    assert (dataset.name, dataset.provenance.fallback) == ("digits", True)


@pytest.mark.parametrize("manner", [*BAD, "stall", "drip", "mute"])
def test_the_next_mirror_serves(manner: str, mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{MODULE}.STALL_SECONDS", 1.0)
    monkeypatch.setattr(f"{MODULE}.FILE_SECONDS", 1.0)
    monkeypatch.setattr(f"{MODULE}.ANSWER_SECONDS", 1.5)
    use(monkeypatch, mirror.url(manner), mirror.url("good"))
    dataset = load_dataset("mnist")
    assert (len(dataset), dataset.provenance.fallback) == (30, False)
    assert files(cache) == ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


@pytest.mark.parametrize("manner", ["stall", "drip"])
def test_a_stall_ends(manner: str, mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{MODULE}.STALL_SECONDS", 1.0)
    monkeypatch.setattr(f"{MODULE}.FILE_SECONDS", 1.5)
    use(monkeypatch, mirror.url(manner))
    begin = time.monotonic()
    with pytest.raises(DataError, match=r"stalled|timed out"):
        load_dataset("mnist")
    assert time.monotonic() - begin < 4
    assert files(cache.parent) == []


def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


@pytest.fixture
def silent() -> Iterator[str]:
    """Yield the address of a port that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_no_network_costs_three_seconds_at_most(
    silent: str, cache: Path, small: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, silent, silent)
    load_dataset("digits")  # imports are not to be timed
    begin = time.monotonic()
    with pytest.raises(DataError, match=r"no answer in 1\.5 s; .*no answer in 1\.5 s"):
        load_dataset("mnist")
    assert time.monotonic() - begin < 4.5  # 3 s and what a busy machine adds
    assert files(cache.parent) == []


def test_a_silent_mirror_is_asked_once(
    silent: str, mirror: Mirror, cache: Path, small: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[float] = []

    def clock(answer: float) -> Clock:
        answers.append(answer)
        return Clock(answer)

    monkeypatch.setattr(f"{MODULE}._Clock", clock)
    monkeypatch.setattr(f"{MODULE}.ANSWER_SECONDS", 1.5)
    use(monkeypatch, silent, mirror.url("good"))
    assert len(load_dataset("mnist")) == 30
    assert len(mirror.requests) == 2
    # Half of the time for the silent one and the rest for the other one, for the second file too.
    assert (len(answers), answers[0], answers[2]) == (3, 0.75, 0.75)


def test_a_mirror_that_falls_silent_is_told_with_the_one_before(
    silent: str, mirror: Mirror, cache: Path, small: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = mirror.answer

    def once(handler: BaseHTTPRequestHandler, manner: str, name: str) -> None:
        answer(handler, "good" if len(mirror.requests) == 1 else "mute", name)

    monkeypatch.setattr(mirror, "answer", once)
    monkeypatch.setattr(f"{MODULE}.ANSWER_SECONDS", 1.6)
    use(monkeypatch, silent, mirror.url("good"))
    with pytest.raises(DataError, match=r"t10k-labels.* \(127.*no answer in 0\.8 s; 127.*no answer in 0\.8 s\)"):
        load_dataset("mnist")


def test_the_digits_are_advised_for_testing_alone(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, closed_port())
    for name in ("mnist", "auto"):
        with pytest.raises(DataError, match=r"; give the folder that holds MNIST with --data-dir$"):
            load_dataset(name, part="train")
    with pytest.raises(DataError, match=r"leave --data-dir out to download it$"):
        load_dataset("mnist", part="train", data_dir=cache.parent)
    with pytest.raises(DataError, match=r"or use --dataset digits$"):
        load_dataset("mnist")


def test_a_name_server_that_is_silent_is_not_waited_for(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(20) and [])
    monkeypatch.setattr(f"{MODULE}.ANSWER_SECONDS", 0.4)
    use(monkeypatch, "http://mnist.invalid/", "http://mnist.example/")
    begin = time.monotonic()
    assert load_dataset("auto").name == "digits"
    assert time.monotonic() - begin < 3
    over.set()


def test_refused_and_unknown_hosts_fail_at_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, closed_port(), "http://mnist.invalid/", "nonsense", "file:///etc/")
    said: list[str] = []
    begin = time.monotonic()
    dataset = load_dataset("auto", notify=said.append)
    assert time.monotonic() - begin < 4
    assert dataset.provenance.fallback
    assert "Connection refused" in said[0]
    assert "mnist.invalid: " in said[0]
    with pytest.raises(DataError, match=r"t10k-images-idx3-ubyte: cannot be downloaded .*or use --dataset digits"):
        load_dataset("mnist")
    assert files(cache.parent) == []


def test_a_cache_that_cannot_be_made(
    mirror: Mirror, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, mirror.url("good"))
    (tmp_path / "cache").write_text("a file in the way")
    with pytest.raises(DataError, match=r"the cache cannot be written \(.*cache is not a folder\); set XDG_CACHE_HOME"):
        load_dataset("mnist")
    assert load_dataset("auto").name == "digits"
    assert mirror.requests == []


def test_a_cache_that_is_read_only(mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, mirror.url("good"))
    cache.mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(DataError, match=r"the cache cannot be written \(Permission denied\)"):
        load_dataset("mnist")
    assert load_dataset("auto").name == "digits"
    assert mirror.requests == []
    monkeypatch.undo()


def test_a_disk_that_fills_leaves_nothing(mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    use(monkeypatch, mirror.url("good"))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"the cache cannot be written \(No space left on device\)"):
        load_dataset("mnist")
    assert files(cache.parent) == []
    assert load_dataset("auto").name == "digits"


def test_an_interrupt_leaves_nothing(mirror: Mirror, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    use(monkeypatch, mirror.url("good"))
    with pytest.raises(KeyboardInterrupt):
        load_dataset("mnist", on_progress=interrupt)
    assert files(cache.parent) == []
