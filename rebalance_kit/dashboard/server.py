"""The desk's server: Voila, closed down to one reader on this machine.

What is changed in Voila, and why:

- A page that is left must take its kernel with it. Voila's own shut-down call fails its XSRF check (a beacon cannot
  carry the token), so every closed tab leaks a kernel. `Goodbye` accepts the call from the page's own origin instead.
- Voila hard-codes `allow_remote_access=True`, which lets any Host header in (DNS rebinding). `Door` refuses every
  request, of every handler, whose Host is not this loopback address and port.
- Nobody gets in without the token of the printed address, and no form asks for one: `Locked` answers in words.
- Messages are sent without delay (`Wire`).
- No files, no sources, no tracebacks, no templates by query string, no configuration files from the folder.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path
from jupyter_core.utils import run_sync
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from tornado import httputil, ioloop, netutil, web
from tornado.httpserver import HTTPServer
from tornado.routing import Router
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from rebalance_kit.dashboard import wording

_log = logging.getLogger(__name__)
ADDRESS = "127.0.0.1"
# The front-end extensions that the desk uses: without the first two the page stays blank.
EXTENSIONS = ["@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget"]
MESSAGE_LIMIT = 16 * 1024 * 1024  # bytes of one websocket message
PING = 30_000  # milliseconds
IDLE_KERNEL = 1800  # seconds without a page


def security_headers(port: int) -> dict[str, str]:
    """Sent with every page: nothing but this server may be loaded, embedded in, or told where the reader came from.

    The front end needs inline scripts, `eval` and blobs; widgets need inline styles and data images.
    """
    sockets = f"ws://{ADDRESS}:{port} ws://localhost:{port}"
    policy = (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        f"connect-src 'self' {sockets}",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def configuration(token: str, port: int, *, preheat: bool, posix: bool) -> Config:
    """Voila's settings for the desk."""
    config = Config()
    config.Voila.ip = ADDRESS
    config.Voila.token = token
    config.Voila.open_browser = False
    config.Voila.log_level = logging.ERROR
    config.Voila.config_file_paths = []  # a voila.json that lies in a folder decides nothing
    config.Voila.identity_provider_class = OneReader
    config.Voila.tornado_settings = {
        "allow_remote_access": False,
        "websocket_max_message_size": MESSAGE_LIMIT,
        "ws_ping_interval": PING,
        "ws_ping_timeout": PING,
        "headers": security_headers(port),
        "serve_traceback": False,
        "log_function": _log_failure,
    }
    config.VoilaConfiguration.template = "rk"
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.strip_sources = True
    config.VoilaConfiguration.show_tracebacks = False
    config.VoilaConfiguration.file_allowlist = []
    config.VoilaConfiguration.extension_allowlist = EXTENSIONS
    config.VoilaConfiguration.preheat_kernel = preheat
    config.MappingKernelManager.cull_idle_timeout = IDLE_KERNEL
    config.MappingKernelManager.cull_interval = 60
    config.MappingKernelManager.cull_connected = False
    if posix:
        config.KernelManager.transport = "ipc"  # a kernel's sockets are files of this user, not open ports
    return config


class Locked(JupyterHandler):
    """What a visitor without the token sees, whatever they asked for."""

    @allow_unauthenticated
    def get(self) -> None:
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{wording.LOCKED.ko}\n{wording.LOCKED.en}\n")


class OneReader(IdentityProvider):
    """The token of the printed address, then a cookie that no other site can make the browser send."""

    @property
    def auth_enabled(self) -> bool:
        return True

    def get_handlers(self) -> list[tuple[str, object]]:
        return [(r"/login", Locked)]

    def set_login_cookie(self, handler: web.RequestHandler, user: User) -> None:
        self.cookie_options = {"samesite": "Strict", "httponly": True}
        super().set_login_cookie(handler, user)


class Goodbye(VoilaShutdownKernelHandler):  # type: ignore[misc]  # voila is not typed
    """A page says that it is being left. Only the page's own origin may say so."""

    def check_xsrf_cookie(self) -> None:
        if self.request.headers.get("Origin") != f"{self.request.protocol}://{self.request.host}":
            raise web.HTTPError(403)


