"""The desk's widgets without a browser, its words, and its launcher."""

from __future__ import annotations

import inspect
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rebalance_kit.dashboard import launcher, wording
from rebalance_kit.dashboard.app import Dashboard
from rebalance_kit.dashboard.session import Session
from rebalance_kit.dashboard.startup import LOG_FILE
from rebalance_kit.errors import UsageError
from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.words import Text
from tests.test_dashboard_session import ON, Desk

SAMPLES = Path(__file__).parents[1] / "portfolios"
OPENED = {"kind": "open", "width": 1280, "languages": ["en-GB"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLES / "growth", tmp_path / "growth")
    return tmp_path


def dashboard(root: Path, desk: Desk | None = None) -> Dashboard:
    return Dashboard(
        session=Session(root, desk or Desk(), opener=lambda path, account: open_portfolio(path, on=ON, account=account))
    )


def opened(root: Path, desk: Desk | None = None) -> Dashboard:
    app = dashboard(root, desk)
    app.heart._hear(None, OPENED, None)
    return app


# ---- a page opens ----


def test_nothing_is_read_before_a_page_opens(tmp_path: Path) -> None:
    app = dashboard(tmp_path / "does not exist")
    assert app.session.portfolio is None
    assert app.panels.today.value == ""
    app.heart._hear(None, OPENED, None)
    assert "there is no portfolio in this folder" in app.panels.message.value


def test_an_open_page_shows_the_portfolio_in_its_own_language(root: Path) -> None:
    app = opened(root)
    assert "₩11,000,000" in app.panels.today.value
    assert "리밸런싱할 필요가 없습니다" in app.panels.today.value
    app.panels.language.value = "en"
    assert "No rebalance is due" in app.panels.today.value
    assert app.heart.words["lang"] == "en"


def test_a_narrow_page_gets_the_narrow_chart(root: Path) -> None:
    app = opened(root)
    wide = app.panels.drift.value
    app.heart._hear(None, {"kind": "width", "width": 390}, None)
    narrow = app.panels.drift.value
    assert 'viewBox="0 0 340' in narrow
    assert re.findall("<g><title>(.*?)</title>", narrow) == re.findall("<g><title>(.*?)</title>", wide)
    app.heart._hear(None, {"kind": "width", "width": 1280}, None)
    assert app.panels.drift.value == wide


# ---- what a page may send ----


@pytest.mark.parametrize(
    "message",
    [
        {}, {"kind": "weights"}, {"kind": "weights", "view": 1, "number": "x", "weights": [], "locks": []},
        {"kind": "weights", "view": "v", "number": 1, "weights": [10_000] * 7, "locks": [False] * 7},
        {"kind": "weights", "view": "v", "number": 1, "weights": {"a": 1}, "locks": None},
        {"kind": "eval", "code": "1"},
    ],
)  # fmt: skip
def test_messages_that_no_page_of_ours_sends_change_nothing(root: Path, message: dict[str, object]) -> None:
    app = opened(root)
    before = app.session.allocation
    app.panels.editor._hear(None, message, None)
    assert app.session.allocation == before
    assert app.panels.editor.state["weights"] == list(before.weights)


def test_a_list_of_weights_is_taken_and_answered_with_its_number(root: Path) -> None:
    app = opened(root)
    weights = [4000, 1000, 1500, 500, 1000, 1000, 1000]
    app.panels.editor._hear(
        None, {"kind": "weights", "view": "v", "number": 3, "weights": weights, "locks": [False] * 7}, None
    )
    assert app.session.allocation.weights == tuple(weights)
    assert app.panels.editor.state == {"weights": weights, "locks": [False] * 7, "view": "v", "number": 3}


def test_a_switched_off_button_does_nothing(root: Path) -> None:
    desk = Desk()
    app = opened(root, desk)
    assert app.panels.submit.disabled
    app.panels.submit.click()
    app.panels.read.value = True
    assert not app.panels.read.value  # there is nothing to have read
    app.panels.submit.click()
    assert desk.proposed == []


def test_a_mistake_is_said_in_the_language_of_the_page(root: Path) -> None:
    app = opened(root)
    app.panels.amount.value = "1,00"
    assert "1,00&#x27;은(는) 쓸 수 없습니다" in app.panels.message.value
    assert 'role="alert"' in app.panels.message.value
    app.panels.amount.value = "100000"
    assert app.panels.message.value == ""


def test_what_nobody_foresaw_becomes_a_sentence_and_a_private_log(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(root)

    def fail(*_: object) -> None:
        raise ZeroDivisionError("the secret detail")

    monkeypatch.setattr(app.session, "preview", fail)
    app.panels.preview.click()
    assert "desk.log" in app.panels.message.value
    assert "secret detail" not in "".join(str(widget.value) for widget in (app.panels.message, app.panels.orders))
    log = root / LOG_FILE
    assert "secret detail" in log.read_text(encoding="utf-8")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_names_from_files_cannot_write_html(root: Path) -> None:
    path = root / "growth" / "portfolio.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("KODEX 200", "<script>x"), encoding="utf-8")
    app = opened(root)
    shown = "".join(widget.value for widget in (app.panels.today, app.panels.drift))
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


# ---- words ----


def texts() -> list[tuple[str, Text]]:
    found = []
    for name, value in vars(wording).items():
        if not name.isupper():
            continue
        if isinstance(value, Text):
            found.append((name, value))
        elif isinstance(value, dict):
            found += [(f"{name}[{key}]", text) for key, text in value.items()]
    return found


@pytest.mark.parametrize(("name", "text"), texts(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_sentence_stands_in_both_languages_with_the_same_gaps(name: str, text: Text) -> None:
    assert re.search("[가-힣]", text.ko), name
    assert text.en
    assert not re.search("[가-힣]", text.en)
    assert set(re.findall(r"{(\w+)}", text.en)) == set(re.findall(r"{(\w+)}", text.ko))


def test_every_word_is_used() -> None:
    folder = Path(inspect.getfile(wording)).parent
    code = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    words = [name for name, value in vars(wording).items() if isinstance(value, Text)]
    unused = [name for name in words if len(re.findall(rf"\b{name}\b", code)) < 2]
    assert unused == []


# ---- the launcher ----


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="rebalance demo"):
        launcher.serve(tmp_path / "missing")


def test_an_unknown_notebook_names_those_that_exist() -> None:
    assert launcher.find_notebook("dashboard").name == "dashboard.ipynb"
    assert launcher.find_notebook("dashboard.ipynb").name == "dashboard.ipynb"
    for name in ("nothing", "../secret", "/etc/passwd"):
        with pytest.raises(UsageError, match="dashboard"):
            launcher.find_notebook(name)


def test_a_port_that_is_taken_is_refused_in_a_sentence(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "rebalance_kit", "dashboard", str(root), "--no-browser", "--port", str(port)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_that_dies_is_started_again_but_not_for_ever(tmp_path: Path) -> None:
    worker = launcher.Worker(tmp_path, [sys.executable, "-c", ""])
    for _ in range(200):
        worker.watch()
        time.sleep(0.02)
        if worker.starts > 5:
            break
    time.sleep(0.3)
    worker.watch()
    assert worker.starts == 6
    worker.stop()


def test_the_worker_ends_with_the_desk(tmp_path: Path) -> None:
    with launcher.Worker(tmp_path, [sys.executable, "-c", "import time; time.sleep(60)"]) as worker:
        pid = worker.process_id
        assert Path(f"/proc/{pid}").exists() or sys.platform != "linux"
    assert not Path(f"/proc/{pid}").exists()
