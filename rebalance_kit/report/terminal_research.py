"""What the lab found, as a person reads it in a terminal. Each table says from how many paths it comes."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text as Line

from rebalance_kit.report.terminal import grid, plain_line
from rebalance_kit.research.report_table import NAMES, PRINTED, WARNING, ReportTable
from rebalance_kit.research.zone_two import Zone
from rebalance_kit.words import Language, Text

_HEAD = Text(
    "Ten years of months, {paths:,} paths; costs in % of the portfolio over ten years;"
    " behind each figure what the report prints.",
    "10년(월 단위), 경로 {paths:,}개. 비용은 10년 합계로 포트폴리오 대비 %이며 각 값 뒤는 보고서에 인쇄된 값입니다.",
)
_END = Text("Buy and hold ends with {weight:.1f} % in stocks.", "사서 보유하면 끝에는 주식이 {weight:.1f} %입니다.")
_COLUMNS = (
    Text("Rule", "규칙"), Text("Trades", "횟수"), Text("Trading", "거래 비용"), Text("Tracking", "추적 비용"),
    Text("Total", "합계"), Text("Sharpe", "샤프"), Text("Return %", "수익률 %"),
)  # fmt: skip
_DIGITS = {"rebalances": 1, "trading_cost_pct": 2, "tracking_cost_pct": 2, "total_cost_pct": 2, "sharpe": 3,
           "return_pct": 1}  # fmt: skip
_ZONE = Text(
    "Leave the first asset alone from {lower:.1f} % to {upper:.1f} %; outside, trade to the nearer edge"
    " (target {target:.1f} %).\nProved by the Bellman residual {residual:.1e} in {ms:.0f} ms.",
    "첫 번째 자산이 {lower:.1f} %에서 {upper:.1f} % 사이면 그대로 두고, 벗어나면 가까운 끝까지만 거래합니다"
    "(목표 {target:.1f} %).\n벨만 잔차 {residual:.1e}로 확인했습니다({ms:.0f} ms).",
)


def table_view(found: ReportTable, language: Language) -> RenderableType:
    """The report's ten rows, with what it prints in brackets where the parameters are its own."""
    table = grid((_COLUMNS[0], "left"), *((column, "right") for column in _COLUMNS[1:]), language=language)
    for outcome in found.simulation.outcomes:
        values = {
            "rebalances": outcome.rebalances,
            "trading_cost_pct": 100 * outcome.trading_cost,
            "tracking_cost_pct": 100 * outcome.tracking_cost,
            "total_cost_pct": 100 * outcome.total_cost,
            "sharpe": outcome.sharpe,
            "return_pct": 100 * outcome.total_return,
        }
        cells = [_cell(found, outcome.strategy, name, value) for name, value in values.items()]
        table.add_row(plain_line(NAMES[outcome.strategy].of(language)), *cells)
    weight = 100 * found.end_weight_buy_and_hold
    return Group(
        Line(_HEAD.of(language).format(paths=found.simulation.paths)),
        table,
        Line(_END.of(language).format(weight=weight)),
        Line(WARNING.of(language)),
    )


def zone_view(zone: Zone, language: Language) -> RenderableType:
    """The interval in one sentence, and its proof."""
    said = _ZONE.of(language).format(
        lower=100 * zone.lower,
        upper=100 * zone.upper,
        target=100 * zone.target,
        residual=zone.residual,
        ms=1000 * zone.seconds,
    )
    return Group(*map(Line, said.splitlines()))


def _cell(found: ReportTable, strategy: str, name: str, value: float) -> str:
    shown = f"{value:.{_DIGITS[name]}f}"
    printed = f"{PRINTED[strategy][name]:{'.3f' if name == 'sharpe' else 'g'}}"
    return f"{shown}/{printed}" if found.is_the_reports else shown
