"""What is uncertain about a tax figure, as findings: each says what is missing and which way the figure then leans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.money import as_decimal, plain
from rebalance_kit.policy.choices import AccountType, TaxClass
from rebalance_kit.tax.lots import LotMethod
from rebalance_kit.tax.records import RULES_DATED
from rebalance_kit.words import Finding, Text


def class_unknown(code: str, guess: TaxClass) -> Finding:
    """Nobody states the tax class: the dearer guess."""
    return Finding("tax_class_unknown", "warning", Text(
        f"{code} has no tax_class in the policy; it is taxed as {guess} here",
        f"{code}의 tax_class가 정책에 없어 {guess}로 계산합니다",
    ), code)  # fmt: skip


def method_not_korean(code: str, method: LotMethod) -> Finding:
    """A booking method that Korea does not know."""
    return Finding("lot_method_not_allowed", "warning", Text(
        f"{code}: Korea books overseas assets by FIFO or moving average, not {method}; FIFO is used",
        f"{code}: 해외 자산은 선입선출이나 이동평균만 인정되어 {method} 대신 선입선출로 계산합니다",
    ), code)  # fmt: skip


def cost_unknown(code: str, account: str, quantity: Fraction) -> Finding:
    """Shares without any cost."""
    shares = plain(as_decimal(quantity))
    return Finding("cost_unknown", "warning", Text(
        f"the cost of {shares} shares of {code} in account {account} is not known, nor is the tax on selling them",
        f"{account} 계좌 {code} {shares}주의 취득가액을 알 수 없어 그 매도 세금은 추정하지 않습니다",
    ), code)  # fmt: skip


def average_lot(code: str, account: str, quantity: Fraction, *, some: bool) -> Finding:
    """Shares without lots, at their average cost."""
    shares = plain(as_decimal(quantity))
    en = f"the lots do not cover {shares} shares of {code}" if some else f"{code} has no lots"
    ko = f"{account} 계좌 {code}의 {shares}주는 로트가 없어" if some else f"{account} 계좌 {code}의 로트가 없어"
    return Finding("average_lot", "info", Text(
        f"{en} in account {account}; they count as one lot at its average cost, bought on an unknown day",
        f"{ko} 매수일을 모르는 평균 단가의 한 로트로 봅니다",
    ), code)  # fmt: skip


def rate_unknown(code: str, lots: Sequence[str]) -> Finding:
    """Purchases whose exchange rate is not known."""
    names = ", ".join(lots)
    return Finding("purchase_rate_unknown", "warning", Text(
        f"{code}: no exchange rate of the purchase of {names} is known; today's is used, so the gain in won leaves out"
        " what the currency did",
        f"{code}: {names} 매수 때의 환율을 몰라 오늘 환율을 쓰므로 환차손익이 빠집니다",
    ), code)  # fmt: skip


def base_unknown(code: str) -> Finding:
    """A kr_other asset without its taxable base."""
    return Finding("tax_base_unknown", "warning", Text(
        f"{code}: the taxable base price (과표기준가) at purchase or now is not known; the price gain is taken,"
        " which is the most that can be taxed",
        f"{code}: 매수 때나 현재의 과표기준가를 몰라 매매차익으로 계산합니다. 실제 세금은 이보다 많지 않습니다",
    ), code)  # fmt: skip


def wrong_account(code: str, account: str, kind: AccountType) -> Finding:
    """An asset that its account may not hold."""
    return Finding("not_allowed_in_account", "warning", Text(
        f"{code} is listed abroad and cannot be held in an account of type {kind}, as {account} is",
        f"{code}은(는) 해외 상장 자산이어서 {kind} 계좌인 {account}에 담을 수 없습니다",
    ), code)  # fmt: skip


def settled_at_exit(account: str, kind: AccountType) -> Finding:
    """An account that is taxed when money leaves it."""
    return Finding("taxed_at_exit", "info", Text(
        f"account {account} ({kind}): nothing is taxed when selling; the tax is settled when money leaves the account",
        f"{account} 계좌({kind}): 매도할 때는 과세되지 않고 계좌에서 돈을 찾을 때 정산합니다",
    ))  # fmt: skip


def other_income_unknown(*, american: bool) -> Finding:
    """Brackets that depend on an income which is not stated."""
    if american:
        message = Text(
            "tax.other_income is not stated, so assumed marginal rates are used and no NIIT",
            "tax.other_income이 없어 가정한 한계세율을 쓰고 순투자소득세(NIIT)는 넣지 않습니다",
        )
    else:
        message = Text(
            "financial income exceeds the threshold and tax.other_income is not stated: it counts as 0, so the"
            " tax may be higher",
            "금융소득이 기준을 넘지만 tax.other_income이 없어 0으로 계산하므로 실제 세금은 더 클 수 있습니다",
        )
    return Finding("other_income_unknown", "warning", message)


def year_uncertain(on: date, year: int) -> Finding:
    """A sale near the turn of the year."""
    return Finding("tax_year_uncertain", "warning", Text(
        f"a sale on {on} is counted for {year} by its computed settlement; near the turn of the year ask the broker"
        " which day is the last",
        f"{on} 매도는 계산한 결제일에 따라 {year}년으로 봅니다. 연말에는 증권사의 마지막 매도일을 확인해 주세요",
    ))  # fmt: skip


def year_changes(year: int) -> Finding:
    """A sale that settles in the next tax year."""
    return Finding("next_tax_year", "info", Text(
        f"overseas sales settle in {year}: they are netted with that year's gains and use its deduction",
        f"해외 매도는 {year}년에 결제되어 그 해의 손익과 통산하고 그 해의 공제를 씁니다",
    ))  # fmt: skip


def rules_older(on: date) -> Finding:
    """A day of a later year than the rules."""
    return Finding("rules_older", "warning", Text(
        f"the tax rules were last read on {RULES_DATED}; the law of {on.year} may differ",
        f"세법 규칙은 {RULES_DATED}에 확인한 것이어서 {on.year}년 법과 다를 수 있습니다",
    ))  # fmt: skip


def rate_shown_only(name: str, value: Decimal) -> Finding:
    """A tax rate of source document 000, which no rule uses."""
    return Finding("cost_rate_not_used", "info", Text(
        f"costs.{name} = {plain(value)} is shown only: the rule of each tax class decides the tax",
        f"costs.{name} = {plain(value)}은(는) 표시만 하며 세금은 종목별 과세 규칙으로 계산합니다",
    ))  # fmt: skip


def ptp_credit(code: str) -> Finding:
    """A US partnership."""
    return Finding("ptp_withholding", "warning", Text(
        f"{code} is a US partnership: 10 % of the proceeds is withheld even at a loss; whether it can be credited"
        " is not modelled",
        f"{code}은(는) 미국 PTP여서 손실이어도 매도 대금의 10 %가 원천징수되며, 그 공제 여부는 계산하지 않습니다",
    ), code)  # fmt: skip


def wash(code: str, quantity: Fraction, reason: Text) -> Finding:
    """A loss that a purchase has washed."""
    shares = plain(as_decimal(quantity))
    return Finding("wash_sale", "warning", Text(
        f"{code}: the loss on {shares} shares does not count (wash sale): {reason.en}",
        f"{code}: {shares}주의 손실은 인정되지 않습니다(워시세일): {reason.ko}",
    ), code)  # fmt: skip


def redeemed_loss(code: str) -> Finding:
    """The loss of a fund that was liquidated."""
    return Finding("redemption_loss", "warning", Text(
        f"{code}: the loss of a liquidated overseas fund cannot be netted; one sold before its delisting could",
        f"{code}: 상장폐지로 상환된 해외 펀드의 손실은 통산할 수 없습니다. 상장폐지 전에 팔면 통산됩니다",
    ), code)  # fmt: skip


def isa_closed() -> Finding:
    """Financial income that closes the door to an ISA."""
    return Finding("isa_closed", "warning", Text(
        "financial income is above the threshold: whoever had that in one of the last three years cannot open or renew"
        " an ISA",
        "금융소득이 종합과세 기준을 넘습니다. 최근 3년 안에 한 번이라도 넘으면 ISA에 가입하거나 연장할 수 없습니다",
    ))  # fmt: skip


def average_not_allowed(code: str) -> Finding:
    """The average cost of something that is no fund share."""
    return Finding("lot_method_not_allowed", "warning", Text(
        f"{code}: the average cost is only allowed for shares of regulated funds, not for a trust that holds metal;"
        " FIFO is used",
        f"{code}: 평균 단가는 규제 대상 펀드에만 허용되고 금속을 보유한 신탁에는 안 되므로 선입선출로 계산합니다",
    ), code)  # fmt: skip


def identical_replacement(code: str, replacement: str) -> Finding:
    """A pair that would wash the loss."""
    return Finding("replacement_identical", "warning", Text(
        f"{replacement} is named as the replacement of {code} and as identical to it: buying it would wash the loss",
        f"{replacement}은(는) {code}의 대체 종목이면서 동일 종목으로 적혀 있어, 매수하면 손실이 인정되지 않습니다",
    ), code)  # fmt: skip


def replacement_to_check(code: str, replacement: str) -> Finding:
    """A pair of which nobody can be sure."""
    return Finding("replacement_to_check", "info", Text(
        f"{replacement} instead of {code}: a fund on the same index may count as substantially identical; the IRS has"
        " not said",
        f"{code} 대신 {replacement}: 같은 지수를 따르는 펀드는 실질적으로 동일하다고 볼 수도 있습니다."
        " IRS의 판단은 아직 없습니다",
    ), code)  # fmt: skip


def foreign_fund(code: str) -> Finding:
    """A fund that is not American, held by a person taxed by the United States."""
    return Finding("pfic", "warning", Text(
        f"{code} is not listed in the US: a foreign fund is usually a PFIC, whose own rules are not modelled",
        f"{code}은(는) 미국에 상장되지 않았습니다. 외국 펀드는 대개 PFIC이며 그 규칙은 계산하지 않습니다",
    ), code)  # fmt: skip


def lots_to_name(code: str) -> Finding:
    """Lots that a person has to choose."""
    return Finding("lots_to_name", "info", Text(
        f"{code}: lot_method is specific; where no lots are named, those with the highest cost are taken: name them"
        " to the broker at or before settlement",
        f"{code}: lot_method가 specific입니다. 지정하지 않으면 취득가액이 높은 로트부터 쓰며,"
        " 결제일까지 증권사에 지정해야 합니다",
    ), code)  # fmt: skip


def household_only() -> Finding:
    """Accounts that the program cannot see."""
    return Finding("wash_household", "info", Text(
        "wash sales are looked for in this portfolio's accounts only; those of a spouse or elsewhere count too",
        "워시세일은 이 포트폴리오의 계좌 안에서만 찾습니다. 배우자나 다른 곳의 계좌도 함께 따져야 합니다",
    ))  # fmt: skip
