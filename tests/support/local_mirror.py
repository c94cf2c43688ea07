"""A mirror of MNIST on this machine that behaves as well or as badly as a test asks it to."""

import gzip
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Mirror"]

BOMB = gzip.compress(bytes(10_000_000))


class Mirror:
    """A web server on this machine whose behaviour is the first part of the path."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.requests: list[str] = []
        self.over = threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.requests.append(self.path)
                with suppress(OSError):
                    mirror.answer(self, *self.path.strip("/").split("/"))

            def log_message(self, *_: object) -> None:
                pass

        self.contents = contents
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, manner: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/{manner}/"

    def answer(self, handler: BaseHTTPRequestHandler, manner: str, name: str) -> None:
        data = gzip.compress(self.contents[name.removesuffix(".gz")])
        if manner == "forbidden":
            handler.send_error(403)
            return
        if manner == "mute":
            self.over.wait(20)
            return
        body = {
            "wrong": gzip.compress(b"\0" * 2_000),
            "page": b"<html>not here</html>",
            "edited": gzip.compress(self.contents[name.removesuffix(".gz")][:-1] + b"\7"),
            "short": data[: len(data) // 2],
            "bomb": BOMB,
            "endless": b"\x1f\x8b" + bytes(100_000),
            "plain": self.contents[name.removesuffix(".gz")],
        }.get(manner, data)
        handler.send_response(200)
        if manner != "endless":
            handler.send_header("Content-Length", str(len(data if manner == "short" else body)))
        handler.end_headers()
        if manner in ("stall", "drip"):
            handler.wfile.write(body[:100])
            while manner == "drip" and not self.over.wait(0.05):
                handler.wfile.write(b"x")
            self.over.wait(20)
            return
        handler.wfile.write(body)

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
