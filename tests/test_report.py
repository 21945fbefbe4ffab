"""What a person reads: tables that survive a pipe, colours that say nothing alone, charts as files."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import RenderableType

from rebalance_kit.drift import Drift, measure_drift
from rebalance_kit.errors import StorageError, UsageError
from rebalance_kit.portfolio import open_portfolio
from rebalance_kit.report import figure, terminal
from rebalance_kit.report.chart import chart
from rebalance_kit.words import Finding, Language, Text
from tests.make import Situation, document_000, policy, situation


def measured(where: Situation) -> Drift:
    return measure_drift(where.policy, where.holdings, where.prices)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def piped(view: RenderableType) -> str:
    file = io.StringIO()
    terminal.show(view, file)
    return file.getvalue()


def shown(view: RenderableType, monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    """What a terminal of 100 columns receives."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "100", **environment}.items():
        monkeypatch.setenv(name, value)
    file = Terminal()
    terminal.show(view, file)
    return file.getvalue()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_pipe_gets_eighty_columns_and_no_trailing_blanks(language: Language) -> None:
    long = policy("A 60, B 40", assets={"A": {"ticker": "Vanguard Total International Stock Index Fund ETF " * 3}})
    for drift in (measured(document_000()), measured(situation(long, "A 6000000 @ 100000, B 5 @ 70"))):
        lines = piped(terminal.drift_view(drift, language)).splitlines()
        assert max(map(cell_len, lines)) <= 80
        assert [line for line in lines if line != line.rstrip()] == []


def test_wide_korean_letters_keep_the_columns_straight() -> None:
    lines = piped(terminal.drift_view(measured(document_000()), "ko")).splitlines()
    starts = {
        cell_len(line[: line.index(code)]) for code in ("360750", "273130", "091230") for line in lines if code in line
    }
    assert len(starts) == 1


def test_the_drifts_of_document_000_are_in_the_table() -> None:
    text = piped(terminal.drift_view(measured(document_000()), "ko"))
    assert re.search(r"TIGER 미국S&P500 +360750 +₩4,200,000 +38.2% +35.0% +\+3.18", text)
    assert re.search(r"TIGER 반도체 +091230 +₩1,500,000 +13.6% +10.0% +\+3.64", text)
    assert text.splitlines()[0] == "2026 장기 성장형  |  2026-03-04  |  ₩11,000,000"


def test_a_group_stands_above_its_assets_and_an_outer_group_above_an_inner_one() -> None:
    drift = measured(situation("stocks / kr: A 30; stocks / us: B 30; bonds: C 40", "A 3 @ 10, B 3 @ 10, C 4 @ 10"))
    names = [line.split()[0] for line in piped(terminal.drift_view(drift, "en")).splitlines()[2:]]
    assert names == ["stocks", "stocks", "A", "stocks", "B", "bonds", "C"]


def test_colours_only_in_a_terminal_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    view = terminal.drift_view(measured(situation("A 50, B 50", "A 9 @ 10, B 1 @ 10")), "en")
    assert "\x1b[" in shown(view, monkeypatch)
    assert "\x1b[" not in piped(view)
    without = shown(view, monkeypatch, NO_COLOR="1")
    assert re.findall(r"\x1b\[[\d;]*3[0-9]", without) == []


def test_a_breach_is_marked_without_colour() -> None:
    text = piped(terminal.drift_view(measured(situation("A 50, B 50", "A 9 @ 10, B 1 @ 10")), "en"))
    assert "+40.00!" in text


def test_names_are_not_markup_and_cannot_steer_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    nasty = policy("A 100", assets={"A": {"ticker": "[red]x[/red]\x1b]0;owned\x07 :smile:"}})
    text = shown(terminal.drift_view(measured(situation(nasty, "A 1 @ 10")), "en"), monkeypatch)
    assert "[red]x[/red]]0;owned :smile:" in text
    assert "\x07" not in text


def test_findings_say_how_severe_they_are_once_each() -> None:
    finding = Finding("stale_price", "warning", Text("A price is old.", "가격이 오래되었습니다."), "A")
    assert piped(terminal.findings_view([finding, finding], "ko")) == "  - 주의: 가격이 오래되었습니다.\n"


def test_a_chart_shows_itself_in_a_notebook_in_the_language_of_the_portfolio() -> None:
    made = chart(measured(document_000()))
    assert made._repr_html_() == made.svg
    assert "목표 대비 편차" in made.svg
    assert repr(made) == "Chart(Drift, ko)"
    assert "Drift from target" in chart(measured(document_000()), "en").svg


@pytest.mark.parametrize(("name", "begins"), [("a.svg", b"<svg "), ("a.png", b"\x89PNG"), ("a.PDF", b"%PDF")])
def test_a_chart_is_saved_by_the_ending_of_the_file(tmp_path: Path, name: str, begins: bytes) -> None:
    written = chart(measured(document_000()), "en").save(tmp_path / name)
    assert written.read_bytes().startswith(begins)


def test_saving_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    made = chart(measured(document_000()), "ko")
    for ending in ("svg", "png", "pdf"):
        first, second = made.save(tmp_path / f"1.{ending}"), made.save(tmp_path / f"2.{ending}")
        assert first.read_bytes() == second.read_bytes()


def test_an_unknown_ending_and_a_missing_folder_are_said(tmp_path: Path) -> None:
    made = chart(measured(document_000()))
    with pytest.raises(UsageError, match=r"expected \.svg, \.png or \.pdf"):
        made.save(tmp_path / "a.jpg")
    with pytest.raises(StorageError, match="could not be written"):
        made.save(tmp_path / "nowhere" / "a.svg")


def test_without_a_korean_font_a_figure_shows_codes_and_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure, "KOREAN_FONTS", ("No Such Font",))
    with pytest.warns(UserWarning, match="no Korean font"):
        drawn = chart(measured(document_000())).figure()
    labels = [label.get_text() for label in drawn.axes[0].get_yticklabels()]
    assert labels[0] == "360750"
    assert drawn.axes[0].get_title().isascii()


def test_a_figure_lacks_no_letter(tmp_path: Path) -> None:
    if figure.korean_font() is None:
        pytest.skip("no Korean font on this machine")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chart(measured(document_000())).save(tmp_path / "a.png")


def test_only_results_have_charts() -> None:
    with pytest.raises(UsageError, match="a str has no picture"):
        chart("drift")  # type: ignore[arg-type]  # what a notebook user may try


def test_plans_and_cash_rules_have_figures_too(tmp_path: Path) -> None:
    growth = open_portfolio(Path(__file__).parents[1] / "portfolios" / "growth", on="2026-04-01", language="en")
    for result in (growth.plan(), growth.cash_rules(1_000_000)):
        drawn = chart(result).figure()
        assert drawn.axes[0].get_yticklabels()[0].get_text().startswith("TIGER")
        assert chart(result).save(tmp_path / "a.png").stat().st_size > 10_000
