"""A desk to test: a served folder, a real headless Chromium, and pages that tell what they asked the network for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
SCREENSHOTS = Path(__file__).parent / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
]  # fmt: skip
READY = ".rk-ed-row"


@dataclass
class Served:
    """A running desk."""

    url: str
    process: subprocess.Popen[str]
    said: TextIO

    def complaints(self) -> str:
        """Everything that it has written to its error stream."""
        self.said.seek(0)
        return self.said.read()

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def kernels(self) -> list[int]:
        """The process ids of the kernels that the desk runs."""
        return [pid for pid, line in _children(self.process.pid) if "ipykernel" in line]

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        return [pid for pid, line in _children(self.process.pid) if " worker " in line]

    def wait_for_kernels(self, count: int, seconds: float = 5) -> list[int]:
        """The kernels once there are `count`, or whatever there are when the time is up."""
        end = time.monotonic() + seconds
        while len(found := self.kernels()) != count and time.monotonic() < end:
            time.sleep(0.1)
        return found


@dataclass
class Visit:
    """An open page and what went wrong on it."""

    page: Page
    origin: str
    source: str = ""  # the page as the server sent it
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def shot(self, name: str) -> None:
        """Store a picture of the whole page for a person to look at."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def text(self, selector: str) -> str:
        """What a person reads there, with single spaces."""
        return " ".join(self.page.locator(selector).first.inner_text().split())

    def weights(self) -> dict[str, int]:
        """The numbers of the editor in basis points, by code."""
        rows = self.page.locator(".rk-ed-row").all()
        return {
            row.get_attribute("data-code") or "": round(float(row.locator(".rk-ed-number").input_value()) * 100)
            for row in rows
        }


@contextmanager
def serve(folder: Path, *, notebook: Path | None = None) -> Iterator[Served]:
    """`rebalance dashboard FOLDER`, or another notebook file behind the same launcher."""
    if notebook is None:
        command = ["-m", "rebalance_kit", "dashboard", str(folder), "--no-browser"]
    else:
        load = "import sys; from pathlib import Path; from rebalance_kit.dashboard.launcher import serve_notebook"
        command = ["-c", f"{load}; serve_notebook(Path(sys.argv[1]), Path(sys.argv[2]))", str(notebook), str(folder)]
    # What it says goes to a file: a pipe that nobody reads would stop the server once it is full.
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, stderr=said, text=True, cwd=ROOT)
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            served = Served(url, process, said)
            assert url.startswith("http://127.0.0.1:"), served.complaints()
            yield served
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium. Without one the test is skipped, and fails where CI=true."""
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing: apt-get install chromium")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(
    browser: Browser, desk: Served, *, width: int = 1280, height: int = 900, dark: bool = False, ready: str = READY
) -> Iterator[Visit]:
    """A page of the desk, left in the way that ends its kernel. What it asks of other machines is recorded."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", locale="ko-KR"
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    seen = Visit(page, desk.origin)
    page.on("request", lambda request: _record(seen, request.url))
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda line: seen.errors.append(line.text) if line.type == "error" else None)
    try:
        reply = page.goto(desk.url)
        seen.source = reply.text() if reply else ""
        page.wait_for_selector(ready)
        yield seen
    finally:
        page.goto("about:blank")  # closing a page at once does not tell the server that it was left
        context.close()


def _record(seen: Visit, url: str) -> None:
    if not url.startswith((seen.origin, "data:", "blob:", "about:")):
        seen.outside.append(url)


def _children(parent: int) -> list[tuple[int, str]]:
    table = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in table.splitlines()]
    return [(int(pid), f"{line} ") for pid, ppid, line in rows if int(ppid) == parent]
