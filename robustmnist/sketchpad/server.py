"""The page with the models behind it: a server on this computer for one page, which alone may ask it.

For models that a page cannot compute: ONNX and code. It listens on the loopback address only. A question has to come
from the page itself: the Host and Origin headers are those of the server, which a page of another site that was led
here by its own name server (DNS rebinding) cannot have, and it carries a key that stands in the page alone.
"""

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import torch
from torch import Tensor

from robustmnist.data import Dataset
from robustmnist.errors import InputError, RobustMnistError, RunError
from robustmnist.explanation import check_method, explain
from robustmnist.models.checkpoints.checkpoint import Checkpoint
from robustmnist.sketchpad.page import render_page

__all__ = ["make_server", "serve_page"]

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
BODY = 784 * 4  # bytes of a question: one image, float32
METHOD, FALLBACK = "integrated-gradients", "occlusion"  # the second where there are no gradients


def serve_page(
    checkpoints: Mapping[str, Checkpoint], digits: Dataset, *, port: int = 0, on_start: Callable[[str], None]
) -> None:
    """Serve the page until it is interrupted; ``on_start(address)`` is called once it can be opened.

    Raises:
        RunError: If the port is taken.
    """
    with make_server(checkpoints, digits, port) as server:
        on_start(f"http://{HOST}:{server.server_address[1]}/")
        server.serve_forever()


def make_server(checkpoints: Mapping[str, Checkpoint], digits: Dataset, port: int = 0) -> ThreadingHTTPServer:
    """Return the server, which listens already; `port` 0 takes a free one."""
    key = secrets.token_urlsafe(24)
    try:
        server = ThreadingHTTPServer((HOST, port), _Handler)
    except OSError as cause:
        what = f"cannot be listened on ({cause.strerror})"
        raise RunError(what, where=f"port {port}", remedy="choose another --port, or none") from cause
    server.daemon_threads = True
    html = render_page(checkpoints, digits, key=key)
    served = _Served(html.encode(), key, list(checkpoints.values()), server.server_address[1])
    server.page = served  # type: ignore[attr-defined]
    return server


class _Served:
    """What the handlers share; the models answer one question at a time."""

    def __init__(self, html: bytes, key: str, models: list[Checkpoint], port: int) -> None:
        self.html, self.key, self.models = html, key, models
        self.hosts = {f"{name}:{port}" for name in NAMES}
        self.turn = Lock()

    def answers(self, image: Tensor) -> list[list[float]]:
        with self.turn:
            return [model(image)[0].tolist() for model in self.models]

    def attributions(self, image: Tensor, model: int, target: int) -> list[float]:
        checkpoint = self.models[model]
        try:
            check_method(METHOD, checkpoint)
            method = METHOD
        except InputError:
            method = FALLBACK
        with self.turn:
            heat = explain(checkpoint, image, torch.tensor([target]), method=method)
        return [round(value, 6) for value in heat.flatten().tolist()]


class _Handler(BaseHTTPRequestHandler):
    server_version = "robustmnist"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30

    @property
    def _page(self) -> _Served:
        page: _Served = self.server.page  # type: ignore[attr-defined]
        return page

    def do_GET(self) -> None:
        if not self._is_ours():
            self._refuse(HTTPStatus.FORBIDDEN, "This address answers its own page only.")
        elif self.path == "/":
            self._send(HTTPStatus.OK, self._page.html, "text/html; charset=utf-8")
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There is nothing here.")

    def do_POST(self) -> None:
        length, key = self.headers.get("Content-Length"), self.headers.get("X-Page", "")
        if not self._is_ours() or not hmac.compare_digest(key.encode(), self._page.key.encode()):
            self._refuse(HTTPStatus.FORBIDDEN, "This address answers its own page only.")
            return
        if length != str(BODY) or "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.BAD_REQUEST, f"An image has {BODY:,} bytes.")
            return
        image = torch.from_numpy(np.frombuffer(self.rfile.read(BODY), "<f4").copy()).view(1, 1, 28, 28)
        if not bool(((image >= 0) & (image <= 1)).all()):
            self._refuse(HTTPStatus.BAD_REQUEST, "Ink lies between 0 and 1.")
            return
        try:
            content = self._answered(image)
        except RobustMnistError as error:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
            return
        if content is None:
            self._refuse(HTTPStatus.NOT_FOUND, "There is nothing here.")
        else:
            self._send(HTTPStatus.OK, json.dumps(content).encode(), "application/json")

    def _answered(self, image: Tensor) -> Any:
        """Return the answer to the question in the address, or None where it is no question."""
        address = urlsplit(self.path)
        if address.path == "/answers":
            return self._page.answers(image)
        query = parse_qs(address.query)
        model, target = (query.get(name, [""])[0] for name in ("model", "class"))
        models = [str(index) for index in range(len(self._page.models))]
        if address.path != "/attributions" or model not in models or target not in "0123456789" or not target:
            return None
        return self._page.attributions(image, int(model), int(target))

    def _is_ours(self) -> bool:
        """Return whether the request is for this server by its own name, and from its own page or typed by hand."""
        origin = self.headers.get("Origin")
        return self.headers.get("Host") in self._page.hosts and (
            origin is None or origin.removeprefix("http://") == self.headers.get("Host")
        )

    def _refuse(self, status: HTTPStatus, what: str) -> None:
        self.close_connection = True  # a body may still lie there unread
        self._send(status, what.encode(), "text/plain; charset=utf-8")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ):
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        """Print nothing: the terminal is the user's."""
