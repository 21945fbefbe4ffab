"""The commands that only ask: each opens a portfolio, puts one question to it, and prints the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from rebalance_kit import arguments
from rebalance_kit.cli import output
from rebalance_kit.cli.options import (
    AccountName,
    Common,
    Contribute,
    Folder,
    Force,
    Fraction,
    HoldingsFile,
    Json,
    MethodName,
    NoSell,
    On,
    PlanArguments,
    PricesFile,
    Prove,
    Rule,
    Spoken,
    Targets,
    Withdraw,
)
from rebalance_kit.words import Language

if TYPE_CHECKING:
    from rebalance_kit.planner.savings_model import SavingsPlan


def drift(
    portfolio: Folder,
    holdings: HoldingsFile = None,
    prices: PricesFile = None,
    on: On = None,
    account: AccountName = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Where am I off target, and is anything due?"""
    opened = Common(portfolio, holdings, prices, on, account, language, json).open()
    if json:
        output.write_json(opened.to_dict())
        return
    from rebalance_kit.report import terminal

    drift, decision = opened.drift(), opened.decide()
    spoken = opened.language
    output.show(
        terminal.drift_view(drift, spoken),
        terminal.section(terminal.decision_view(decision, spoken)),
        terminal.findings_view(drift.findings, spoken),
    )


def plan(
    portfolio: Folder,
    contribute: Contribute = None,
    withdraw: Withdraw = None,
    cash_rule: Rule = None,
    method: MethodName = None,
    fraction: Fraction = None,
    no_sell: NoSell = False,
    force: Force = False,
    prove: Prove = False,
    targets: Targets = None,
    holdings: HoldingsFile = None,
    prices: PricesFile = None,
    on: On = None,
    account: AccountName = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Orders in whole shares: what to do, why, what it costs, where it leads."""
    opened = Common(portfolio, holdings, prices, on, account, language, json).open()
    asked = PlanArguments(contribute, withdraw, cash_rule, method, fraction, no_sell, force, prove, targets)
    made = asked.plan(opened)
    if json:
        output.write_json(made.to_dict(opened.language))
        return
    from rebalance_kit.report.terminal_plan import plan_view

    output.show(plan_view(made, opened.language))


def cash(
    portfolio: Folder,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="New money; negative: a withdrawal.")],
    months: Annotated[
        str | None, typer.Option("--months", metavar="N", help="The same deposit in each of N months.")
    ] = None,
    holdings: HoldingsFile = None,
    prices: PricesFile = None,
    on: On = None,
    account: AccountName = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Where new money goes by each rule, side by side; with --months, month after month."""
    if months is not None:
        deposit, length = arguments.amount("AMOUNT", amount), arguments.count("--months", months)
        saved = Common(portfolio, holdings, prices, on, account, language, json).open()
        _show_savings(saved.savings_plan(deposit, length), saved.language, json=json)
        return
    asked = arguments.amount("AMOUNT", amount, negative=True)
    opened = Common(portfolio, holdings, prices, on, account, language, json).open()
    compared = opened.cash_rules(asked)
    if json:
        output.write_json(compared.to_dict(opened.language))
        return
    from rebalance_kit.report.terminal_cash import cash_view

    output.show(cash_view(compared, opened.language))


def _show_savings(made: SavingsPlan, language: Language, *, json: bool) -> None:
    if json:
        output.write_json(made.to_dict(language))
        return
    from rebalance_kit.report.terminal_savings import savings_view

    output.show(savings_view(made, language))
