"""`rebalance rehearse`: what it prints is what a client needs; Ctrl+C ends it; bad arguments are one sentence."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from rebalance_kit.cli import main


@contextmanager
def rehearsing(*words: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A rehearsal in a process of its own, and all that it has printed when it is ready."""
    line = [sys.executable, "-m", "rebalance_kit", "rehearse", *words]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=environment)
    assert process.stdout is not None
    try:
        said = ""
        while "Ctrl+C" not in said:
            said += (row := process.stdout.readline())
            assert row, process.stderr.read() if process.stderr else ""
        yield said, process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_it_prints_what_a_client_needs_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    script, private = tmp_path / "faults.json", tmp_path / "mock.env"
    script.write_text(json.dumps([{"fault": "throttle", "on": "chk-holiday"}]), encoding="utf-8")
    words = ("--faults", str(script), "--env-file", str(private), "--sample", "us")
    with rehearsing(*words) as (said, process):
        mock, real = (dict(re.findall(r"export (KIS_\w+)=(\S+)", part)) for part in said.split("real:\n"))
        assert mock.keys() == real.keys() >= {"KIS_ENV", "KIS_BASE_URL", "KIS_APP_KEY", "KIS_APP_SECRET", "KIS_ACCOUNT"}
        assert [mock["KIS_ENV"], real["KIS_ENV"]] == ["mock", "real"]
        assert "로컬 KIS" in said
        assert private.read_text(encoding="utf-8").splitlines() == [f"{k}={v}" for k, v in mock.items()]
        assert private.stat().st_mode & 0o777 == 0o600
        keys = {"appkey": mock["KIS_APP_KEY"], "appsecret": mock["KIS_APP_SECRET"]}
        body = {"grant_type": "client_credentials", **keys}
        reply = httpx.post(mock["KIS_BASE_URL"] + "/oauth2/tokenP", json=body, trust_env=False)
        assert reply.json()["token_type"] == "Bearer"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert "mock: 0 orders (주문), 0 traded (체결), KRW 150000, USD 120.35" in rest


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--port", "80"], "--port"),
        (["--sample", "moon"], "moon"),
        (["--at", "noon"], "noon"),
        (["--speed", "-1"], "-1"),
        (["--seed", "x"], "--seed"),
        (["--faults", "nowhere.json"], "nowhere.json"),
    ],
)
def test_a_bad_argument_is_one_sentence(words: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse", *words]) == 2
    said = capsys.readouterr().err
    assert named in said
    assert len(said.strip().splitlines()) == 1


def test_a_script_with_a_mistake_names_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "faults.json"
    script.write_text('[{"fault": "slow"}, {"fault": "earthquake"}]', encoding="utf-8")
    assert main(["rehearse", "--faults", str(script)]) == 2
    assert "fault 2 of the script" in capsys.readouterr().err


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["rehearse", "--port", port]) == 2
    assert port in capsys.readouterr().err


def test_it_goes_on_where_it_ended(tmp_path: Path) -> None:
    file = tmp_path / "rehearsal.json"
    for moment, shown in (("2026-03-04T11:00", "11:0"), ("2026-03-05T10:00", "11:0")):
        with rehearsing("--keep", str(file), "--at", moment, "--speed", "0") as (said, process):
            assert f"2026-03-04 {shown}" in said, "the time of the record, not that of the start"
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
        assert process.returncode == 0
    assert file.exists()
