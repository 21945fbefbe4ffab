"""Ready-made accounts: the codes, quantities, costs and last prices of the sample portfolios, all of them invented."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from rebalance_kit.brokers.kis.rehearsal.market import Product
from rebalance_kit.brokers.kis.rehearsal.start import Opening

# code, name, market, price, shares, cost
_GROWTH = (
    ("360750", "TIGER 미국S&P500", "KRX", "16800", 250, "2888350"),
    ("069500", "KODEX 200", "KRX", "40000", 40, "1215120"),
    ("305080", "TIGER 미국채10년선물", "KRX", "10000", 140, "1476600"),
    ("273130", "KODEX 종합채권(AA-이상)액티브", "KRX", "10000", 50, "470250"),
    ("091230", "TIGER 반도체", "KRX", "50000", 30, "1160725"),
    ("305720", "KODEX 2차전지산업", "KRX", "32000", 25, "937015"),
    ("139320", "TIGER 금은선물(H)", "KRX", "12500", 80, "722325"),
)
_US = (
    ("069500", "KODEX 200", "KRX", "35000", 80, "2481050"),
    ("VOO", "VANGUARD S&P 500 ETF", "AMEX", "428.57", 8, "2504.70"),
    ("TLT", "ISHARES 20+ YEAR TREASURY BOND ETF", "NASD", "63.49", 18, "1325.02"),
    ("GLD", "SPDR GOLD SHARES", "AMEX", "190.48", 3, "475.18"),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """What trades, and what the account begins with."""

    products: tuple[Product, ...]
    opening: Opening


def sample(name: str) -> Sample:
    """`growth`: seven ETFs and no cash, with a stock beside them. `us`: won and dollars. KeyError for another name."""
    rows = {"growth": _GROWTH, "us": _US}[name]
    products = [Product(code, label, Decimal(price), market) for code, label, market, price, _, _ in rows]
    held = {code: (shares, Decimal(cost)) for code, _, _, _, shares, cost in rows}
    if name == "us":
        return Sample(tuple(products), Opening(Decimal(150_000), Decimal("120.35"), held))
    stock = Product("005930", "삼성전자", Decimal(80_100), kind="stock", sell_tax=Decimal("0.0020"))
    return Sample((*products, stock), Opening(holdings=held))
