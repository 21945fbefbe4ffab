"""Opening a portfolio folder: every file read once, as of one date. The one clock of the program is read here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rebalance_kit import arguments
from rebalance_kit.execution.snapshot import holdings_in_force, read_snapshot_info
from rebalance_kit.holdings.action_file import read_actions
from rebalance_kit.holdings.action_prices import adjust_quotes, explained
from rebalance_kit.holdings.corporate_actions import FILE_NAME as ACTIONS_FILE
from rebalance_kit.holdings.corporate_actions import Action, apply_actions
from rebalance_kit.holdings.files import read_holdings
from rebalance_kit.holdings.lots import check_lots, read_lots
from rebalance_kit.holdings.model import Holdings, HoldingsFile
from rebalance_kit.policy.loading import load_policy
from rebalance_kit.policy.model import Policy
from rebalance_kit.portfolio.lots_kept import follow_lots
from rebalance_kit.portfolio.model import Portfolio
from rebalance_kit.prices.book import price_book
from rebalance_kit.prices.files import PriceFile, read_prices
from rebalance_kit.prices.instruments import HeldName, Instruments, instruments
from rebalance_kit.prices.listing_file import FILE_NAME as LISTING_FILE
from rebalance_kit.prices.listing_file import read_listing_file
from rebalance_kit.words import Finding, Language, Text

if TYPE_CHECKING:  # loaded for a holdings file of somebody else's making
    from rebalance_kit.holdings.aids import Aids
    from rebalance_kit.portfolio.live import LiveBroker

TIME_ZONES = {"XKRX": "Asia/Seoul", "XNYS": "America/New_York"}


def open_portfolio(
    path: str | Path,
    *,
    holdings: str | Path | None = None,
    prices: str | Path | None = None,
    on: date | str | None = None,
    account: str | None = None,
    language: Language | None = None,
    broker: str | LiveBroker | None = None,
    env: str | None = None,
    again: bool = False,
) -> Portfolio:
    """Read a portfolio folder (or its `portfolio.yaml`) once, as of `on` (default: today on its exchange).

    `holdings` and `prices` name other files than the folder's own; `account` limits everything to one account.
    Beside them `lots.csv`, `corporate_actions.csv` and `listing.csv` are read where they are there.

    With `broker="ticket"` a person trades: orders become a list, and its fills are entered with `enter_fills`.
    With `broker="kis"` holdings, prices and the date are those of the account at Korea Investment & Securities, in the
    environment `env` (mock, or real by the word of the settings too); `again` takes the moment of some minutes ago
    that a plan was made from, where there is one.

    Raises PolicyError, HoldingsError, PriceError or UsageError, each naming the file and line; DecisionNeeded when
    `holdings.csv` was edited after a run; BrokerError when a broker cannot be asked.
    """
    policy = load_policy(Path(path))
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    if broker == "ticket":
        from rebalance_kit.portfolio.by_hand import open_by_hand

        if env is not None:
            raise arguments.bad_argument("env", env, Text("no environment for tickets", "주문표에는 환경 없음"))
        return open_by_hand(
            open_portfolio(path, holdings=holdings, prices=prices, on=on, account=account, language=language)
        )
    if broker is not None and broker != "paper":
        from rebalance_kit.portfolio.connecting import open_live

        return open_live(folder, policy, broker, env, on=on, account=account, prices=prices, holdings=holdings,
                         language=language, again=again)  # fmt: skip
    if env is not None:
        raise arguments.bad_argument(
            "env", env, Text("no environment for the paper account", "모의 계좌에는 환경 없음")
        )
    day = _day(on, policy)
    file = read_holdings(_holdings_file(folder, holdings), policy, day, aids=aids(folder))
    dated = replace(file, holdings=_dated(file.holdings, folder, holdings))
    closes = closes_of(folder, prices, policy, day)
    after_a_run = _after_a_run(folder, holdings)
    opened = assemble(folder, policy, dated, closes, day, account=account, after_a_run=after_a_run)
    return replace(
        opened,
        language=language or policy.language,
        holdings_file=None if holdings is None else Path(holdings),
        prices_file=None if prices is None else Path(prices),
    )


def assemble(
    folder: Path,
    policy: Policy,
    file: HoldingsFile,
    closes: PriceFile,
    day: date,
    *,
    account: str | None,
    after_a_run: bool,
) -> Portfolio:
    """A portfolio of what was read: with the folder's lots, corporate actions and listing."""
    written = _with_lots(file.holdings, folder / "lots.csv", policy)
    actions = _actions(folder, policy)
    held = apply_actions(written, actions, policy, day).holdings
    quotes = adjust_quotes((*file.quotes, *closes.quotes), actions, day)
    known = _instruments(folder, policy, held)
    book = price_book(
        policy,
        day,
        quotes.quotes,
        (*file.rates, *closes.rates),
        wanted={asset.code for asset in policy.assets} | {position.code for position in held.positions},
        findings=(*closes.findings, *quotes.findings, *known.findings),
        held_as_of=written.as_of,
        explained=explained(actions),
    )
    if account is not None:
        _known_account(account, policy, held)
    if after_a_run:
        held = follow_lots(held, folder, policy, book, day, known)
    held = _checked(held, after_a_run=after_a_run)
    return Portfolio(
        folder=folder,
        policy=policy,
        holdings=held if account is None else held.only(account),
        household=held,
        prices=book,
        on=day,
        language=policy.language,
        account=account,
        instruments=known,
        written=written,
    )


