"""The house as it was drawn: the tools agree, rooms stay small, nothing happens at import, clocks are arguments."""

from __future__ import annotations

import ast
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "rebalance_kit"
MODULES = sorted(PACKAGE.rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# Rooms that may read a clock: the front door, and what stands above it.
CLOCK_READERS = ("portfolio", "cli", "dashboard")
FRONT_DOORS = ("brokers/kis/probe.py",)  # a command of its own: it hands the clock to the room that measures
CLOCK = re.compile(
    r"(?:^|\.)(?:date|datetime|Timestamp)\.(?:today|now|utcnow)$"
    r"|^time\.(?:time|time_ns|localtime|gmtime|ctime|strftime)$"
)
HEAVY = ("pandas", "numpy", "scipy", "matplotlib", "ipywidgets", "highspy", "voila", "IPython")


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, *command]
    return subprocess.run(line, cwd=cwd, env=env, check=False, capture_output=True, encoding="utf-8", errors="replace")


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "ruff", "check", "--no-cache", "."),
        ("-m", "ruff", "format", "--no-cache", "--check", "."),
        ("-m", "mypy"),
        ("-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"),
    ],
    ids=["ruff check", "ruff format", "mypy", "lint-imports"],
)
def test_the_tools_find_nothing(command: tuple[str, ...]) -> None:
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr


def sources() -> list[Path]:
    kinds = {".py", ".js", ".css", ".j2", ".html", ".sql"}
    return [path for path in sorted(PACKAGE.rglob("*")) if path.suffix in kinds]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_past_350_lines_has_two_rooms_in_it(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 350


def clocks(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and CLOCK.search(name := ast.unparse(node)):
            yield f"line {node.lineno}: {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_room_below_the_front_door_reads_a_clock(path: Path) -> None:
    inside = path.relative_to(PACKAGE)
    if inside.parts[0] not in CLOCK_READERS and inside.as_posix() not in FRONT_DOORS:
        assert list(clocks(ast.parse(path.read_text(encoding="utf-8")))) == []


def test_the_search_for_clocks_finds_clocks() -> None:
    text = "import time, datetime as dt\ndt.datetime.now()\ndt.date.today\ntime.time()\nrow.now\ntime.monotonic()"
    assert len(list(clocks(ast.parse(text)))) == 3


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# Imports modules while an audit hook, which cannot be removed, watches for what an import must not do.
WATCH = """
import json, os, sys
import ipywidgets, numpy, voila.app, anywidget  # what others do when they are imported is theirs

acts = []

def watch(event, arguments):
    if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        acts.append(f"{event} {arguments[0]}")
    elif event in {"socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen", "os.system", "os.mkdir",
                   "os.remove", "os.rename", "os.putenv", "shutil.copyfile"}:
        acts.append(f"{event} {arguments[:1]}")

sys.addaudithook(watch)
for name in json.loads(sys.argv[1]):
    __import__(name)
print(json.dumps(acts))
"""


def acts_of_importing(names: list[str], root: Path, here: Path) -> list[str]:
    environment = os.environ | {"HOME": str(here), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(root)}
    done = run("-c", WATCH, json.dumps(names), cwd=here, env=environment)
    assert done.returncode == 0, done.stderr
    acts: list[str] = json.loads(done.stdout.splitlines()[-1])
    return acts


def test_importing_every_module_does_nothing_else(tmp_path: Path) -> None:
    assert acts_of_importing([module_name(path) for path in MODULES], ROOT, tmp_path) == []


def test_an_import_that_does_something_is_seen(tmp_path: Path) -> None:
    text = "import pathlib, sqlite3\npathlib.Path('x').write_text('')\nsqlite3.connect(':memory:')\n"
    (tmp_path / "busy.py").write_text(text, encoding="utf-8")
    assert len(acts_of_importing(["busy"], tmp_path, tmp_path)) == 2


@pytest.mark.parametrize("module", ["rebalance_kit", "rebalance_kit.drift", "rebalance_kit.cli"])
def test_the_command_line_starts_without_the_heavy_libraries(module: str) -> None:
    done = run("-c", f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_keeps_its_outputs(path: Path) -> None:
    """A stripped notebook passes nbval and checks nothing."""
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] is not None for cell in cells)
    if path.name != "dashboard.ipynb":
        assert sum(len(cell["outputs"]) for cell in cells) >= 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_names_no_folder_of_a_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    places = {str(ROOT), str(ROOT.parent), str(Path.home()), sys.prefix, tempfile.gettempdir()} - {"/"}
    found = [place for place in places if f"{place}/" in text]
    found += re.findall(r"(?<![\w.<])/(?:home|root|Users|tmp|private|mnt)/[^\"\s]*|[A-Z]:\\\\+Users", text)
    assert found == []


def test_constraints_pin_every_requirement_and_name_no_place() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", line)] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    pinned = {normal(pin.split("==")[0]) for pin in pins}
    assert {normal(re.split(r"[<>=!~\[; ]", line)[0]) for line in wanted} <= pinned


def normal(name: str) -> str:
    """A distribution's name as installers compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
