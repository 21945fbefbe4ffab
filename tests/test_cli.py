"""The command line: what it prints, what it returns, what it leaves alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from rebalance_kit.cli.story import STORY
from tests.folders import HOLDINGS, ON, POLICY, PRICES, Ran, as_process, contents, folder, rebalance
from tests.shapes import DRIFT, faults

ROOT = Path(__file__).parents[1]
GROWTH, US = ROOT / "portfolios" / "growth", ROOT / "portfolios" / "us"
DUE = "2026-04-01"


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small portfolio of 10,000,000 won, far from its targets."""
    return folder(tmp_path / "small")


def process(*words: str | Path, cwd: Path = ROOT, **environment: str) -> Ran:
    """A command as a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run(as_process(*words), cwd=cwd, env=env, capture_output=True, encoding="utf-8", check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


# ---- help ----


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_help_tells_the_story_on_one_screen(words: list[str]) -> None:
    ran = rebalance(*words)
    assert (ran.code, ran.out, ran.err) == (0, STORY, "")
    assert len(STORY.splitlines()) <= 24
    assert max(map(cell_len, STORY.splitlines())) <= 80


COMMANDS = [
    "drift", "plan", "cash", "run", "stop", "history", "demo", "dashboard", "policy check", "policy schema",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str) -> None:
    ran = rebalance(*command.split(), "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: rebalance {command} ")
    assert max(map(len, ran.out.splitlines())) <= 100


def test_the_story_names_every_command() -> None:
    told = STORY.replace("check|schema", "check policy schema")
    assert [command for command in COMMANDS if command.split()[-1] not in told] == []


# ---- drift ----


def test_drift_json_has_the_agreed_keys_and_nothing_beside_it() -> None:
    for where in (GROWTH, US):
        ran = rebalance("drift", where, "--on", ON, "--json")
        assert (ran.code, ran.err) == (0, "")
        assert faults(ran.document, DRIFT) == []


def test_drift_json_of_document_000() -> None:
    document = rebalance("drift", GROWTH, "--on", ON, "--json").document
    weights = {row["code"]: (row["current_weight"][:6], row["drift"][:7]) for row in document["assets"]}
    assert document["total_value"] == "11000000"
    assert weights["360750"] == ("0.3818", "0.03181")
    assert weights["091230"] == ("0.1363", "0.03636")
    assert document["decision"]["rebalance"] is False
    assert any("3.64" in reason for reason in document["decision"]["reasons"])


def test_drift_for_a_person_is_a_table_and_the_reasons() -> None:
    ran = rebalance("drift", GROWTH, "--on", ON, "--language", "en")
    assert re.search(r"TIGER 반도체 +091230 +₩1,500,000 +13.6% +10.0% +\+3.64", ran.out)
    assert "Nothing is due." in ran.out
    assert "3.64" in ran.out.split("Nothing is due.")[1]
    assert ran.err == ""


def test_the_language_is_the_policys_unless_another_is_named() -> None:
    assert "리밸런싱이 필요하지 않습니다" in rebalance("drift", GROWTH, "--on", ON).out
    assert "Nothing is due" in rebalance("drift", GROWTH, "--on", ON, "--language", "en").out


def test_the_portfolio_is_its_folder_or_its_policy_file(small: Path) -> None:
    by_folder, by_file = (rebalance("drift", path, "--on", ON) for path in (small, small / "portfolio.yaml"))
    assert by_folder == by_file


def test_other_holdings_and_prices_can_be_named(small: Path, tmp_path: Path) -> None:
    held, prices = tmp_path / "held.csv", tmp_path / "closes.csv"
    held.write_text(HOLDINGS.replace("069500,100,30000", "069500,200,"), encoding="utf-8")
    prices.write_text(PRICES.replace("31000", "35000"), encoding="utf-8")
    document = rebalance("drift", small, "--on", ON, "--holdings", held, "--prices", prices, "--json").document
    assert document["assets"][0]["value"] == "7000000"


def test_one_account_can_be_looked_at_alone(tmp_path: Path) -> None:
    held = "account,code,quantity,price\nisa,069500,10,30000\nmain,360750,20,20000\nmain,091230,5,40000\n"
    accounts = "  accounts: {main: {type: taxable}, isa: {type: isa}}\n  allocation:"
    policy = POLICY.replace("  allocation:", accounts)
    where = folder(tmp_path / "two", {"holdings.csv": held, "portfolio.yaml": policy})
    assert rebalance("drift", where, "--on", ON, "--json").document["total_value"] == "900000"
    assert rebalance("drift", where, "--on", ON, "--account", "isa", "--json").document["total_value"] == "300000"


# ---- policy, demo ----


def test_a_policy_is_checked(small: Path) -> None:
    ran = rebalance("policy", "check", small)
    assert ran.code == 0
    assert "small: the policy is fine (3 assets in 2 groups)" in ran.out
    document = rebalance("policy", "check", small, "--json").document
    assert (document["valid"], document["assets"], document["groups"]) == (True, 3, 2)
    assert re.fullmatch("[0-9a-f]{64}", document["hash"])


def test_policy_check_lists_everything_that_is_wrong(small: Path) -> None:
    policy = small / "portfolio.yaml"
    text = policy.read_text(encoding="utf-8").replace("target: 0.40", "target: x").replace("hybrid", "hybrd")
    policy.write_text(text, encoding="utf-8")
    ran = rebalance("policy", "check", small)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 2
    assert len(rebalance("drift", small).err.splitlines()) == 1
    document = rebalance("policy", "check", small, "--json").document
    assert set(document) == {"error", "more"}


def test_a_code_that_a_listing_calls_otherwise_is_told(small: Path, tmp_path: Path) -> None:
    listing = tmp_path / "listing.csv"
    listing.write_text("code,name\n069500,KODEX 200\n360750,TIGER 미국S&P500\n091230,KODEX 은행\n", encoding="utf-8")
    ran = rebalance("policy", "check", small, "--listing", listing)
    assert ran.code == 0
    assert "KODEX 은행" in ran.out
    assert "KODEX 200" not in ran.out


def test_the_schema_goes_to_stdout_or_beside_the_policy(small: Path) -> None:
    schema = rebalance("policy", "schema").document
    assert schema["required"] == ["portfolio"]
    ran = rebalance("policy", "schema", small)
    assert ran.out == "# yaml-language-server: $schema=portfolio.schema.json\n"
    assert json.loads((small / "portfolio.schema.json").read_text(encoding="utf-8")) == schema


def test_a_demo_is_a_whole_portfolio(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    assert rebalance("demo", target).code == 0
    assert rebalance("drift", target, "--on", ON, "--json").document["total_value"] == "11000000"
    assert rebalance("demo", tmp_path / "us", "--sample", "us", "--json").document["sample"] == "us"


# ---- what can go wrong around a command ----


def failing(*_: object, **__: object) -> Any:
    raise ZeroDivisionError("division by zero\nsecond line")


def test_an_unexpected_failure_is_one_sentence_and_exit_1(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rebalance_kit.portfolio.open_portfolio", failing)
    ran = rebalance("drift", small)
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1
    assert "ZeroDivisionError" in ran.err
    assert "--debug" in ran.err
    assert rebalance("drift", small, "--json").document["error"]["code"] == "unexpected"


def test_debug_shows_the_traceback(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rebalance_kit.portfolio.open_portfolio", failing)
    with pytest.raises(ZeroDivisionError):
        rebalance("drift", small, "--debug")
    monkeypatch.setenv("REBALANCE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        rebalance("drift", small)


def test_an_error_speaks_the_language_that_was_asked_for_or_that_the_policy_names(small: Path) -> None:
    assert "expected" in rebalance("drift", small, "--on", "x").err
    assert "기대한 값" in rebalance("drift", small, "--on", "x", "--language", "ko").err
    assert "기대한 값" in rebalance("drift", small, "--on", "x", "--language=ko").err
    policy = small / "portfolio.yaml"
    policy.write_text(
        policy.read_text(encoding="utf-8").replace("  name:", "  language: ko\n  name:"), encoding="utf-8"
    )
    assert "기대한 값" in rebalance("drift", small, "--on", "x").err
    assert "expected" in rebalance("drift", small, "--on", "x", "--language", "en").err


def test_a_reader_that_stops_reading_is_no_failure(small: Path) -> None:
    command = as_process("policy", "schema")
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        said = running.stderr.read()
    assert (running.returncode, said) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("unbuffered", [{}, {"PYTHONUNBUFFERED": "1"}])
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_full_disk_under_stdout_is_a_storage_failure(
    small: Path, flags: list[str], unbuffered: dict[str, str]
) -> None:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            as_process("drift", small, "--on", ON, *flags), cwd=ROOT, stdout=full, stderr=subprocess.PIPE,
            env=buffered | unbuffered, encoding="utf-8", check=False,
        )  # fmt: skip
    assert done.returncode == 7
    assert len(done.stderr.splitlines()) == (0 if flags else 1)
    assert flags or "No space left" in done.stderr


def test_json_survives_an_output_that_only_knows_ascii(small: Path) -> None:
    ran = process("drift", small, "--on", ON, "--json", PYTHONIOENCODING="ascii")
    assert ran.document["assets"][1]["name"] == "TIGER 미국S&P500"
    assert process("drift", small, "--on", ON, PYTHONIOENCODING="ascii").code == 0


# ---- every command as a process ----


def test_drift_as_a_process() -> None:
    ran = process("drift", GROWTH, "--on", ON, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.document == rebalance("drift", GROWTH, "--on", ON, "--json").document


def test_the_small_commands_as_processes(tmp_path: Path) -> None:
    assert process().out == STORY
    assert process("demo", tmp_path / "mine").code == 0
    assert process("policy", "check", tmp_path / "mine").code == 0
    assert process("policy", "schema").code == 0
    assert process("history", tmp_path / "mine", "--json").document == {"runs": []}
    assert process("drift", "nowhere").code == 2


@pytest.mark.skipif(os.name == "nt", reason="no SIGTERM")
def test_the_worker_ends_quietly_when_it_is_asked_to(small: Path) -> None:
    with subprocess.Popen(
        as_process("worker", small), cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as running:
        for _ in range(200):
            if (small / "worker.lock").exists():
                break
            time.sleep(0.05)
        running.terminate()
        assert running.stderr is not None
        assert running.stderr.read() == ""
    assert running.returncode == 0


def test_the_worker_ends_when_nobody_holds_its_input(small: Path) -> None:
    before = contents(small)
    done = subprocess.run(as_process("worker", small), cwd=ROOT, stdin=subprocess.DEVNULL, timeout=30, check=False)
    assert done.returncode == 0
    assert {name: data for name, data in contents(small).items() if not name.endswith(".lock")} == before


def test_the_dashboard_prints_its_address(small: Path) -> None:
    command = as_process("dashboard", small, "--no-browser")
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        running.terminate()
    assert re.match(r"http://(127\.0\.0\.1|localhost):\d+/", line)


# ---- speed: measured by tests/benchmarks/bench_start.py ----


@pytest.mark.parametrize("words", [["drift", GROWTH, "--on", ON], ["history", GROWTH], ["policy", "check", GROWTH]])
def test_asking_loads_no_heavy_library(words: list[str | Path]) -> None:
    script = (
        "import sys; from rebalance_kit.cli import main; code = main(sys.argv[1:]);"
        "heavy = {'pandas', 'numpy', 'scipy', 'matplotlib', 'ipywidgets', 'highspy', 'voila', 'IPython'};"
        "print(*sorted(heavy & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stderr.split() == []
