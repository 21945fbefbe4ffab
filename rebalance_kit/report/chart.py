"""`chart(result)`: a result as a picture, in a notebook, in a file, or as a matplotlib figure."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rebalance_kit.drift import Drift
from rebalance_kit.errors import StorageError, UsageError
from rebalance_kit.planner.compare import CashComparison
from rebalance_kit.planner.plan import Plan
from rebalance_kit.planner.savings_model import SavingsPlan
from rebalance_kit.report.svg import before_after_svg, drift_svg
from rebalance_kit.report.svg_cash import cash_svg
from rebalance_kit.report.svg_harvest import harvest_svg
from rebalance_kit.report.svg_savings import savings_svg
from rebalance_kit.tax.harvest_model import Harvest
from rebalance_kit.words import Language, Text, same

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Charted = Drift | Plan | CashComparison | SavingsPlan | Harvest


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of `result`. In a notebook it shows itself as SVG inside HTML, which follows a dark theme; the text
    is the same in every run."""

    result: Charted
    language: Language
    svg: str = field(repr=False)

    def _repr_html_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"Chart({type(self.result).__name__}, {self.language})"

    def figure(self) -> Figure:
        """A matplotlib figure of the same picture, to change or to save. Warns where no Korean font is installed."""
        from rebalance_kit.report.figure import before_after_figure, cash_figure, drift_figure, savings_figure
        from rebalance_kit.report.figure_harvest import harvest_figure

        if isinstance(self.result, Drift):
            return drift_figure(self.result, self.language)
        if isinstance(self.result, CashComparison):
            return cash_figure(self.result, self.language)
        if isinstance(self.result, SavingsPlan):
            return savings_figure(self.result, self.language)
        if isinstance(self.result, Harvest):
            return harvest_figure(self.result, self.language)
        return before_after_figure(self.result, self.language)

    def save(self, path: str | Path) -> Path:
        """Write the picture as `.svg`, `.png` or `.pdf`. UsageError for another ending, StorageError for the disk."""
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in (".svg", ".png", ".pdf"):
            raise _unknown_ending(target)
        try:
            if suffix == ".svg":
                target.write_text(self.svg, encoding="utf-8", newline="\n")
            else:
                metadata = {"CreationDate": None} if suffix == ".pdf" else {"Software": None}
                self.figure().savefig(target, dpi=160, metadata=metadata)
        except OSError as error:
            raise _not_written(target, error) from error
        return target


def chart(result: Charted, language: Language | None = None) -> Chart:
    """The picture of a `Drift` (bars with bands), a `Plan` (weights before and after), a `CashComparison` (where each
    rule puts the money), a `SavingsPlan` (how drift falls month by month) or a `Harvest` (the deduction and every lot),
    in the portfolio's language unless another one is named. UsageError for anything else."""
    if isinstance(result, Drift):
        spoken = language or result.language
        return Chart(result, spoken, drift_svg(result, spoken))
    if isinstance(result, Plan):
        spoken = language or result.language
        return Chart(result, spoken, before_after_svg(result, spoken))
    if isinstance(result, CashComparison):
        spoken = language or result.language
        return Chart(result, spoken, cash_svg(result, spoken))
    if isinstance(result, SavingsPlan):
        spoken = language or result.language
        return Chart(result, spoken, savings_svg(result, spoken))
    if isinstance(result, Harvest):
        spoken = language or result.language
        return Chart(result, spoken, harvest_svg(result, spoken))
    raise UsageError(
        "no_chart",
        where=same("chart()"),
        wrong=Text(f"a {type(result).__name__} has no picture", f"{type(result).__name__}에는 그림이 없습니다"),
        expected=Text(
            "a Drift, a Plan, a CashComparison, a SavingsPlan or a Harvest",
            "Drift, Plan, CashComparison, SavingsPlan, Harvest 중 하나",
        ),
        fix=Text("pass portfolio.drift() or portfolio.plan()", "portfolio.drift()나 portfolio.plan()을 넘겨 주세요"),
    )


def _unknown_ending(path: Path) -> UsageError:
    return UsageError(
        "unknown_ending",
        where=same(str(path)),
        wrong=Text(f"the ending {path.suffix!r} is not known", f"확장자 {path.suffix!r}를 알 수 없습니다"),
        expected=Text(".svg, .png or .pdf", ".svg, .png, .pdf 중 하나"),
        fix=Text("give the file one of these endings", "파일 이름의 확장자를 바꿔 주세요"),
    )


def _not_written(path: Path, error: OSError) -> StorageError:
    reason = error.strerror or str(error)
    return StorageError(
        "not_written",
        where=same(str(path)),
        wrong=Text(f"the chart could not be written ({reason})", f"그림을 쓰지 못했습니다 ({reason})"),
        expected=Text("a folder that can be written to", "쓸 수 있는 폴더"),
        fix=Text("choose another place", "다른 위치를 골라 주세요"),
    )
