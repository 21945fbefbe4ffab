"""The notebooks answer their questions, say what the script says, and are really compared when the tests run them.

`pytest --nbval` runs every notebook in `notebooks/` against its stored outputs; here stands what that does not show.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.folders import contents
from tests.tools.make_notebooks import NOTEBOOKS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"


def stored(name: str) -> list[dict[str, Any]]:
    """The cells of a notebook as they are on disk."""
    cells: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return cells


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def shown(cells: list[dict[str, Any]]) -> str:
    """Everything that the outputs of a notebook show."""
    return "\n".join(
        "".join(part)
        for cell in cells
        for output in cell.get("outputs", [])
        for part in [output.get("text", []), *output.get("data", {}).values()]
    )


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_says_what_the_script_says(name: str) -> None:
    assert [(cell["cell_type"], source(cell)) for cell in stored(name)] == NOTEBOOKS[name]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_opens_with_a_question_and_ends_with_its_answer(name: str) -> None:
    cells = stored(name)
    assert "?**" in source(cells[0])
    assert source(cells[-1]).startswith("**Answer.**")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_numbers_of_an_answer_were_shown_before(name: str) -> None:
    cells = stored(name)
    numbers = re.findall(r"\d[\d,]*\.?\d+", re.sub(r"`.*?`", "", source(cells[-1])))
    assert numbers
    assert [number for number in numbers if number not in shown(cells)] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_defines_nothing_and_its_cells_are_short(name: str) -> None:
    for cell in stored(name):
        if cell["cell_type"] == "code":
            nodes = list(ast.walk(ast.parse(source(cell))))
            assert not any(isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda) for node in nodes)
            assert len(source(cell).splitlines()) <= 8


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) >= 1
    return text.replace(old, new, 1)


def test_a_changed_number_fails_and_running_writes_nothing_into_the_portfolios(tmp_path: Path) -> None:
    """A digit in a table, one in a chart and one in printed text: each copy fails, the untouched one passes."""
    shutil.copytree(ROOT / "portfolios", tmp_path / "portfolios")
    before = contents(tmp_path / "portfolios")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    text = (FOLDER / "02_new_money.ipynb").read_text(encoding="utf-8")
    copies = {
        "same": text,
        "table": changed(text, "₩118,182", "₩118,183"),
        "chart": changed(text, "9.1% → 9.5%", "9.1% → 9.6%"),
        "print": changed(text, '"4,000,000\\n"', '"4,000,001\\n"'),
    }
    for name, copy in copies.items():
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text(copy, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=60",
         f"--nbval-sanitize-with={ROOT / 'tests' / 'nbval_sanitize.cfg'}", "-p", "no:cacheprovider", "notebooks"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    failed = set(re.findall(r"^FAILED notebooks/(\w+)\.ipynb", done.stdout, re.MULTILINE))
    assert failed == {"table", "chart", "print"}, done.stdout
    assert done.returncode == 1
    assert contents(tmp_path / "portfolios") == before
