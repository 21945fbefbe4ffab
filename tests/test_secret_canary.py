"""Secrets and an account number are seeded into the environment of a whole rehearsal: they occur nowhere else.

Everything that is written, printed, logged or shown is searched: the folder, the private state, both streams of every
command with the log at DEBUG, tracebacks, a notebook with its outputs, the desk's page and its queue.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from nbclient import NotebookClient

from rebalance_kit.brokers.kis.rehearsal.sample import sample
from rebalance_kit.brokers.kis.rehearsal.start import Rehearsal, start
from rebalance_kit.dashboard.launcher import keep_secrets_from_kernels
from tests import desk
from tests.local_model import KEY, local_model
from tests.make_kis import PORTFOLIOS

MORNING = datetime(2026, 4, 1, 10, 0)  # noqa: DTZ001  # the first session of the quarter, in Seoul
WEBHOOK = "https://hooks.example/services/CANARYWEBHOOK0815"
TELEGRAM = "tgram://9876543210:CANARYBOT0815/4242"

# The command line with every logger at DEBUG, those of the HTTP library too.
LOUD = """
import logging, sys
logging.basicConfig(level=0, stream=sys.stderr)
for name in ("httpx", "httpcore", "rebalance_kit", "asyncio"):
    logging.getLogger(name).setLevel(logging.DEBUG)
