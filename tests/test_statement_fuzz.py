"""Damaged statements of every format: a value or one sentence, never a traceback, no total missed in silence."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.mutations import Tally, check, mutated
from tests.statement_files import SAMPLES

TEXTS = sorted(path for path in SAMPLES.iterdir() if path.suffix != ".xls")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_damaged_statement_is_read_or_refused_in_one_sentence(path: Path) -> None:
    dice = random.Random(path.name)
    data, tally = path.read_bytes(), Tally()
    for _ in range(60):
        check(path.name, mutated(data, dice), tally)
    assert tally.read + sum(tally.refused.values()) == 60


def test_a_damaged_workbook_too() -> None:
    dice = random.Random(1)
    data = (SAMPLES / "excel_old.xls").read_bytes()
    for _ in range(5):
        check("excel_old.xls", mutated(data, dice), Tally())
