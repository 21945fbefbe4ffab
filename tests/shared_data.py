"""Real data beside the project: tests that want it skip where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared(path: str) -> Path:
    """A file of the shared data folder, such as `korea/kr_etf_raw_daily_2020_2025.csv.gz`; else the test skips."""
    file = SHARED / path
    if not file.exists():
        pytest.skip(f"no shared data: {path}")
    return file
