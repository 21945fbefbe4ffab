"""Where a code trades: on KRX, or on which of the three American exchanges, which the service wants to be told.

Three families of calls name the exchanges in two ways. A wrong one answers with success and blanks, so an exchange is
never assumed: it is read from what the account holds, else found by asking for a price, and kept in a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rebalance_kit.orders import Instrument, instrument_of
from rebalance_kit.policy.model import Policy
from rebalance_kit.sessions import Exchange
from rebalance_kit.storage import storage_errors, write_atomically

FILE_NAME = "exchanges.json"


class Market(StrEnum):
    """The American exchanges as orders and balances name them."""

    NASD = "NASD"
    NYSE = "NYSE"
    AMEX = "AMEX"

    @property
    def quoted(self) -> str:
        """As quotations name it."""
        return {"NASD": "NAS", "NYSE": "NYS", "AMEX": "AMS"}[self.value]


PROBED = (Market.AMEX, Market.NYSE, Market.NASD)  # most funds are listed on Arca, which belongs to AMEX here


@dataclass(frozen=True, slots=True)
class Listing:
    """One code: its exchange, its tick table and the name that people call it."""

    code: str
    exchange: Exchange
    instrument: Instrument
    name: str

    @property
    def currency(self) -> str:
        return "KRW" if self.exchange == "XKRX" else "USD"

    @property
    def symbol(self) -> str:
        """As the service writes it: classes of shares after a stroke."""
        return self.code.replace(".", "/") if self.exchange == "XNYS" else self.code


def listings_of(policy: Policy) -> dict[str, Listing]:
    """The listings of every asset of a policy."""
    found = {}
    for asset in policy.assets:
        exchange: Exchange = "XNYS" if policy.currency_of(asset) == "USD" else policy.exchange_of(asset)
        found[asset.code] = Listing(asset.code, exchange, instrument_of(asset, exchange), asset.name)
    return found


class Listings:
    """The listings of a policy, and of whatever else the account turns out to hold."""

    def __init__(self, known: Mapping[str, Listing]) -> None:
        self._known = dict(known)

    def __iter__(self) -> Iterable[Listing]:
        return iter(self._known.values())

    def get(self, code: str) -> Listing | None:
        """The listing of a code that the policy names or the account holds."""
        return self._known.get(code)

    def by_symbol(self, symbol: str, exchange: Exchange, name: str = "") -> Listing:
        """The listing of what the service calls `symbol`; one that is not known yet is made."""
        for listing in self._known.values():
            if (listing.symbol, listing.exchange) == (symbol, exchange):
                return listing
        instrument = Instrument.US_LISTED if exchange == "XNYS" else Instrument.KRX_ETF
        made = Listing(symbol, exchange, instrument, name or symbol)
        return self._known.setdefault(symbol, made)

    @property
    def abroad(self) -> tuple[Listing, ...]:
        """Those on American exchanges."""
        return tuple(listing for listing in self._known.values() if listing.exchange == "XNYS")


class Markets:
    """Which American exchange a symbol trades on, remembered in a file of `folder`."""

    def __init__(self, folder: Path, probe: Callable[[str, Market], bool]) -> None:
        self._path = folder / FILE_NAME
        self._probe = probe
        self._known: dict[str, Market] | None = None

    def learn(self, symbol: str, market: str) -> None:
        """What a balance or an order said."""
        if market in Market.__members__ and self._all().get(symbol) != market:
            self._all()[symbol] = Market(market)
            self._keep()

    def of(self, symbol: str) -> Market | None:
        """The exchange of a symbol, asked for once; None when none of the three has a price of it."""
        known = self._all().get(symbol)
        if known is None:
            known = next((market for market in PROBED if self._probe(symbol, market)), None)
            if known is not None:
                self.learn(symbol, known)
        return known

    def _all(self) -> dict[str, Market]:
        if self._known is None:
            self._known = _read(self._path)
        return self._known

    def _keep(self) -> None:
        with storage_errors(self._path):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(self._path, json.dumps(self._all(), sort_keys=True).encode())


def _read(path: Path) -> dict[str, Market]:
    """What was kept; nothing when the file is missing or damaged, as it can be asked for again."""
    if not path.exists():
        return {}
    with storage_errors(path):
        text = path.read_text(encoding="utf-8")
    try:
        return {str(symbol): Market(market) for symbol, market in json.loads(text).items()}
    except (ValueError, AttributeError):
        return {}
