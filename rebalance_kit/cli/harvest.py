"""`rebalance harvest`: which lots to sell today for the sake of the tax."""

from __future__ import annotations

from typing import Annotated

import typer

from rebalance_kit import arguments
from rebalance_kit.cli import output
from rebalance_kit.cli.options import AccountName, Common, Folder, HoldingsFile, Json, On, PricesFile, Spoken

LastDay = Annotated[
    str | None,
    typer.Option(
        "--last-day", metavar="DATE", help="The broker's last day on which an overseas sale counts this year."
    ),
]


def harvest(
    portfolio: Folder,
    last_day: LastDay = None,
    holdings: HoldingsFile = None,
    prices: PricesFile = None,
    on: On = None,
    account: AccountName = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Losses and gains worth realising for the tax, lot by lot: an estimate, not advice."""
    opened = Common(portfolio, holdings, prices, on, account, language, json).open()
    made = opened.harvest(last_day=None if last_day is None else arguments.day("--last-day", last_day))
    if json:
        output.write_json(made.to_dict(opened.language))
        return
    from rebalance_kit.report.terminal_harvest import harvest_view

    output.show(harvest_view(made, opened.policy.name, opened.language))
