"""How fast the desk is, in a real Chromium: run it by hand on a quiet machine.

    python -m tests.benchmarks.bench_dashboard [portfolios folder]

Two questions. How long from a key press on a slider to the frame that draws the new chart (goal: median <= 30 ms,
95 % of presses <= 60 ms)? How long from asking for the page to its first widget, against a notebook
of one label served the same way (goal: <= 1.5 times)?
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from tests.desk import ROOT, Served, Visit, chromium, serve, visit

PRESSES = 33  # the first three warm up and are dropped
BURST = 30
VISITS = 6  # and one to warm up
_PROBE = """() => {
    window.probe = {pressed: 0, took: [], changes: 0};
    addEventListener("keydown", () => { probe.pressed = performance.now(); }, true);
    new MutationObserver(() => {
        probe.changes += 1;
        requestAnimationFrame(() => { probe.took.push(performance.now() - probe.pressed); });
    }).observe(document.querySelector(".rk-drift .widget-html-content"), {childList: true});
}"""
_LABEL = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "label",
            "metadata": {},
            "outputs": [],
            "source": ["import ipywidgets\n", "ipywidgets.Label('hello')"],
        }
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@dataclass(frozen=True)
class Latency:
    """Milliseconds from key to chart; after a burst of keys, how long until the last one was drawn, and whether the
    chart then shows the last weights."""

    each: list[float]
    drained: float
    final_is_last: bool

    @property
    def median(self) -> float:
        return statistics.median(self.each)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.each, n=20, method="inclusive")[-1]


def slider_latency(seen: Visit, presses: int = PRESSES) -> Latency:
    """Key presses on the first slider, one after the other, then a burst."""
    page = seen.page
    page.evaluate(_PROBE)
    page.locator(".rk-ed-slider").first.focus()
    for count in range(1, presses + 1):
        page.keyboard.press("ArrowRight" if count % 2 else "ArrowLeft")
        page.wait_for_function("count => probe.took.length >= count", arg=count, polling=5)
        page.wait_for_timeout(20)
    each = [float(took) for took in page.evaluate("probe.took")][3:]
    for _ in range(BURST):
        page.keyboard.press("ArrowRight")
    last, quiet = -1, time.monotonic()
    while time.monotonic() - quiet < 0.4:
        if (changes := page.evaluate("probe.changes")) != last:
            last, quiet = changes, time.monotonic()
        time.sleep(0.005)
    drained = page.evaluate("probe.took.at(-1)")
    weight = page.locator(".rk-ed-number").first.input_value()
    current = page.locator(".rk-ed-facts").first.inner_text().split()[-1].rstrip("%")
    wanted = float(current) - float(weight)
    shown = page.locator(".rk-svg svg g > text[text-anchor=end]").nth(1).text_content() or ""
    return Latency(each, float(drained), abs(float(shown) - wanted) < 0.011)


def seconds_until(browser: Browser, desk: Served, ready: str) -> float:
    """From asking for the page until something is seen."""
    start = time.monotonic()
    with visit(browser, desk, ready=ready):
        took = time.monotonic() - start
    desk.wait_for_kernels(0)
    return took


def label_notebook(folder: Path) -> Path:
    """A notebook that shows one label: the floor."""
    path = folder / "label.ipynb"
    path.write_text(json.dumps(_LABEL), encoding="utf-8")
    return path


def main(portfolios: Path) -> None:
    with (
        chromium() as browser,
        tempfile.TemporaryDirectory() as scratch,
        serve(portfolios) as desk,
        serve(portfolios, notebook=label_notebook(Path(scratch))) as label,
    ):
        with visit(browser, desk) as seen:
            latency = slider_latency(seen)
        asked = {
            "one label": (label, ".widget-label"),
            "first widget": (desk, ".rk-brand h1"),
            "all figures": (desk, ".rk-ed-row"),
        }
        took: dict[str, list[float]] = {name: [] for name in asked}
        for _ in range(VISITS + 1):  # in turns, so that what else the machine does hits all alike
            for name, (served, ready) in asked.items():
                took[name].append(seconds_until(browser, served, ready))
    print(f"slider to chart: median {latency.median:.1f} ms, p95 {latency.p95:.1f} ms, max {max(latency.each):.1f} ms")
    print(f"burst of {BURST}: drawn {latency.drained:.0f} ms after the last key, last weights: {latency.final_is_last}")
    base = statistics.median(took["one label"][1:])
    for name, seconds in took.items():
        middle = statistics.median(seconds[1:])
        print(f"{name}: median {middle:.2f} s of {[round(t, 2) for t in seconds[1:]]}, {middle / base:.2f} x one label")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "portfolios")
