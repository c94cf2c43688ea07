"""The server behind a page: it answers that page and nothing else."""

import http.client
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.browser import needs_chromium, opened

from robustmnist.data import load_dataset
from robustmnist.errors import RunError
from robustmnist.models.checkpoints.checkpoint import load_checkpoint
from robustmnist.sketchpad.server import make_server

DIGIT = load_dataset("digits").rows(slice(3, 4))
BODY = DIGIT.numpy().astype("<f4").tobytes()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Yield the port of a server with two models."""
    server = make_server({name: load_checkpoint(name) for name in ("fc", "lenet5")}, load_dataset("digits"))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def ask(
    port: int, method: str = "POST", path: str = "/answers", body: bytes = BODY, **headers: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body if method == "POST" else None, given)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


@pytest.fixture(scope="module")
def key(port: int) -> str:
    """Return the key that stands in the page."""
    status, html = ask(port, "GET", "/")
    computed = re.search(r'"key":"([\w-]{20,})"', html.decode())
    assert status == 200
    assert computed is not None
    return computed[1]


def test_the_models_themselves_answer(port: int, key: str) -> None:
    status, content = ask(port, X_Page=key, Origin=f"http://127.0.0.1:{port}")
    assert status == 200
    for name, logits in zip(("fc", "lenet5"), json.loads(content), strict=True):
        np.testing.assert_allclose(logits, load_checkpoint(name)(DIGIT)[0].numpy(), rtol=0, atol=1e-6)


def test_attributions(port: int, key: str) -> None:
    status, content = ask(port, path="/attributions?model=1&class=3", X_Page=key)
    assert status == 200
    heat = torch.tensor(json.loads(content))
    assert heat.shape == (784,)
    assert bool(heat.any())


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"X_Page": "guessed"}, 403),
        ({}, 403),
        ({"X_Page": "KEY", "Host": "example.org"}, 403),
        ({"X_Page": "KEY", "Origin": "http://example.org"}, 403),
        ({"X_Page": "KEY", "Origin": "null"}, 403),
        ({"X_Page": "KEY", "body": BODY[:-4]}, 400),
        ({"X_Page": "KEY", "body": BODY + bytes(4)}, 400),
        ({"X_Page": "KEY", "body": np.full(784, np.nan, "<f4").tobytes()}, 400),
        ({"X_Page": "KEY", "body": np.full(784, 2, "<f4").tobytes()}, 400),
        ({"X_Page": "KEY", "path": "/attributions?model=2&class=3"}, 404),
        ({"X_Page": "KEY", "path": "/attributions?model=0&class=10"}, 404),
        ({"X_Page": "KEY", "path": "/elsewhere"}, 404),
        ({"method": "GET", "path": "/../etc/passwd"}, 404),
        ({"method": "GET", "path": "/", "Host": "example.org"}, 403),
        ({"method": "GET", "path": "/", "Origin": "http://example.org"}, 403),
    ],
)
def test_everybody_else_is_refused(given: dict[str, Any], status: int, port: int, key: str) -> None:
    given = {name: key if value == "KEY" else value for name, value in given.items()}
    assert ask(port, **given)[0] == status


def test_a_port_that_is_taken_is_said(port: int) -> None:
    with pytest.raises(RunError, match=rf"port {port}: cannot be listened on"):
        make_server({"fc": load_checkpoint("fc")}, load_dataset("digits"), port)


@needs_chromium
def test_the_page_asks_its_server(port: int, tmp_path: Path) -> None:
    with opened(tmp_path) as page:
        page.size(1280, 900)
        page.go(f"http://127.0.0.1:{port}/")
        page.until("document.body.dataset.ready === 'yes'")
        page.run("byId('explain').value = '1'; all('[data-starter]')[3].click()")
        page.until("document.body.dataset.drawn === 'yes'")
        image = torch.tensor(page.run("Array.from(state.seen.images.mnist)")).view(1, 1, 28, 28)
        for k, name in enumerate(("fc", "lenet5")):
            computed = torch.tensor(page.run(f"state.seen.answers.mnist[{k}]"))
            torch.testing.assert_close(computed, load_checkpoint(name)(image)[0], atol=1e-4, rtol=0)
        page.until("byId('heat-mnist').dataset.of === 'lenet5'")
        assert page.complaints() == []
        assert {address.split("/")[2] for address in page.requests()} == {f"127.0.0.1:{port}"}
