"""`harvest`: which lots to sell today for the sake of the tax, lot by lot, losses and (in Korea) gains.

A question about one date, asked apart from any plan: `constraints.tax_loss_harvesting: false` keeps harvests out of
plans, not out of this answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from rebalance_kit.holdings.model import Holdings
from rebalance_kit.policy.model import Policy, TaxClass
from rebalance_kit.prices.instruments import Instruments
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.tax import doubts
from rebalance_kit.tax.case import OVERSEAS, Case, TaxPosition, tax_case, tax_positions
from rebalance_kit.tax.estimate_korea import korean_year
from rebalance_kit.tax.estimate_us import SHELTERED, realised_so_far, taxpayer
from rebalance_kit.tax.harvest_korea import korean_candidates, overseas_gains
from rebalance_kit.tax.harvest_model import Harvest
from rebalance_kit.tax.harvest_us import american_candidates, replacement_doubts
from rebalance_kit.tax.korea import YearSplit, deduction_left, split_over_two_years
from rebalance_kit.tax.korea_accounts import DEFERRED
from rebalance_kit.tax.lots import NONE
from rebalance_kit.tax.model import Purchase
from rebalance_kit.tax.records import RULES_DATED
from rebalance_kit.tax.rounding import estimate_rounding
from rebalance_kit.tax.rules import Reading
from rebalance_kit.tax.settlement import tax_year, year_is_uncertain
from rebalance_kit.words import Finding, Language


def harvest(
    policy: Policy,
    holdings: Holdings,
    prices: PriceBook,
    *,
    on: date,
    household: Holdings | None = None,
    planned: Iterable[Purchase] = (),
    instruments: Instruments | None = None,
    last_day: date | None = None,
    language: Language | None = None,
) -> Harvest:
    """Every lot of `holdings` with what can be harvested on `on`.

    `household` are the holdings of every account of the taxpayer, where `holdings` are those of one: purchases in any
    account can wash a loss (United States), and so can `planned` ones. `last_day` is the broker's last day on which an
    overseas sale counts this year (Korea). Raises what `estimate` raises, and RuleError when a price is missing.
    """
    case = tax_case(policy, household or holdings, prices, on, instruments, last_day)
    shown = {(p.account, p.code) for p in holdings.positions}
    positions = tuple(p for p in tax_positions(case) if (p.account, p.code) in shown)
    reading = case.rules.on(on)
    spoken = language or policy.language
    if case.american:
        return _american(case, positions, planned, reading, spoken)
    return _korean(case, positions, reading, spoken)


def _korean(case: Case, positions: tuple[TaxPosition, ...], reading: Reading, language: Language) -> Harvest:
    realised = korean_year(case).overseas_gain
    rows = korean_candidates(case, positions, realised, reading)
    gains = overseas_gains(case, positions)
    won = estimate_rounding("KRW")
    return Harvest(
        as_of=case.on,
        base_currency="KRW",
        realised_gain_ytd=won(realised),
        deduction=reading.value("kr_overseas_deduction"),
        deduction_left=won(deduction_left(realised, reading)),
        candidates=tuple(rows),
        rules=reading.used,
        findings=_findings(case, positions),
        split=_split(gains, realised, reading),
        language=language,
    )


def _split(gains: Fraction, realised: Fraction, reading: Reading) -> YearSplit | None:
    """One year against two, where all overseas gains at once would owe tax."""
    split = split_over_two_years(gains, realised, reading)
    return split if split.saved > 0 else None


def _american(
    case: Case, positions: tuple[TaxPosition, ...], planned: Iterable[Purchase], reading: Reading, language: Language
) -> Harvest:
    rows = american_candidates(case, positions, planned, reading)
    who, gains = taxpayer(case), realised_so_far(case)
    limit = reading.value(f"us_loss_limit_{who.filing_status}")
    used = max(NONE, who.carry_short + who.carry_long - gains.total)
    cents = estimate_rounding("USD")
    found = list(_findings(case, positions))
    if rows:
        found += [doubts.household_only(), *replacement_doubts(case, rows)]
    if who.income is None:
        found.append(doubts.other_income_unknown(american=True))
    return Harvest(
        as_of=case.on,
        base_currency="USD",
        realised_gain_ytd=cents(gains.total),
        deduction=limit,
        deduction_left=cents(max(NONE, Fraction(limit) - used)),
        candidates=tuple(rows),
        rules=reading.used,
        findings=tuple(dict.fromkeys(found)),
        language=language,
    )


def _is_taxed(case: Case, position: TaxPosition) -> bool:
    if case.american:
        return position.account_type not in SHELTERED
    return position.account_type not in DEFERRED and position.tax_class is not TaxClass.KR_EQUITY


def _findings(case: Case, positions: tuple[TaxPosition, ...]) -> tuple[Finding, ...]:
    """What is doubtful about the lots, the year and the rules; lots that nothing is taxed on leave no doubt."""
    found = [finding for p in positions if _is_taxed(case, p) for finding in p.findings]
    if not case.american and any(position.tax_class in OVERSEAS for position in positions):
        counted = tax_year(case.on, case.rules, case.last_day)
        if year_is_uncertain(case.on, case.last_day):
            found.append(doubts.year_uncertain(case.on, counted))
        if counted != case.on.year:
            found.append(doubts.year_changes(counted))
    if case.on.year > RULES_DATED.year:
        found.append(doubts.rules_older(case.on))
    return tuple(dict.fromkeys(found))
