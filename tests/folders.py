"""A small portfolio folder for tests of the command line, and what happened when a command ran there."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rebalance_kit.cli import main

POLICY = """\
portfolio:
  name: small
  base_currency: KRW
  allocation:
    core:
      weight: 0.70
      assets:
        - {ticker: KODEX 200, code: '069500', target: 0.40, min: 0.30, max: 0.50}
        - {ticker: TIGER 미국S&P500, code: '360750', target: 0.30}
    satellite:
      weight: 0.30
      assets:
        - {ticker: TIGER 반도체, code: '091230', target: 0.30}
  rebalancing:
    strategy: hybrid
    scheduled: {frequency: quarterly, months: [1, 4, 7, 10], day: first_business_day}
    drift_trigger: {threshold: 0.05}
  costs:
    etf_commission_rate: 0.00015
"""
HOLDINGS = """\
code,quantity,price
069500,100,30000
360750,200,20000
091230,50,40000
CASH,1000000,
"""
PRICES = """\
date,code,price,currency
2026-03-03,069500,31000,KRW
2026-03-03,360750,20500,KRW
2026-03-03,091230,39000,KRW
"""
ON = "2026-03-04"


def folder(where: Path, files: Mapping[str, str | bytes | None] | None = None) -> Path:
    """A portfolio folder; `files` replaces or, with None, leaves out some of its files."""
    where.mkdir(parents=True, exist_ok=True)
    content: dict[str, str | bytes | None] = {"portfolio.yaml": POLICY, "holdings.csv": HOLDINGS, "prices.csv": PRICES}
    for name, text in (content | dict(files or {})).items():
        if text is not None:
            (where / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return where


def contents(where: Path) -> dict[str, bytes]:
    """Every file below a folder, byte by byte."""
    return {str(path.relative_to(where)): path.read_bytes() for path in sorted(where.rglob("*")) if path.is_file()}


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document on stdout: exactly one."""
        return json.loads(self.out)


def rebalance(*words: str | Path) -> Ran:
    """Run a command in this process, with pipes for stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(word) for word in words])
    return Ran(code, out.getvalue(), err.getvalue())


def as_process(*words: str | Path) -> list[str]:
    """The command line of the same as a process of its own."""
    return [sys.executable, "-m", "rebalance_kit", *map(str, words)]


def without(text: str, *lines: str) -> str:
    """`text` without the lines that hold one of `lines`."""
    return "".join(f"{line}\n" for line in text.splitlines() if not any(part in line for part in lines))


def replaced(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    """`text` with each first part, which must be there, replaced by its second."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text
