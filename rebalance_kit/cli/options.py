"""The options that commands share, as typer declares them, and the values they become.

typer only splits the command line into texts; `rebalance_kit.arguments` reads them, so that a bad value is the same
one sentence everywhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from rebalance_kit import arguments
from rebalance_kit.cli import output
from rebalance_kit.cli.faults import spoken_language
from rebalance_kit.errors import UsageError
from rebalance_kit.policy.choices import CashRule, Method
from rebalance_kit.words import Language, Text, same

if TYPE_CHECKING:  # loaded when a command needs them, so that help and demo start at once
    from decimal import Decimal

    from rebalance_kit.planner.plan import Plan, PlanOptions
    from rebalance_kit.portfolio import Portfolio

Choice = TypeVar("Choice", bound=StrEnum)

Folder = Annotated[str, typer.Argument(metavar="PORTFOLIO", help="A portfolio folder or its portfolio.yaml.")]
HoldingsFile = Annotated[str | None, typer.Option("--holdings", metavar="FILE", help="Instead of holdings.csv.")]
PricesFile = Annotated[str | None, typer.Option("--prices", metavar="FILE", help="Instead of prices.csv.")]
On = Annotated[str | None, typer.Option("--on", metavar="DATE", help="The day to judge, e.g. 2026-04-01. [today]")]
AccountName = Annotated[str | None, typer.Option("--account", metavar="NAME", help="Only this account.")]
Spoken = Annotated[str | None, typer.Option("--language", metavar="ko|en", help="[the policy's]")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]

Contribute = Annotated[str | None, typer.Option("--contribute", metavar="N", help="Plan N of new money: buy only.")]
Withdraw = Annotated[str | None, typer.Option("--withdraw", metavar="N", help="Plan to pay N out: sell only.")]
Rule = Annotated[
    str | None,
    typer.Option("--cash-rule", metavar="NAME", help="proportional, water_filling or least_squares."),
]
MethodName = Annotated[
    str | None,
    typer.Option("--method", metavar="NAME", help="full, fraction, halfway, band_edge or breached_only."),
]
Fraction = Annotated[str | None, typer.Option("--fraction", metavar="F", help="The share of each drift, e.g. 0.5.")]
NoSell = Annotated[bool, typer.Option("--no-sell", help="Buy only.")]
Prove = Annotated[bool, typer.Option("--prove", help="Several accounts: take seconds to close the gap.")]
Targets = Annotated[
    str | None, typer.Option("--targets", metavar="FILE", help="A dated decision about target weights, as JSON.")
]
Force = Annotated[bool, typer.Option("--force", help="Plan although nothing is due; minimums and checks stay.")]


_ASKING = Text(
    "Asking the broker for holdings and prices (a mock account allows about one question a second) ...",
    "증권사에 잔고와 시세를 묻고 있습니다(모의투자는 초당 1건쯤만 물을 수 있습니다) ...",
)


@dataclass(frozen=True, slots=True)
class Common:
    """What every command about a portfolio is told, as typed on the command line."""

    folder: str
    holdings: str | None
    prices: str | None
    on: str | None
    account: str | None
    language: str | None
    json: bool

    def open(self, broker: str | None = None, env: str | None = None, *, again: bool = False) -> Portfolio:
        """The portfolio, of the folder's files or at a broker. Raises the errors of `open_portfolio`, and UsageError
        for a file that is not there."""
        from rebalance_kit.portfolio import open_portfolio

        if broker == "kis":
            said = ["--language", self.language] if self.language else []
            output.say(_ASKING.of(spoken_language([self.folder, *said], os.environ.get("LANG", ""))))
        return open_portfolio(
            self.folder,
            holdings=_file("--holdings", self.holdings),
            prices=_file("--prices", self.prices),
            on=None if self.on is None else arguments.day("--on", self.on),
            account=self.account,
            language=read_language(self.language),
            broker=broker,
            env=env,
            again=again,
        )

    def words(self) -> list[str]:
        """The same again on a command line."""
        return _words(holdings=self.holdings, prices=self.prices, on=self.on, account=self.account)


def read_language(text: str | None) -> Language | None:
    """`ko`, `en`, or None when it was not given."""
    if text is None:
        return None
    if text == "ko":
        return "ko"
    if text == "en":
        return "en"
    raise arguments.bad_argument("--language", text, Text("ko or en", "ko 또는 en"))


def _file(option: str, text: str | None) -> Path | None:
    if text is None:
        return None
    path = Path(text)
    if path.is_file():
        return path
    raise UsageError(
        "no_such_file",
        where=same(option),
        wrong=Text(f"there is no file {text}", f"{text} 파일이 없습니다"),
        expected=Text("a CSV file", "CSV 파일"),
        fix=Text("check the path", "경로를 확인해 주세요"),
    )


@dataclass(frozen=True, slots=True)
class PlanArguments:
    """The options of `plan`, as typed on the command line."""

    contribute: str | None = None
    withdraw: str | None = None
    cash_rule: str | None = None
    method: str | None = None
    fraction: str | None = None
    no_sell: bool = False
    force: bool = False
    prove: bool = False

    targets: str | None = None

    def plan(self, portfolio: Portfolio) -> Plan:
        """The plan of `portfolio`. Raises UsageError for each option that cannot be read."""
        return portfolio.plan_with(self.options(portfolio))

    def options(self, portfolio: Portfolio) -> PlanOptions:
        """What was asked for, read. Raises UsageError for each option that cannot be."""
        from rebalance_kit.planner.plan import PlanOptions

        return PlanOptions(
            contribute=None if self.contribute is None else arguments.amount("--contribute", self.contribute),
            withdraw=None if self.withdraw is None else arguments.amount("--withdraw", self.withdraw),
            cash_rule=None if self.cash_rule is None else read_choice(CashRule, "--cash-rule", self.cash_rule),
            method=None if self.method is None else read_choice(Method, "--method", self.method),
            fraction=None if self.fraction is None else arguments.share("--fraction", self.fraction),
            no_sell=self.no_sell,
            force=self.force,
            prove=self.prove,
            account=portfolio.account,
            targets=() if self.targets is None else self._targets(self.targets, portfolio),
        )

    def _targets(self, file: str, portfolio: Portfolio) -> tuple[tuple[str, Decimal], ...]:
        from rebalance_kit.proposals.decision import read_decision

        return tuple(sorted(read_decision(Path(file), portfolio.policy, portfolio.on).targets.items()))

    def words(self) -> list[str]:
        """The same again on a command line."""
        return _words(
            contribute=self.contribute,
            withdraw=self.withdraw,
            cash_rule=self.cash_rule,
            method=self.method,
            fraction=self.fraction,
            no_sell=self.no_sell,
            force=self.force,
            prove=self.prove,
            targets=self.targets,
        )


def broker_words(broker: str, env: str | None) -> list[str]:
    """A broker and its environment again on a command line; nothing for the paper account."""
    return [] if broker == "paper" else ["--broker", broker, *(["--env", env] if env else [])]


def _words(**given: str | bool | None) -> list[str]:
    words: list[str] = []
    for name, value in given.items():
        if value:
            words += [f"--{name.replace('_', '-')}"] + ([value] if isinstance(value, str) else [])
    return words


def read_choice(kind: type[Choice], option: str, text: str) -> Choice:
    """A name; the hyphens of a shell habit are as good as underscores."""
    return arguments.choice(kind, option, text.strip().lower().replace("-", "_"))
