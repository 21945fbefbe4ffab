"""The kill switch and the record at the command line."""

from __future__ import annotations

import json
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest

from rebalance_kit.brokers.base import Mode
from rebalance_kit.execution.chain import journal_path
from tests.folders import rebalance

DUE = "2026-04-01"


@pytest.fixture
def growth(tmp_path: Path) -> Path:
    assert rebalance("demo", tmp_path / "growth").code == 0
    return tmp_path / "growth"


def submitted(folder: Path) -> str:
    plan_id = rebalance("plan", folder, "--on", DUE, "--json").document["plan_id"]
    assert rebalance("run", folder, "--on", DUE, "--yes", plan_id, "--json").code == 0
    return str(plan_id)


def test_the_kill_switch_keeps_orders_from_leaving_until_it_is_off(growth: Path) -> None:
    plan_id = rebalance("plan", growth, "--on", DUE, "--json").document["plan_id"]
    assert rebalance("stop", growth, "--json").document["stopped"] is True
    ran = rebalance("run", growth, "--on", DUE, "--yes", plan_id, "--language", "en")
    assert (ran.code, "R03" in ran.err) == (3, True)
    assert rebalance("stop", growth, "--off").code == 0
    assert rebalance("run", growth, "--on", DUE, "--yes", plan_id).code == 0


def test_a_policy_that_cannot_be_read_does_not_keep_anybody_from_stopping(growth: Path) -> None:
    (growth / "portfolio.yaml").write_text("portfolio: [", encoding="utf-8")
    assert rebalance("stop", growth).code == 0
    assert (growth / "STOP").exists()


def test_the_record_of_a_folder_in_which_nothing_ran_is_whole_and_empty(growth: Path) -> None:
    found = rebalance("journal", "verify", growth, "--json").document
    assert (found["holds"], found["events"], found["runs"], found["head"]) == (True, 0, 0, None)
    assert rebalance("journal", "export", growth).out == ""


def test_verify_recomputes_the_chain_and_says_how_it_ends(growth: Path) -> None:
    submitted(growth)
    found = rebalance("journal", "verify", growth, "--json").document
    anchor = json.loads(journal_path(growth, Mode.PAPER).with_suffix(".anchor").read_text())
    assert (found["runs"], found["unfinished"]) == (1, 0)
    assert (found["events"], found["head"]) == (anchor["seq"], anchor["hash"])


@pytest.mark.parametrize("command", ["verify", "export"])
def test_a_changed_event_is_named_and_nothing_is_exported(growth: Path, command: str) -> None:
    submitted(growth)
    database = sqlite3.connect(journal_path(growth, Mode.PAPER))
    database.executescript("DROP TRIGGER event_stays; UPDATE event SET body = '{}' WHERE seq = 3;")
    database.close()
    ran = rebalance("journal", command, growth, "--language", "en")
    assert (ran.code, ran.out) == (7, "")
    assert "event 3 was changed" in ran.err


def test_the_export_has_every_event_in_a_chain_and_every_run(growth: Path, tmp_path: Path) -> None:
    plan_id = submitted(growth)
    lines = [json.loads(line) for line in rebalance("journal", "export", growth).out.splitlines()]
    events, runs = [line for line in lines if "event" in line], [line["run"] for line in lines if "run" in line]
    assert [event["event"] for event in events] == list(range(1, len(events) + 1))
    assert all(later["previous"] == before["hash"] for before, later in pairwise(events))
    assert runs == rebalance("history", growth, "--json").document["runs"]
    assert runs[0]["plan_id"] == plan_id
    assert rebalance("journal", "export", growth, "--to", tmp_path / "out.jsonl").code == 0
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == len(lines)


def test_a_wrong_name_is_one_sentence_with_the_nearest(growth: Path) -> None:
    ran = rebalance("journal", "verfy", growth, "--language", "en")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "verify" in ran.err
