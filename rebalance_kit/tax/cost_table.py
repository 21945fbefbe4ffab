"""The cost table of source document 000 as dated defaults, and the assumptions by which harvesting is judged.

The table prints ranges for assets listed abroad: both ends stand here, and what weighs a cost against a benefit takes
the upper one. A rate that the policy states always comes first (`rebalance_kit.costs`).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from rebalance_kit.tax.records import Confidence, Rule
from rebalance_kit.words import Text

_TABLE = "source document 000, table of costs (as of 2025)"
_NONE = "no law: an assumption"


def _rule(name: str, value: str, en: str, ko: str, source: str = _TABLE, sure: Confidence = Confidence.LOW) -> Rule:
    return Rule(name, Text(en, ko), Decimal(value), date(2025, 1, 1), source, sure)


COSTS = (
    _rule("cost_kr_commission", "0.00015", "commission on ETFs listed in Korea", "국내 ETF 매매 수수료"),
    _rule("cost_us_commission_low", "0.001", "commission on ETFs listed abroad, lower end",
          "해외 ETF 매매 수수료, 하한"),
    _rule("cost_us_commission", "0.0025", "commission on ETFs listed abroad, upper end", "해외 ETF 매매 수수료, 상한"),
    _rule("cost_kr_fx_spread", "0", "currency exchange for ETFs listed in Korea", "국내 ETF 환전 비용"),
    _rule("cost_us_fx_spread_low", "0.001", "spread of a currency exchange, lower end", "환전 스프레드, 하한"),
    _rule("cost_us_fx_spread", "0.005", "spread of a currency exchange, upper end", "환전 스프레드, 상한"),
    _rule("cost_kr_dividend_tax", "0.154", "tax on distributions of ETFs listed in Korea", "국내 ETF 배당소득세"),
    _rule("cost_us_dividend_tax", "0.15", "tax on distributions withheld in the US", "해외 ETF 배당 원천징수(미국)"),
    _rule("harvest_later_tax_share", "0", "share of the tax saved now that comes back as tax later, at present value",
          "지금 아낀 세금 중 나중에 다시 내는 몫(현재가치)", _NONE, Confidence.ASSUMED),
    _rule("harvest_opportunity_rate", "0", "cost of holding the replacement, as a share of the amount",
          "대체 종목을 들고 있는 기회비용(금액 대비)", _NONE, Confidence.ASSUMED),
    _rule("harvest_min_benefit", "0", "benefit in the base currency that a harvest must exceed",
          "손익 실현의 최소 이득(기준 통화)", _NONE, Confidence.ASSUMED),
)  # fmt: skip
