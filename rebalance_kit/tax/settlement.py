"""When a trade settles, which tax year that is, and the exchange rate of that day.

Korea taxes an overseas sale in the year in which it settles with the Korean broker, at the base rate of each settlement
date (소득세법 시행령 art. 178-5). The broker's own calendar decides, above all around the turn of the year: `last_day`
is the last day on which a sale still counts this year, as the broker announces it. Without it the date is computed (US
sessions, then `kr_settlement_lag_days`) and, near the end of the year, called uncertain.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from fractions import Fraction

from rebalance_kit.prices.model import PriceBook
from rebalance_kit.sessions import next_session
from rebalance_kit.tax.rules import Reading, RuleBook

_DAY = timedelta(days=1)
RATE_GAP = timedelta(days=10)  # a rate further back than the longest closure is not that day's rate
UNCERTAIN_DAYS = 7  # before the turn of the year in which a broker may count a sale for either year
_FIRST_SESSION = date(2000, 1, 3)


def us_settlement(traded: date, reading: Reading) -> date:
    """The day on which a trade of an asset listed in the US settles there; the trade date itself before 2000."""
    if traded < _FIRST_SESSION:
        return traded
    day = next_session("XNYS", traded)
    for _ in range(int(reading.value("us_settlement_days"))):
        day = next_session("XNYS", day + _DAY)
    return day


def overseas_settlement(traded: date, rules: RuleBook) -> date:
    """The settlement date at a Korean broker of a trade in an asset listed abroad."""
    reading = rules.on(traded)
    if traded < _FIRST_SESSION:
        return traded
    return us_settlement(traded, reading) + int(reading.value("kr_settlement_lag_days")) * _DAY


def tax_year(traded: date, rules: RuleBook, last_day: date | None = None) -> int:
    """The year in which an overseas sale counts; `last_day` is the broker's last day for this year, if it is known."""
    if last_day is not None and last_day.year == traded.year:
        return traded.year if traded <= last_day else traded.year + 1
    return overseas_settlement(traded, rules).year


def year_is_uncertain(traded: date, last_day: date | None = None) -> bool:
    """Whether a broker may count the sale for another year than the computed one."""
    return last_day is None and traded >= date(traded.year, 12, 31) - UNCERTAIN_DAYS * _DAY


def rate_on(prices: PriceBook, currency: str, day: date) -> Fraction | None:
    """The newest known rate into the base currency at or before a day, None when none is near enough to be its rate."""
    if currency == prices.base_currency:
        return Fraction(1)
    known = prices.rate_history.get(currency, ())
    place = bisect_right(known, day, key=lambda rate: rate.as_of)
    if not place or day - known[place - 1].as_of > RATE_GAP:
        return None
    return Fraction(known[place - 1].rate)
