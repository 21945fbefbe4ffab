"""Opening a portfolio folder: every file read once, as of one date. The one clock of the program is read here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rebalance_kit import arguments
from rebalance_kit.execution.snapshot import holdings_in_force
from rebalance_kit.holdings.files import read_holdings
from rebalance_kit.holdings.lots import check_lots, read_lots
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.policy.loading import load_policy
from rebalance_kit.policy.model import Policy
from rebalance_kit.portfolio.model import Portfolio
from rebalance_kit.prices.book import price_book
from rebalance_kit.prices.files import PriceFile, read_prices
from rebalance_kit.words import Language, Text

TIME_ZONES = {"XKRX": "Asia/Seoul", "XNYS": "America/New_York"}


def open_portfolio(
    path: str | Path,
    *,
    holdings: str | Path | None = None,
    prices: str | Path | None = None,
    on: date | str | None = None,
    account: str | None = None,
    language: Language | None = None,
) -> Portfolio:
    """Read a portfolio folder (or its `portfolio.yaml`) once, as of `on` (default: today on its exchange).

    `holdings` and `prices` name other files than the folder's own; `account` limits everything to one account.
    Raises PolicyError, HoldingsError, PriceError or UsageError, each naming the file and line; DecisionNeeded when
    `holdings.csv` was edited after a run.
    """
    policy = load_policy(Path(path))
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    day = _day(on, policy)
    file = read_holdings(_holdings_file(folder, holdings), policy, day)
    held = _with_lots(file.holdings, folder / "lots.csv", policy)
    closes = _closes(folder, prices, policy, day)
    wanted = {asset.code for asset in policy.assets} | {position.code for position in held.positions}
    book = price_book(
        policy,
        day,
        (*file.quotes, *closes.quotes),
        (*file.rates, *closes.rates),
        wanted=wanted,
        findings=closes.findings,
    )
    if account is not None:
        _known_account(account, policy, held)
    return Portfolio(
        folder=folder,
        policy=policy,
        holdings=held if account is None else held.only(account),
        household=held,
        prices=book,
        on=day,
        language=language or policy.language,
        account=account,
        holdings_file=None if holdings is None else Path(holdings),
        prices_file=None if prices is None else Path(prices),
    )


def _day(on: date | str | None, policy: Policy) -> date:
    """The date to judge on: today on the portfolio's exchange unless one is given. The one clock of the program."""
    if on is not None:
        return arguments.day("on", on)
    return datetime.now(ZoneInfo(TIME_ZONES[policy.exchange])).date()


def _holdings_file(folder: Path, given: str | Path | None) -> Path:
    return Path(given) if given is not None else holdings_in_force(folder)


def _with_lots(holdings: Holdings, path: Path, policy: Policy) -> Holdings:
    """The holdings with the lots of `lots.csv`, where there is one, and what does not fit as findings."""
    if not path.exists():
        return holdings
    lots = read_lots(path, policy)
    found = check_lots(holdings, lots)
    return replace(holdings, lots=(*holdings.lots, *lots), findings=(*holdings.findings, *found))


def _closes(folder: Path, given: str | Path | None, policy: Policy, day: date) -> PriceFile:
    """The dated closes. `prices.csv` is optional; a file that was named must exist."""
    path = Path(given) if given is not None else folder / "prices.csv"
    if given is None and not path.exists():
        return PriceFile()
    return read_prices(path, policy, day)


def _known_account(account: str, policy: Policy, holdings: Holdings) -> None:
    known = tuple(sorted({*policy.accounts, *holdings.accounts}))
    if account not in known:
        names = ", ".join(known)
        raise arguments.bad_argument("account", account, Text(f"one of {names}", f"다음 중 하나: {names}"))
