"""The sockets: one port for each environment, on loopback only.

The standard library's threading server, because a rehearsal must be able to do to a connection what no web framework
allows: cut it in the middle, say nothing, send half a body.
"""

from __future__ import annotations

import json
import socket
import struct
from contextlib import suppress
from datetime import UTC
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from rebalance_kit.brokers.kis.rehearsal import admin
from rebalance_kit.brokers.kis.rehearsal.service import Answer, Request, Service
from rebalance_kit.brokers.kis.rehearsal.world import Environment

LOOPBACK = "127.0.0.1"
_LARGEST_BODY = 65_536
_ADMIN_HEADER = "x-rehearsal"


class Server:
    """One environment at one port, in a thread of its own."""

    def __init__(self, service: Service, environment: Environment, port: int = 0) -> None:
        self.over = Event()
        handler = type("Handler", (_Handler,), {"service": service, "environment": environment, "over": self.over})
        self._http = _Http((LOOPBACK, port), handler)
        self._thread = Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The address to call."""
        return f"http://{LOOPBACK}:{self._http.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def abandon(self) -> None:
        """Let go of a port that was never served."""
        self._http.server_close()

    def close(self) -> None:
        """Stop listening; requests that hang are let go."""
        self.over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is nothing to print about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Rehearsal"
    sys_version = ""
    timeout = 5  # idle connections end soon, as those of the service do
    wbufsize = 65_536  # head and body leave in one piece
    disable_nagle_algorithm = True
    service: Service
    environment: Environment
    over: Event

    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def do_DELETE(self) -> None:
        self._respond("DELETE")

    def _respond(self, method: str) -> None:
        length = self.headers.get("content-length") or "0"
        if not length.isdigit() or int(length) > _LARGEST_BODY or not self._is_local():
            self.close_connection = True
            return self._send(Answer(400))
        raw = self.rfile.read(int(length))
        address = urlsplit(self.path)
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = None
        if address.path.startswith(admin.PREFIX):
            return self._send(self._admin(method, address.path, body))
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        request = Request(self.environment, method, address.path, query, body, headers)
        return self._deliver(self.service.handle(request))

    def _admin(self, method: str, path: str, body: Any) -> Answer:
        if _ADMIN_HEADER not in self.headers:  # a page in a browser cannot send it without asking first
            return Answer(403)
        status, found = admin.handle(self.service, method, path.removeprefix(admin.PREFIX), body)
        return Answer(status, json.dumps(found, ensure_ascii=False).encode(), {"content-type": "application/json"})

    def _is_local(self) -> bool:
        host = (self.headers.get("host") or "").rsplit(":", 1)[0]
        return host in (LOOPBACK, "localhost")

    def _deliver(self, answer: Answer) -> None:
        if answer.wait:
            self.over.wait(answer.wait)
        if answer.how in ("cut", "hang"):
            self.close_connection = True
            if answer.how == "cut":
                reset = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            with suppress(OSError):
                self.connection.close()
            return
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002 - the time is ours
        """The Date header tells the time of the rehearsal."""
        return format_datetime(self.service.world.clock.now().astimezone(UTC), usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are kept in memory; a query with an account number goes nowhere else."""
