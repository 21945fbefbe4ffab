"""The United States' rules of 2025 and 2026 as dated records, each under its source.

Brackets are of taxable income. What a person has not stated (marginal rates) stands here as an assumption.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from rebalance_kit.tax.records import Confidence, Rule, steps
from rebalance_kit.words import Text

STATUSES = ("single", "married_joint", "married_separate", "head_of_household")
_STATUS_WORDS = {
    "single": Text("single", "독신"),
    "married_joint": Text("married filing jointly", "부부 합산"),
    "married_separate": Text("married filing separately", "부부 별도"),
    "head_of_household": Text("head of household", "세대주"),
}
_RATES = ("0.10", "0.12", "0.22", "0.24", "0.32", "0.35", "0.37")

# Upper edges of the six brackets below the last, then the two edges of the long-term rates 0, 15 and 20 %.
_EDGES: dict[int, dict[str, Sequence[int]]] = {
    2025: {
        "single": (11_925, 48_475, 103_350, 197_300, 250_525, 626_350, 48_350, 533_400),
        "married_joint": (23_850, 96_950, 206_700, 394_600, 501_050, 751_600, 96_700, 600_050),
        "married_separate": (11_925, 48_475, 103_350, 197_300, 250_525, 375_800, 48_350, 300_000),
        "head_of_household": (17_000, 64_850, 103_350, 197_300, 250_500, 626_350, 64_750, 566_700),
    },
    2026: {
        "single": (12_400, 50_400, 105_700, 201_775, 256_225, 640_600, 49_450, 545_500),
        "married_joint": (24_800, 100_800, 211_400, 403_550, 512_450, 768_700, 98_900, 613_700),
        "married_separate": (12_400, 50_400, 105_700, 201_775, 256_225, 384_350, 49_450, 306_850),
        "head_of_household": (17_700, 67_450, 105_700, 201_750, 256_200, 640_600, 66_200, 579_600),
    },
}
_SOURCES = {2025: "Rev. Proc. 2024-40", 2026: "Rev. Proc. 2025-32"}
_NIIT = {"single": 200_000, "married_joint": 250_000, "married_separate": 125_000, "head_of_household": 200_000}


def _brackets() -> Iterator[Rule]:
    for year, statuses in _EDGES.items():
        first, last = date(year, 1, 1), date(year, 12, 31)
        source = f"{_SOURCES[year]} and secondary sources"
        for status, edges in statuses.items():
            words = _STATUS_WORDS[status]
            ordinary = zip(("0", *map(str, edges[:6])), _RATES, strict=True)
            title = Text(f"ordinary income, {words.en}", f"일반 소득세, {words.ko}")
            yield from steps(f"us_ordinary_{status}", title, tuple(ordinary), first, source, Confidence.MEDIUM, last)
            long = zip(("0", *map(str, edges[6:])), ("0", "0.15", "0.20"), strict=True)
            title = Text(f"long-term gains, {words.en}", f"장기 양도차익, {words.ko}")
            yield from steps(f"us_long_{status}", title, tuple(long), first, source, Confidence.MEDIUM, last)


def _limits() -> Iterator[Rule]:
    for status in STATUSES:
        words = _STATUS_WORDS[status]
        title = Text(
            f"losses a year against other income, {words.en}", f"다른 소득에서 빼는 연간 손실 한도, {words.ko}"
        )
        limit = Decimal(1_500 if status == "married_separate" else 3_000)
        yield Rule(f"us_loss_limit_{status}", title, limit, date(1978, 1, 1), "IRC 1211(b)", Confidence.HIGH)
        title = Text(f"income above which the NIIT applies, {words.en}", f"순투자소득세(NIIT) 기준 소득, {words.ko}")
        edge = Decimal(_NIIT[status])
        yield Rule(f"us_niit_threshold_{status}", title, edge, date(2013, 1, 1), "IRC 1411(b)", Confidence.HIGH)


def _rule(
    name: str, value: str, en: str, ko: str, start: date, source: str, sure: Confidence = Confidence.HIGH
) -> Rule:
    return Rule(name, Text(en, ko), Decimal(value), start, source, sure)


_SETTLEMENT = Text("sessions from trade to settlement in the US", "미국 매매 후 결제까지의 거래일 수")
_SETTLEMENT_SOURCE = "SEC Rule 15c6-1"

UNITED_STATES = (
    *_brackets(),
    *_limits(),
    _rule("us_niit_rate", "0.038", "net investment income tax", "순투자소득세율(NIIT)", date(2013, 1, 1), "IRC 1411"),
    _rule("us_collectible_rate", "0.28", "highest rate on long-term gains of collectibles (gold trusts)",
          "수집품(금 신탁 등) 장기 양도차익의 최고 세율", date(1998, 1, 1), "IRC 1(h)(4)", Confidence.MEDIUM),
    _rule("us_wash_days", "30", "days before and after a sale at a loss in which a purchase washes it",
          "손실 매도 전후로 매수하면 손실이 부인되는 일수", date(1954, 8, 16), "IRC 1091(a)"),
    _rule("us_assumed_short_rate", "0.24", "tax on short-term gains while tax.other_income is not stated",
          "tax.other_income이 없을 때 쓰는 단기 양도차익 세율", date(2000, 1, 1), "no law: an assumption",
          Confidence.ASSUMED),
    _rule("us_assumed_long_rate", "0.15", "tax on long-term gains while tax.other_income is not stated",
          "tax.other_income이 없을 때 쓰는 장기 양도차익 세율", date(2000, 1, 1), "no law: an assumption",
          Confidence.ASSUMED),
    Rule("us_settlement_days", _SETTLEMENT, Decimal(3), date(1995, 6, 7), _SETTLEMENT_SOURCE, Confidence.HIGH,
         date(2017, 9, 4)),
    Rule("us_settlement_days", _SETTLEMENT, Decimal(2), date(2017, 9, 5), _SETTLEMENT_SOURCE, Confidence.HIGH,
         date(2024, 5, 27)),
    Rule("us_settlement_days", _SETTLEMENT, Decimal(1), date(2024, 5, 28), _SETTLEMENT_SOURCE, Confidence.HIGH),
)  # fmt: skip
