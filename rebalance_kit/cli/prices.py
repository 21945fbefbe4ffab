"""`rebalance prices`: closes from the web into prices.csv."""

from __future__ import annotations

from typing import Annotated

import typer

from rebalance_kit import arguments
from rebalance_kit.cli import output
from rebalance_kit.cli.options import Common, Folder, HoldingsFile, Json, On, PricesFile, Spoken

Source = Annotated[
    str, typer.Option("--source", metavar="NAME", help="auto, yfinance (US) or FinanceDataReader (Korea).")
]
Start = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="The first day. [a little before the newest close]")
]
Write = Annotated[bool, typer.Option("--write", help="Write prices.csv; without it nothing is written.")]


def prices(
    portfolio: Folder,
    source: Source = "auto",
    start: Start = None,
    write: Write = False,
    holdings: HoldingsFile = None,
    prices: PricesFile = None,
    on: On = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Closes and exchange rates from the web, merged into prices.csv."""
    from rebalance_kit.portfolio.pricing import update_prices

    opened = Common(portfolio, holdings, prices, on, None, language, json).open()
    first = None if start is None else arguments.day("--from", start)
    update = update_prices(opened, source=source, start=first, write=write)
    if json:
        output.write_json(update.to_dict(opened.language))
        return
    from rebalance_kit.report.terminal_prices import update_view

    output.show(update_view(update, opened.language))
