"""`rebalance research ...`: how often, how wide, and what a rule would have cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from rebalance_kit import arguments
from rebalance_kit.cli import output
from rebalance_kit.cli.options import Json, Spoken, read_language
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:
    from rebalance_kit.research.market import TwoAssets

RESEARCH_COMMANDS = ("table", "zone")
MOST_PATHS = 10_000_000

research = typer.Typer(rich_markup_mode=None, help="How often, how wide, and what a rule would have cost.")

Cost = Annotated[str | None, typer.Option("--cost", metavar="C", help="Of what is traded, each leg. [0.002]")]
Aversion = Annotated[str | None, typer.Option("--risk-aversion", metavar="A", help="Lambda. [1]")]
MeanStocks = Annotated[str | None, typer.Option("--mean-stocks", metavar="M", help="Monthly log return. [0.00369]")]
MeanBonds = Annotated[str | None, typer.Option("--mean-bonds", metavar="M", help="[0.00228]")]
SdStocks = Annotated[str | None, typer.Option("--sd-stocks", metavar="S", help="Monthly. [0.0466]")]
SdBonds = Annotated[str | None, typer.Option("--sd-bonds", metavar="S", help="[0.007]")]
Correlation = Annotated[str | None, typer.Option("--correlation", metavar="R", help="[0.15]")]
RiskFree = Annotated[str | None, typer.Option("--risk-free", metavar="R", help="A year. [0.0246]")]

_DONE = Text("simulated {share:.0%}", "모의실험 {share:.0%}")


@research.command()
def table(
    paths: Annotated[str, typer.Option("--paths", metavar="N", help="How many ten-year paths.")] = "100000",
    seed: Annotated[str, typer.Option("--seed", metavar="S", help="The same seed gives the same table.")] = "1",
    cost: Cost = None,
    risk_aversion: Aversion = None,
    mean_stocks: MeanStocks = None,
    mean_bonds: MeanBonds = None,
    sd_stocks: SdStocks = None,
    sd_bonds: SdBonds = None,
    correlation: Correlation = None,
    risk_free: RiskFree = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Ten rules over ten years, beside the table of the Hanwha report that they reproduce."""
    market = _market(cost=cost, risk_aversion=risk_aversion, mean_stocks=mean_stocks, mean_bonds=mean_bonds,
                     sd_stocks=sd_stocks, sd_bonds=sd_bonds, correlation=correlation, risk_free=risk_free)  # fmt: skip
    number, start = _whole("--paths", paths, 1, MOST_PATHS), _whole("--seed", seed, 0, 2**63)
    spoken: Language = read_language(language) or "en"
    from rebalance_kit.report.terminal_research import table_view
    from rebalance_kit.research.report_table import report_table

    told = [0.0]

    def progress(share: float) -> None:
        if share - told[0] >= 0.1 and number >= 50_000:
            told[0] = share
            output.say(_DONE.of(spoken).format(share=share))

    found = report_table(market, paths=number, seed=start, language=spoken, progress=progress)
    if json:
        output.write_json(found.to_dict())
    else:
        output.show(table_view(found, spoken))


@research.command()
def zone(
    target: Annotated[
        str | None, typer.Option("--target", metavar="W", help="The weight of stocks. [what the moments imply]")
    ] = None,
    cost: Cost = None,
    risk_aversion: Aversion = None,
    mean_stocks: MeanStocks = None,
    mean_bonds: MeanBonds = None,
    sd_stocks: SdStocks = None,
    sd_bonds: SdBonds = None,
    correlation: Correlation = None,
    risk_free: RiskFree = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Between which weights to do nothing: the cheapest rule for two assets."""
    market = _market(cost=cost, risk_aversion=risk_aversion, mean_stocks=mean_stocks, mean_bonds=mean_bonds,
                     sd_stocks=sd_stocks, sd_bonds=sd_bonds, correlation=correlation, risk_free=risk_free)  # fmt: skip
    wanted = None if target is None else float(arguments.share("--target", target))
    spoken: Language = read_language(language) or "en"
    from rebalance_kit.report.terminal_research import zone_view
    from rebalance_kit.research.market import REPORT, REPORT_TARGET
    from rebalance_kit.research.zone_two import no_trade_zone

    if wanted is None and market == REPORT:
        wanted = REPORT_TARGET
    try:
        found = no_trade_zone(market, wanted)
    except ValueError:
        shown = str(market.optimum if wanted is None else wanted)
        expected = Text("a weight between 0 and 1, both excluded", "0과 1 사이(양 끝 제외)의 비중")
        raise arguments.bad_argument("--target", shown, expected) from None
    if json:
        output.write_json(found.to_dict())
    else:
        output.show(zone_view(found, spoken))


def _market(**given: str | None) -> TwoAssets:
    """The report's market with what was given instead. UsageError for a number that is none or does not fit."""
    from rebalance_kit.research.market import REPORT

    read = {name: _number(f"--{name.replace('_', '-')}", text) for name, text in given.items() if text is not None}
    try:
        return replace(REPORT, **read)
    except ValueError:
        said = ", ".join(f"{name} {value}" for name, value in read.items())
        expected = Text(
            "standard deviations and a risk aversion above zero, a correlation from -1 to 1, a cost from 0 to 0.5",
            "0보다 큰 표준편차와 위험 회피도, -1에서 1 사이의 상관계수, 0에서 0.5 사이의 비용",
        )
        raise arguments.bad_argument("the market", said, expected) from None


def _number(option: str, text: str) -> float:
    if text.strip() in ("0", "0.0"):
        return 0.0
    return float(arguments.amount(option, text, negative=True))


def _whole(option: str, text: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most:
        return int(text)
    expected = Text(f"a whole number from {least:,} to {most:,}", f"{least:,}부터 {most:,}까지의 정수")
    raise arguments.bad_argument(option, text, expected)
