"""Makes the CSV files of the sample portfolios: python tests/tools/make_samples.py [DESTINATION]

Everything is synthetic and says so in its first line. Daily closes are a correlated random walk from a fixed seed
that ends exactly at the stated last price; purchases are made at the close of their day, so that lots, costs,
quantities and prices agree.

Made to come out the same, byte for byte, on every machine and Python version: normal variates are sums of twelve
uniforms (only `random.random()` keeps its sequence between versions), sums are `fsum`, and nothing calls libm.

`growth` holds the values of the article whose YAML it uses: 250, 140, 50, 30, 25 and 80 shares as printed there;
its 45 shares of KODEX 200 worth 1,600,000 won have no whole price, so here they are 40 at 40,000. `household` is three
accounts under one set of targets: the same class is held through different funds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import fsum
from pathlib import Path
from random import Random

import holidays

FIRST, LAST = date(2023, 3, 2), date(2026, 3, 4)
NOTE = "# Synthetic sample data from a fixed seed: not market prices, nobody's holdings."
RATE = "USD/KRW"

# Daily standard deviation that each common factor adds to an asset; `own` is the asset's alone.
Loads = Mapping[str, float]


@dataclass(frozen=True)
class Asset:
    """One asset: its last close, how much it grew from the first session to the last, and what it was bought in."""

    code: str
    name: str
    last: Decimal
    growth: float
    loads: Loads
    lots: tuple[int, ...] = ()
    exchange: str = "XKRX"
    currency: str = "KRW"
    account: str = "main"
    tax_base: bool = False  # a lot shows the taxable base price of its day (과표기준가) where the sale is taxed on it

    @property
    def quantity(self) -> int:
        return sum(self.lots)


@dataclass(frozen=True)
class Sample:
    """One sample portfolio. `bought` are the days of the lots; `cash` rows are (currency, amount), of the account
    `main`, or (currency, amount, account). A fund that several accounts hold is there for each of them."""

    name: str
    seed: int
    assets: tuple[Asset, ...]
    bought: tuple[date, ...]
    cash: tuple[tuple[str, ...], ...] = ()
    wide: bool = False


GROWTH = Sample(
    name="growth",
    seed=20260304,
    bought=(date(2023, 4, 3), date(2024, 7, 1), date(2025, 7, 1)),
    wide=True,
    assets=(
        Asset("360750", "TIGER 미국S&P500", Decimal(16800), 1.62, {"world": 0.009, "own": 0.003}, (110, 80, 60),
              tax_base=True),
        Asset("069500", "KODEX 200", Decimal(40000), 1.28, {"korea": 0.011, "world": 0.005, "own": 0.002}, (20, 12, 8)),
        Asset("305080", "TIGER 미국채10년선물", Decimal(10000), 0.96, {"rates": 0.004, "own": 0.001}, (60, 50, 30),
              tax_base=True),
        Asset("273130", "KODEX 종합채권(AA-이상)액티브", Decimal(10000), 1.11, {"rates": 0.0015, "own": 0.0005},
              (25, 15, 10), tax_base=True),
        Asset("091230", "TIGER 반도체", Decimal(50000), 1.78, {"korea": 0.012, "world": 0.007, "own": 0.012},
              (15, 10, 5)),
        Asset("305720", "KODEX 2차전지산업", Decimal(32000), 0.62, {"korea": 0.010, "world": 0.004, "own": 0.018},
              (8, 9, 8)),
        Asset("139320", "TIGER 금은선물(H)", Decimal(12500), 1.55, {"gold": 0.011, "own": 0.002}, (40, 25, 15),
              tax_base=True),
    ),
)  # fmt: skip

US = Sample(
    name="us",
    seed=20260305,
    bought=(date(2023, 4, 3), date(2024, 7, 1), date(2025, 7, 1)),
    cash=(("KRW", "150000"), ("USD", "120.35")),
    assets=(
        Asset("069500", "KODEX 200", Decimal(35000), 1.28, {"korea": 0.011, "world": 0.005, "own": 0.002},
              (35, 25, 20)),
        Asset("VOO", "Vanguard S&P 500", Decimal("428.57"), 1.60, {"world": 0.010, "own": 0.001}, (4, 3, 1),
              "XNYS", "USD"),
        Asset("TLT", "iShares 20+ Year Treasury", Decimal("63.49"), 0.84, {"rates": 0.009, "own": 0.001},
              (8, 6, 4), "XNYS", "USD"),
        Asset("GLD", "SPDR Gold Shares", Decimal("190.48"), 1.45, {"gold": 0.010, "own": 0.001}, (1, 1, 1),
              "XNYS", "USD"),
        Asset(RATE, "", Decimal(1400), 1.06, {"world": -0.002, "own": 0.004}),
    ),
)  # fmt: skip

_US_STOCKS, _KR_STOCKS = {"world": 0.010, "own": 0.001}, {"korea": 0.011, "world": 0.005, "own": 0.001}
_BONDS, _GOLD = {"rates": 0.0015, "own": 0.0005}, {"gold": 0.010, "own": 0.001}
HOUSEHOLD = Sample(
    name="household",
    seed=20260306,
    bought=(date(2023, 4, 3), date(2024, 7, 1), date(2025, 7, 1)),
    wide=True,
    cash=(("KRW", "1200000", "main"), ("KRW", "800000", "isa"), ("KRW", "500000", "irp")),
    assets=(
        Asset("360750", "TIGER 미국S&P500", Decimal(16800), 1.62, _US_STOCKS, (400, 300, 200), tax_base=True),
        Asset(
            "379800",
            "KODEX 미국S&P500",
            Decimal(17500),
            1.61,
            _US_STOCKS,
            (300, 200, 200),
            account="isa",
            tax_base=True,
        ),
        Asset(
            "379800",
            "KODEX 미국S&P500",
            Decimal(17500),
            1.61,
            _US_STOCKS,
            (200, 200, 100),
            account="irp",
            tax_base=True,
        ),
        Asset("069500", "KODEX 200", Decimal(40000), 1.28, _KR_STOCKS, (150, 100, 50)),
        Asset("102110", "TIGER 200", Decimal(39500), 1.28, _KR_STOCKS, (80, 40, 30), account="isa"),
        Asset("273130", "KODEX 종합채권(AA-이상)액티브", Decimal(10000), 1.11, _BONDS, (500, 300, 200), tax_base=True),
        Asset("148070", "KIWOOM 국고채10년", Decimal(115000), 1.08, _BONDS, (30, 20, 10), account="irp", tax_base=True),
        Asset("411060", "ACE KRX금현물", Decimal(21500), 1.70, _GOLD, (100, 60, 40), account="isa", tax_base=True),
    ),
)
SAMPLES = (GROWTH, HOUSEHOLD, US)


def sessions(exchange: str) -> list[date]:
    """The exchange's sessions from FIRST to LAST."""
    closed = holidays.financial_holidays(exchange, years=range(FIRST.year, LAST.year + 1))
    days = (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
    return [day for day in days if day.weekday() < 5 and day not in closed]


def noise(seed: int, name: str, days: Sequence[date]) -> dict[date, float]:
    """A standard normal draw per day (Irwin-Hall: twelve uniforms less six), centred over the days."""
    generator = Random(f"{seed} {name}")
    draws = [fsum(generator.random() for _ in range(12)) - 6 for _ in days]
    mean = fsum(draws) / len(draws)
    return {day: draw - mean for day, draw in zip(days, draws, strict=True)}


def tick(asset: Asset, price: float) -> Decimal:
    """The step that the asset's price moves in: KRX ETFs 1 won below 2,000, else 5; cents; a tenth of a won."""
    if asset.code == RATE:
        return Decimal("0.1")
    if asset.currency == "USD":
        return Decimal("0.01")
    return Decimal(5) if price >= 2000 else Decimal(1)


def closes(sample: Sample, asset: Asset) -> dict[date, Decimal]:
    """The asset's close on each of its sessions, the last one exactly `asset.last`."""
    calendar = sorted(set(sessions("XKRX")) | set(sessions("XNYS")))
    days = sessions(asset.exchange)
    draws = {factor: noise(sample.seed, factor if factor != "own" else asset.code, calendar) for factor in asset.loads}
    moves = [fsum(load * draws[factor][day] for factor, load in asset.loads.items()) for day in days[1:]]
    path = walk(moves, asset.growth)
    last = float(asset.last)
    prices = {}
    for day, level in zip(days, path, strict=True):
        price = last * level / path[-1]
        step = tick(asset, price)
        prices[day] = (Decimal(price) / step).to_integral_value(rounding=ROUND_HALF_UP) * step
    return prices


def walk(moves: Sequence[float], growth: float) -> list[float]:
    """Levels from 1 to `growth`: each day's move plus the one daily drift that gets there, found by bisection."""
    low, high = -0.01, 0.01
    levels: list[float] = []
    for _ in range(60):
        drift = (low + high) / 2
        levels = [1.0]
        for move in moves:
            levels.append(levels[-1] * (1 + drift + move))
        low, high = (drift, high) if levels[-1] < growth else (low, drift)
    return levels


def plain(value: Decimal) -> str:
    """A number without a needless exponent or decimal point."""
    return f"{value:f}"


def write(path: Path, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    lines = [NOTE, ",".join(header), *(",".join(row) for row in rows)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())


def write_prices(folder: Path, sample: Sample, history: Mapping[str, Mapping[date, Decimal]]) -> None:
    days = sorted({day for prices in history.values() for day in prices})
    if sample.wide:
        rows = [[day.isoformat(), *(plain(prices[day]) for prices in history.values())] for day in days]
        write(folder / "prices.csv", ["date", *history], rows)
        return
    rows = [
        [day.isoformat(), asset.code, plain(history[asset.code][day]), asset.currency]
        for day in days
        for asset in sample.assets
        if day in history[asset.code]
    ]
    write(folder / "prices.csv", ["date", "code", "price", "currency"], rows)


Costs = dict[tuple[str, str], Decimal]


def write_lots(folder: Path, sample: Sample, history: Mapping[str, Mapping[date, Decimal]]) -> Costs:
    """Writes lots.csv; returns the total cost of each account and code."""
    costs: Costs = {}
    rows = []
    for asset in sample.assets:
        for number, (day, shares) in enumerate(zip(sample.bought, asset.lots, strict=False), start=1):
            close = history[asset.code][day]
            key = asset.account, asset.code
            costs[key] = costs.get(key, Decimal(0)) + close * shares
            base = plain((close * Decimal("0.995")).quantize(Decimal("0.01"))) if asset.tax_base else ""
            rows.append([asset.account, asset.code, f"{asset.code}-{number}", day.isoformat(), str(shares),
                         plain(close * shares), asset.currency, base])  # fmt: skip
    write(folder / "lots.csv", ["account", "code", "lot_id", "date", "quantity", "cost", "currency", "tax_base"], rows)
    return costs


def write_holdings(folder: Path, sample: Sample, costs: Costs) -> None:
    today = LAST.isoformat()
    rows = [
        [today, a.account, a.code, a.name, str(a.quantity), plain(a.last), a.currency, plain(costs[a.account, a.code])]
        for a in sample.assets
        if a.quantity
    ]
    for currency, amount, *account in sample.cash:
        rows.append([today, *(account or ["main"]), "CASH", "", amount, "1", currency, ""])
    write(folder / "holdings.csv", ["date", "account", "code", "name", "quantity", "price", "currency", "cost"], rows)


def make(destination: Path) -> None:
    """Writes holdings.csv, lots.csv and prices.csv of every sample below `destination`."""
    for sample in SAMPLES:
        folder = destination / sample.name
        history = {asset.code: closes(sample, asset) for asset in sample.assets}
        write_prices(folder, sample, history)
        write_holdings(folder, sample, write_lots(folder, sample, history))


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "portfolios")
