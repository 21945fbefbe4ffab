"""`rebalance dashboard`: the desk's server and, beside it, the worker that alone may execute.

The server's kernels propose; the worker, another process, checks and sends. Neither listens to anybody but this
machine's user: the server on loopback behind a token, the worker on no port at all. They start and end together.
What the environment says of brokers, language models and messages is the worker's alone: no kernel inherits it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import webbrowser
from collections.abc import Mapping, MutableMapping, Sequence
from html import escape
from pathlib import Path
from threading import Thread

from rebalance_kit import arguments
from rebalance_kit.dashboard.session import ROOT_VARIABLE
from rebalance_kit.errors import UsageError
from rebalance_kit.execution.worker import start_worker
from rebalance_kit.words import Text

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "jupyter"
_NOTEBOOK = "dashboard"
_RESTARTS = 5  # a worker that dies more often stays dead: something is really wrong
_WORKERS_ALONE = ("KIS_", "REBALANCE_LLM_", "REBALANCE_NOTIFY_", "SLACK_", "TELEGRAM_", "SMTP_")  # beginnings of names
_PATIENCE = 5.0  # seconds that the worker gets to end by itself


def serve(
    folder: Path,
    *,
    port: int | None = None,
    notebook: str | None = None,
    open_browser: bool = True,
    preheat: bool = False,
) -> int:
    """Serve the desk of a portfolio folder, or of a folder of them, until Ctrl+C; returns the exit code.

    Prints one line: the address with its token. `port` None is a free one. `preheat` starts a kernel before the first
    visit: faster, but it has then waited for as long as the visit took to come. UsageError for a folder, notebook or
    port that cannot be used.
    """
    root = folder if folder.is_dir() else folder.parent
    if not folder.exists():
        raise _no_folder(folder)
    page = find_notebook(notebook or _NOTEBOOK)
    return serve_notebook(page, root, port=port, open_browser=open_browser, preheat=preheat)


def serve_notebook(
    page: Path, root: Path, *, port: int | None = None, open_browser: bool = False, preheat: bool = False
) -> int:
    """Serve one notebook file over the portfolios of `root`, as `serve` does."""
    whole = keep_secrets_from_kernels(os.environ)
    os.environ[ROOT_VARIABLE] = str(root.resolve())
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(_TEMPLATES), os.environ.get("JUPYTER_PATH")]))
    from rebalance_kit.dashboard.server import build  # takes a second and a half: only this command pays it

    try:
        server = build(page, port=port or 0, preheat=preheat, posix=os.name == "posix")
    except OSError:
        raise _port_taken(port) from None

    def announce(url: str, private: Path) -> None:
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        if open_browser:
            Thread(target=_open, args=(url, private), daemon=True).start()

    with Worker(root.resolve(), environment=whole) as worker:
        server.on_ready, server.each_second = announce, worker.watch
        server.start()
    return 0


def keep_secrets_from_kernels(environment: MutableMapping[str, str]) -> Mapping[str, str]:
    """The environment as it was, for the worker; what is only the worker's is taken out of the one that is given."""
    whole = dict(environment)
    for name in whole:
        if name.startswith(_WORKERS_ALONE):
            del environment[name]
    return whole


def find_notebook(name: str) -> Path:
    """The notebook of a name, in the source tree or in the installed package. UsageError naming those that exist."""
    folders = (_HERE / "notebooks", _HERE.parents[1] / "notebooks")
    found = {path.stem: path for folder in folders for path in sorted(folder.glob("*.ipynb"))}
    stem = name.removesuffix(".ipynb")
    if stem not in found:
        names = ", ".join(found)
        raise arguments.bad_argument("--notebook", name, Text(f"one of {names}", f"다음 중 하나: {names}"))
    return found[stem]


class Worker:
    """The process that executes proposals, started with the desk, ended with it, and started again if it dies."""

    def __init__(
        self, root: Path, command: Sequence[str] | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        self._root, self._command, self._environment = root, command, environment
        self.starts = 0
        self._process = self._start()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def watch(self) -> None:
        """Start it again when it has died. What it was doing is in the journal, where its next start finds it."""
        if self._process.poll() is not None and self.starts <= _RESTARTS:
            self._process = self._start()

    def stop(self) -> None:
        """Ask it to end, wait a little, then end it."""
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        return start_worker(self._root, self._command, self._environment)


def _open(url: str, private: Path) -> None:
    """Open the browser by way of a file: a command line, which other users can list, must not hold the token."""
    page = private / "open.html"
    page.touch(mode=0o600)
    page.write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={escape(url)}">'
        f'<a href="{escape(url)}">Rebalance</a>',
        encoding="utf-8",
    )
    webbrowser.open(page.as_uri())


def _no_folder(folder: Path) -> UsageError:
    return arguments.bad_argument(
        "DIR",
        str(folder),
        Text("a portfolio folder, or a folder of them", "포트폴리오 폴더, 또는 그런 폴더들이 있는 폴더"),
        Text("write a ready-made one with `rebalance demo DIR`", "`rebalance demo DIR`로 견본을 만들어 주세요"),
    )


def _port_taken(port: int | None) -> UsageError:
    return arguments.bad_argument(
        "--port",
        str(port),
        Text("a port that no other program uses", "다른 프로그램이 쓰지 않는 포트"),
        Text("leave --port out for a free one", "빈 포트를 쓰려면 --port를 빼 주세요"),
    )
