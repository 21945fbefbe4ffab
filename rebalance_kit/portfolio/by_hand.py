"""Trading by hand: the folder's account at a broker that this program does not reach."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rebalance_kit.arguments import bad_argument
from rebalance_kit.brokers.paper_fills import paper_terms
from rebalance_kit.brokers.ticket import TicketBroker
from rebalance_kit.brokers.ticket_file import read_fills
from rebalance_kit.execution.lock import FileLock, account_lock
from rebalance_kit.orders import share_unit
from rebalance_kit.portfolio.live import without_exchange
from rebalance_kit.portfolio.trading import now, trading_account
from rebalance_kit.words import Text

if TYPE_CHECKING:
    from rebalance_kit.portfolio.model import Portfolio


def open_by_hand(portfolio: Portfolio) -> Portfolio:
    """The portfolio with its account in a person's hands. Currencies are not exchanged by plans. UsageError when
    several accounts are held and none was chosen."""
    account = trading_account(portfolio)
    rules, findings = without_exchange(portfolio.policy, ())
    broker = TicketBroker(
        portfolio.folder,
        account,
        names={asset.code: asset.name for asset in rules.assets},
        seed=portfolio.household,
        before=portfolio.written,
        prices=portfolio.prices,
        terms=paper_terms(rules, portfolio.on),
        session=portfolio.on,
        clock=now,
        dividends_are_cash=rules.rebalancing.cash.dividends == "count",
        unit=share_unit(rules, account),
        base_currency=rules.base_currency,
    )
    held = replace(portfolio.holdings, findings=(*portfolio.holdings.findings, *findings))
    return replace(portfolio, policy=rules, stated_policy=portfolio.policy, holdings=held, broker=broker)


def enter_fills(portfolio: Portfolio, path: str | Path, *, close: bool = False) -> TicketBroker:
    """Enter the fills of a file; `close`: nothing more will come. What is still open is in `ticket.csv` then.

    Raises HoldingsError naming the line, StorageError, BusyError while a run works on the account, UsageError for a
    portfolio whose orders are not a person's.
    """
    broker = ticket_of(portfolio)
    fills = read_fills(Path(path))
    who = broker.identity
    with FileLock(account_lock(portfolio.folder, who.account, who.mode), now=now(), doing="fills"):
        broker.enter(fills, close=close)
        broker.write_list()
    return broker


def ticket_of(portfolio: Portfolio) -> TicketBroker:
    """The broker of a portfolio that a person trades for. UsageError for another one."""
    if not isinstance(portfolio.broker, TicketBroker):
        name = "paper" if portfolio.broker is None else portfolio.broker.identity.broker
        raise bad_argument("broker", name, Text("ticket, where fills are entered", "체결을 적는 ticket"))
    return portfolio.broker
