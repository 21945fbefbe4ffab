"""Prices from the web for a portfolio: what is asked for, of whom, and where the answers go."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

from rebalance_kit import arguments
from rebalance_kit.errors import PriceError
from rebalance_kit.holdings.action_file import read_actions
from rebalance_kit.holdings.corporate_actions import FILE_NAME as ACTIONS_FILE
from rebalance_kit.policy.codes import is_code
from rebalance_kit.portfolio.model import Portfolio
from rebalance_kit.prices.cache import CachedSource
from rebalance_kit.prices.files import PriceFile, read_price_document
from rebalance_kit.prices.instruments import HeldName, Instrument, instruments
from rebalance_kit.prices.source_fdr import FinanceDataReader
from rebalance_kit.prices.source_yfinance import YFinance
from rebalance_kit.prices.sources import PriceSource, Span
from rebalance_kit.prices.update import PriceUpdate, fetch_prices, start_for
from rebalance_kit.storage import write_atomically
from rebalance_kit.textfile.document import Document, open_document
from rebalance_kit.words import Text

PRICES_FILE = "prices.csv"
CACHE_FILE = "prices.sqlite"
SOURCES = ("yfinance", "FinanceDataReader")
AUTO = "auto"


def update_prices(
    portfolio: Portfolio,
    *,
    source: str = AUTO,
    start: date | None = None,
    write: bool = False,
    sources: Sequence[PriceSource] | None = None,
    now: datetime | None = None,
) -> PriceUpdate:
    """Fetch closes and rates up to the portfolio's date and, with `write`, merge them into its prices.csv.

    `source` is `auto` (US listings and currencies from yfinance, Korean ones from FinanceDataReader) or one name;
    `start` is the first day, by default a little before the newest close that is there. `sources` replaces them all.
    Raises UsageError for an unknown name, KitError when a source fails, StorageError when the disk refuses.
    """
    path = portfolio.prices_file or portfolio.folder / PRICES_FILE
    document = open_document(path, PriceError) if path.exists() else None
    there = read_price_document(document, portfolio.policy, date.max) if document else PriceFile()
    wanted = _wanted(portfolio)
    base = portfolio.policy.base_currency
    codes = [one.code for one in wanted] + [f"{one.currency}/{base}" for one in wanted if one.currency != base]
    moment = now or datetime.now(UTC)
    span = Span(start or start_for(there, codes, portfolio.on), portfolio.on, moment)
    asked = sources if sources is not None else _sources(source, portfolio)
    update = fetch_prices(portfolio.policy, wanted, asked, span, document)
    update = replace(update, language=portfolio.language)
    return _write(path, document, update) if write and update.data is not None else update


def _write(path: Path, document: Document | None, update: PriceUpdate) -> PriceUpdate:
    """Replace the file in one step, unless somebody else has changed it since it was read."""
    now_there = open_document(path, PriceError) if path.exists() else None
    if (now_there and now_there.sha256) != (document and document.sha256):
        raise PriceError(
            "file_changed",
            where=str(path),
            wrong=Text("the file was changed while prices were fetched", "가격을 받는 동안 파일이 바뀌었습니다"),
            expected=Text("the file as it was read", "읽었을 때와 같은 파일"),
            fix=Text("run the command again", "다시 실행해 주세요"),
        )
    write_atomically(path, update.data or b"", mode=0o644)
    return replace(update, written=True)


def _wanted(portfolio: Portfolio) -> tuple[Instrument, ...]:
    """Every asset of the policy, whatever else is held, and the proxies that the policy names."""
    known = tuple(portfolio.instruments)
    codes = {one.code for one in known}
    proxies = [code for code in portfolio.policy.prices.proxy.values() if code not in codes]
    names = [HeldName(code, "KRW" if is_code(code, krx=True) else "USD") for code in dict.fromkeys(proxies)]
    return (*known, *(one for one in instruments(portfolio.policy, {}, names) if one.code in proxies))


def _sources(name: str, portfolio: Portfolio) -> tuple[PriceSource, ...]:
    every: dict[str, PriceSource] = {
        "yfinance": YFinance(),
        "FinanceDataReader": FinanceDataReader(_splits(portfolio)),
    }
    if name != AUTO and name not in every:
        known = ", ".join((AUTO, *SOURCES))
        raise arguments.bad_argument("--source", name, Text(f"one of {known}", f"{known} 가운데 하나"))
    chosen = every.values() if name == AUTO else (every[name],)
    folder = cache_folder()
    return tuple(CachedSource(source, folder / CACHE_FILE) for source in chosen)


def _splits(portfolio: Portfolio) -> Mapping[str, Sequence[tuple[date, Fraction]]]:
    path = portfolio.folder / ACTIONS_FILE
    splits: dict[str, list[tuple[date, Fraction]]] = {}
    for action in read_actions(path, portfolio.policy) if path.exists() else ():
        if action.is_split:
            splits.setdefault(action.code, []).append((action.date, action.ratio))
    return splits


def cache_folder() -> Path:
    """Where programs of this user keep what they can ask for again."""
    stated = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(stated) if stated else Path.home() / ".cache") / "rebalance-kit"
