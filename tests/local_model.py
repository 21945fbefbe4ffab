"""A language model of this computer: real HTTP on loopback, with answers by script."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import SecretStr

from rebalance_kit.proposals.model_settings import ModelSettings

KEY = "canary-model-key-4711"


@dataclass
class Script:
    """What the server answers, one entry per call (the last one stays), and what it was asked.

    An answer is the text of the model; a `bytes` is the whole body; an int is a status; a float seconds of silence.
    """

    answers: list[str | bytes | int | float]
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    address: str = ""

    def settings(self, *, google: bool = False) -> ModelSettings:
        return ModelSettings(self.address + ("/v1beta" if google else "/v1"), "test-model", SecretStr(KEY))


@contextmanager
def local_model(*answers: str | bytes | int | float) -> Iterator[Script]:
    script = Script(list(answers))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    script.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True).start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            script.asked.append(body)
            script.headers.append(dict(self.headers))
            script.paths.append(self.path)
            answer = script.answers[min(len(script.asked), len(script.answers)) - 1]
            if isinstance(answer, float):
                time.sleep(answer)
                answer = 503
            if isinstance(answer, int):
                self.send_response(answer)
                if answer in (301, 302):
                    self.send_header("Location", "http://127.0.0.1:1/stolen")
                self.end_headers()
                return
            reply = answer if isinstance(answer, bytes) else json.dumps(_reply(self.path, answer)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            """Silence."""

    return Handler


def _reply(path: str, text: str) -> dict[str, Any]:
    if path.endswith(":generateContent"):
        return {
            "candidates": [{"content": {"parts": [{"text": text}]}}],
            "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 20, "thoughtsTokenCount": 5},
        }
    return {"choices": [{"message": {"content": text}}], "usage": {"prompt_tokens": 100, "completion_tokens": 25}}