class Door(Router):
    """Refuses a request by its Host header before any handler sees it, then hands it to the application."""

    def __init__(self, application: web.Application, port: int) -> None:
        self.application = application
        self.hosts = {f"{name}:{port}" for name in (ADDRESS, "localhost")}

    def find_handler(self, request: httputil.HTTPServerRequest, **kwargs: Any) -> httputil.HTTPMessageDelegate | None:
        if request.host.lower() in self.hosts:
            return self.application.find_handler(request, **kwargs)
        return self.application.get_handler_delegate(request, web.ErrorHandler, {"status_code": 403})


class Wire(VoilaKernelWebsocketHandler):  # type: ignore[misc]  # jupyter_server hides its type
    """Sends every message at once: a slider's answer is several small ones, and the system would hold the second back
    for 40 ms in the hope of more."""

    async def open(self, kernel_id: str) -> None:
        self.set_nodelay(True)
        await super().open(kernel_id)


class DeskServer(Voila):  # type: ignore[misc]  # voila is not typed
    """Voila behind its `Door`, on a port that the system chose before anything was configured."""

    sockets: list[socket.socket]
    on_ready: Callable[[str, Path], None] = staticmethod(lambda _url, _private_folder: None)
    each_second: Callable[[], None] = staticmethod(lambda: None)

    @property
    def data_dir(self) -> str:
        """Where Voila's themes are: its own first guess is the folder of our template, which has none."""
        homes = [Path(home) for home in jupyter_path("voila")]
        return str(next(home for home in homes if (home / "themes").is_dir()))

    def init_settings(self) -> dict[str, Any]:
        """Every error page is our own: the stock ones link to a CDN, or need files that are not served."""
        settings: dict[str, Any] = super().init_settings()
        return {**settings, "jinja2_env": settings["voila_jinja2_env"]}

    def init_handlers(self) -> list[Any]:
        return [_with_ours(handler) for handler in super().init_handlers()]

    def listen(self) -> None:
        """Serve until a signal says to stop; then end the kernels, and only then remove their sockets."""
        http = HTTPServer(Door(self.app, self.port))
        http.add_sockets(self.sockets)
        self.ioloop = ioloop.IOLoop.current()
        ioloop.PeriodicCallback(self.each_second, 1000).start()
        if hasattr(signal, "SIGHUP"):  # a closed terminal ends the desk like Ctrl+C
            signal.signal(signal.SIGHUP, self._handle_signal_stop)
        self.on_ready(f"http://{ADDRESS}:{self.port}/?token={self.token}", Path(self.connection_dir))
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            self.log.info("interrupted")
        finally:
            http.stop()
            self.stop()

    def stop(self) -> None:
        run_sync(self.kernel_manager.shutdown_all)()
        shutil.rmtree(self.connection_dir, ignore_errors=True)


class Discreet(logging.Filter):
    """Keeps the token out of whatever is logged."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = record.getMessage().replace(self.token, "***"), ()
        return True


def _quiet_logs(token: str) -> None:
    """Refusals are no news for the terminal of the person at the desk; failures are, without the token."""
    for name in ("access", "application", "general"):
        log = logging.getLogger(f"tornado.{name}")
        log.setLevel(logging.ERROR)
        log.addFilter(Discreet(token))


def _log_failure(handler: web.RequestHandler) -> None:
    if handler.get_status() >= 500:
        _log.error("%s %s: %s", handler.request.method, handler.request.path, handler.get_status())


_OURS = {VoilaShutdownKernelHandler: Goodbye, VoilaKernelWebsocketHandler: Wire}


def _with_ours(handler: tuple[Any, ...]) -> tuple[Any, ...]:
    return (handler[0], _OURS.get(handler[1], handler[1]), *handler[2:])


def build(notebook: Path, *, port: int = 0, preheat: bool = False, posix: bool = True) -> DeskServer:
    """A server for one notebook, its port already bound on loopback (0: a free one). OSError when it is taken."""
    sockets = netutil.bind_sockets(port, ADDRESS)
    bound = sockets[0].getsockname()[1]
    token = secrets.token_hex(32)
    _quiet_logs(token)
    server = DeskServer(config=configuration(token, bound, preheat=preheat, posix=posix))
    server.notebook_path = str(notebook)
    server.initialize([])
    server.port, server.sockets = bound, sockets
    return server
