"""The commands. Each opens a portfolio, asks it one question, and prints the answer."""

from __future__ import annotations

from typing import Annotated

import typer

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
    Rule,
    Spoken,
    Withdraw,
)

COMMANDS = ("demo", "drift", "plan", "cash", "run", "history", "dashboard", "policy")

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.command()
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
    findings = [*drift.findings, *decision.findings]
    spoken = opened.language
    output.show(
        terminal.drift_view(drift, spoken),
        terminal.section(terminal.decision_view(decision, spoken)),
        terminal.findings_view(findings, spoken),
    )


@app.command()
def plan(
    portfolio: Folder,
    contribute: Contribute = None,
    withdraw: Withdraw = None,
    cash_rule: Rule = None,
    method: MethodName = None,
    fraction: Fraction = None,
    no_sell: NoSell = False,
    force: Force = False,
    holdings: HoldingsFile = None,
    prices: PricesFile = None,
    on: On = None,
    account: AccountName = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Orders in whole shares: what to do, why, what it costs, where it leads."""
    opened = Common(portfolio, holdings, prices, on, account, language, json).open()
    asked = PlanArguments(contribute, withdraw, cash_rule, method, fraction, no_sell, force)
    made = asked.plan(opened)
    if json:
        output.write_json(made.to_dict(opened.language))
        return
    from rebalance_kit.report.terminal_plan import plan_view

    output.show(plan_view(made, opened.language))


@app.command(context_settings={"ignore_unknown_options": True})  # -500000 is an amount, not an option
def cash(
    portfolio: Folder,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="New money; negative: a withdrawal.")],
    holdings: HoldingsFile = None,
    prices: PricesFile = None,
    on: On = None,
    account: AccountName = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Where new money goes by each rule, side by side."""
