"""Every fault of the catalogue has its number, and the tests it names exist."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.fault_catalogue import FAULTS, Fault

HERE = Path(__file__).parent


@cache
def functions(file: str) -> frozenset[str]:
    """The names of a test file's functions."""
    tree = ast.parse((HERE / f"{file}.py").read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_the_numbers_are_1_to_95() -> None:
    assert [fault.number for fault in FAULTS] == list(range(1, 96))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"F{fault.number:02}")
def test_a_fault_is_shown_by_tests_that_exist_or_says_why_not(fault: Fault) -> None:
    assert bool(fault.tests) != bool(fault.later)
    for test in fault.tests:
        file, _, name = test.partition("::")
        assert name in functions(file), test