from rebalance_kit.cli import main
sys.exit(main(sys.argv[1:]))
"""


@dataclass
class Canary:
    """A rehearsal, the environment that leads to it, and everything that was said so far."""

    kis: Rehearsal
    folder: Path
    state: Path
    environment: dict[str, str]
    said: str = ""

    def command(self, *words: str, program: str = LOUD, **more: str) -> tuple[int, str]:
        """Run a command; its exit code and stdout."""
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            env=self.environment | more, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        self.said += done.stdout + done.stderr
        return done.returncode, done.stdout

    def hidden(self) -> Mapping[str, str]:
        """What must not be seen, by name."""
        key = self.kis.world.key("mock")
        tokens = {
            f"token {n}": json.loads(file.read_text())["token"]
            for n, file in enumerate(self.state.rglob("token-*.json"))
        }
        found = {
            "app key": key.appkey, "app secret": key.appsecret, "account": key.number, "model key": KEY,
            "webhook": "CANARYWEBHOOK0815", "telegram": "CANARYBOT0815", **tokens,
        }  # fmt: skip
        assert all(found.values())
        return found

    def seen_in(self, text: str) -> list[str]:
        return [name for name, secret in self.hidden().items() if secret in text]

    def seen_in_files(self, *folders: Path) -> list[tuple[str, str]]:
        """Where something stands in a file or its name, the token in its own cache excepted."""
        found = []
        for root in folders:
            for path in root.rglob("*"):
                text = str(path.relative_to(root))
                text += path.read_bytes().decode("utf-8", errors="replace") if path.is_file() else ""
                cache = path.name.startswith("token-")
                found += [(name, str(path)) for name in self.seen_in(text) if not (cache and name.startswith("token "))]
        return found


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    where, ready = Path(shutil.copytree(PORTFOLIOS / "growth", tmp_path / "portfolio")), sample("growth")
    with start(ready.products, ready.opening, at=MORNING, speed=10.0) as kis, local_model("[]") as model:
        bare = {n: v for n, v in os.environ.items() if not n.startswith(("KIS_", "REBALANCE_", "SLACK_"))}
        environment = bare | kis.settings("mock") | {
            "KIS_CALLS_PER_SECOND": "15", "XDG_STATE_HOME": str(tmp_path / "state"),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "REBALANCE_LLM_API_KEY": KEY, "REBALANCE_LLM_BASE_URL": model.address + "/v1",
            "REBALANCE_NOTIFY_URLS": TELEGRAM, "SLACK_WEBHOOK_URL": WEBHOOK,
        }  # fmt: skip
        yield Canary(kis, where, tmp_path / "state", environment)


AT = ("--broker", "kis", "--env", "mock")


def test_a_rehearsal_with_the_log_at_debug_shows_and_writes_no_secret(canary: Canary, tmp_path: Path) -> None:
    where = str(canary.folder)
    code, said = canary.command("run", where, *AT, "--json")
    assert code == 0, canary.said
    plan_id = json.loads(said)["plan_id"]
    assert canary.command("run", where, *AT, "--yes", plan_id)[0] == 0
    assert canary.command("run", where, *AT, "--planner", "llm", "--force", "--json")[0] in (0, 3, 6)
    assert canary.command("journal", "export", where)[0] == 0
    assert canary.command("reconcile", where, *AT)[0] == 0
    assert "httpcore" in canary.said  # the log was really on
    assert "inquire-balance" in canary.said
    assert canary.seen_in(canary.said) == []
    assert canary.seen_in_files(tmp_path) == []
    caches = list(canary.state.rglob("token-*.json"))
    assert caches
    for path in canary.state.rglob("*"):
        assert path.is_dir() or path.stat().st_mode & 0o077 == 0, path
    assert all(path.parent.stat().st_mode & 0o077 == 0 for path in caches)


def test_without_the_filter_of_the_log_the_canary_would_sing(canary: Canary) -> None:
    """The control: what is searched for is really there as soon as one guard is taken away."""
    unguarded = "from rebalance_kit.brokers.kis import wire\nwire.hush_http_log = lambda: None\n" + LOUD
    assert canary.command("run", str(canary.folder), *AT, program=unguarded)[0] == 0
    assert canary.seen_in(canary.said) == ["account"]


@pytest.mark.parametrize(
    ("words", "more", "fault"),
    [
        (["--debug"], {}, {"fault": "error_before", "status": 500}),
        ([], {"REBALANCE_DEBUG": "1"}, {"fault": "garbled"}),
    ],
    ids=["--debug", "REBALANCE_DEBUG"],
)
def test_a_traceback_on_purpose_shows_no_secret(
    canary: Canary, words: list[str], more: dict[str, str], fault: dict[str, Any]
) -> None:
    canary.kis.faults.load([{**fault, "on": "inquire-balance", "from": 1}])
    code, _ = canary.command("run", str(canary.folder), *AT, "--json", *words, **more)
    assert code == 1
    assert "Traceback" in canary.said
    assert canary.seen_in(canary.said) == []


def test_an_account_that_the_service_does_not_know_is_refused_with_four_digits(canary: Canary) -> None:
    code, _ = canary.command("run", str(canary.folder), *AT, KIS_ACCOUNT="73519264-01")
    assert code == 6
    assert "73519264" not in canary.said
    assert canary.seen_in(canary.said) == []


def test_a_notebook_that_shows_everything_it_has_and_fails_verbosely_shows_no_secret(canary: Canary) -> None:
    cells = [
        f"import rebalance_kit as rk\np = rk.open_portfolio({str(canary.folder)!r}, broker='kis', env='mock')\np",
        "plan = p.plan()\nplan",
        "p.broker, vars(p.broker), p.broker.identity, p",
        "done = p.run(plan, yes=plan.plan_id)\ndone",
        "import logging\nlogging.basicConfig(level=0)\nfor name in ('httpx', 'httpcore'):\n"
        "    logging.getLogger(name).setLevel(0)\np.broker.snapshot()",
        "%xmode Verbose\np.broker._client.settings, vars(p.broker._client)",
        "import httpx\nfrom unittest.mock import patch\n"
        "with patch.object(httpx.Client, 'stream', side_effect=httpx.ReadTimeout('slow')):\n    p.broker.snapshot()",
        "p.broker.quotes(['no such code'])",
    ]
    nbformat: Any = importlib.import_module("nbformat")  # not typed
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    client = NotebookClient(book, timeout=120, allow_errors=True, kernel_name="python3")
    client.execute(env=canary.environment)
    text = nbformat.writes(book)
    assert "SUCCESS" in text
    assert "no answer came" in text or "응답이 오지 않았습니다" in text
    assert canary.seen_in(text) == []


# ---- the desk ----


def test_a_desks_kernels_inherit_no_secret_and_its_worker_does() -> None:
    environment = {"KIS_APP_KEY": "a", "KIS_ISA_APP_SECRET": "b", "REBALANCE_LLM_API_KEY": "c", "PATH": "/bin",
                   "REBALANCE_NOTIFY_URLS": "d", "SLACK_WEBHOOK_URL": "e", "LANG": "ko_KR.UTF-8"}  # fmt: skip
    whole = dict(environment)
    assert keep_secrets_from_kernels(environment) == whole
    assert environment == {"PATH": "/bin", "LANG": "ko_KR.UTF-8"}


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_the_desks_page_and_kernel_hold_no_secret(
    canary: Canary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in canary.environment.items():
        monkeypatch.setenv(name, value)
    with desk.serve(canary.folder) as served:
        with urllib.request.urlopen(served.url, timeout=60) as page:
            html = page.read().decode()
        kernels, workers = served.kernels(), served.workers()
        environs = [Path(f"/proc/{pid}/environ").read_text() for pid in kernels]
        ours = [Path(f"/proc/{pid}/environ").read_text() for pid in workers]
        said = served.complaints()
    assert len(html) > 1000
    assert environs
    assert all(KEY not in text and "KIS_" not in text for text in environs)
    assert all(KEY in text for text in ours)
    assert len(ours) == 1
    canary.command("drift", str(canary.folder))
    assert canary.seen_in(html + said) == []
    assert canary.seen_in_files(canary.folder) == []