def _day(on: date | str | None, policy: Policy) -> date:
    """The date to judge on: today on the portfolio's exchange unless one is given. The one clock of the program."""
    if on is not None:
        return arguments.day("on", on)
    return datetime.now(ZoneInfo(TIME_ZONES[policy.exchange])).date()


def aids(folder: Path) -> Aids | None:
    """The listing and the mapping of the folder, for a holdings file of somebody else's making."""
    if not any((folder / name).exists() for name in (LISTING_FILE, "mapping.yaml")):
        return None
    from rebalance_kit.holdings.aids import aids_of

    return aids_of(folder)


def _holdings_file(folder: Path, given: str | Path | None) -> Path:
    return Path(given) if given is not None else holdings_in_force(folder)


def _dated(holdings: Holdings, folder: Path, given: str | Path | None) -> Holdings:
    """The holdings with the day of their quantities: that of the run which wrote the snapshot, where one did."""
    info = None if given is not None else read_snapshot_info(folder)
    return holdings if info is None or info.held_on is None else replace(holdings, as_of=info.held_on)


def _with_lots(holdings: Holdings, path: Path, policy: Policy) -> Holdings:
    """The holdings with the lots of `lots.csv`, where there is one."""
    if not path.exists():
        return holdings
    return replace(holdings, lots=(*holdings.lots, *read_lots(path, policy)))


def _after_a_run(folder: Path, given: str | Path | None) -> bool:
    """Are the holdings those that a run left? `lots.csv` is a person's file and still tells of before."""
    return given is None and read_snapshot_info(folder) is not None


def _checked(holdings: Holdings, *, after_a_run: bool) -> Holdings:
    """The holdings with a finding for each position whose lots do not add up to it; one finding after a run."""
    found = check_lots(holdings, holdings.lots)
    if found and after_a_run:
        codes = ", ".join(finding.code or "" for finding in found)
        message = Text(
            f"The lots do not add up to what is held after the last runs ({codes}): bring lots.csv up to date.",
            f"최근 실행 뒤 로트가 보유 수량과 맞지 않습니다({codes}). lots.csv를 고쳐 주세요.",
        )
        found = (Finding("lots_before_runs", "info", message),)
    return replace(holdings, findings=(*holdings.findings, *found))


def _actions(folder: Path, policy: Policy) -> tuple[Action, ...]:
    path = folder / ACTIONS_FILE
    return read_actions(path, policy) if path.exists() else ()


def _instruments(folder: Path, policy: Policy, held: Holdings) -> Instruments:
    """What the assets are, by the policy, by `listing.csv` where there is one, and by the holdings file."""
    path = folder / LISTING_FILE
    listing = read_listing_file(path, policy) if path.exists() else {}
    return instruments(policy, listing, [HeldName(p.code, p.currency, p.name) for p in held.positions])


def closes_of(folder: Path, given: str | Path | None, policy: Policy, day: date) -> PriceFile:
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
