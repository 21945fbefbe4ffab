"""What a request that no plan can meet is told: the constraint that binds, and the nearest request that plans."""

from __future__ import annotations

from rebalance_kit.errors import RuleError
from rebalance_kit.money import ONE, Rounding, minor_unit, product, round_fraction, show_money
from rebalance_kit.planner.solve import NoPlan
from rebalance_kit.planner.stating import Case
from rebalance_kit.words import Text


def no_plan(case: Case, none: NoPlan) -> RuleError:
    if none.currency is None:
        return RuleError(
            "caps_leave_no_plan",
            where=Text("rebalancing.constraints", "rebalancing.constraints"),
            wrong=Text(
                "no plan keeps max_orders and max_turnover", "max_orders와 max_turnover를 지키는 계획이 없습니다"
            ),
            expected=Text("caps that allow the cash to be raised", "필요한 현금을 마련할 수 있는 한도"),
            fix=Text("raise the caps", "한도를 늘려 주세요"),
        )
    currency = none.currency
    short = product(round_fraction(none.missing, ONE, Rounding.CEILING), minor_unit(currency))
    stays, missing = show_money(case.floor_of_cash(currency), currency), show_money(short, currency)
    return RuleError(
        "cash_cannot_be_raised",
        where=_where(case, currency),
        wrong=Text(
            f"selling everything that may be sold leaves {missing} too little",
            f"팔 수 있는 것을 다 팔아도 {missing}이(가) 모자랍니다",
        ),
        expected=Text(f"{stays} or more after every order", f"모든 주문 뒤에 {stays} 이상"),
        fix=Text(
            f"withdraw or keep {missing} less, or exchange money into {currency} first",
            f"출금액이나 남길 현금을 {missing} 줄이거나 먼저 {currency}(으)로 환전해 주세요",
        ),
    )


def _where(case: Case, currency: str) -> Text:
    if len(case.planned) == 1:
        return Text(f"cash in {currency}", f"{currency} 현금")
    return Text(f"cash in {currency} of account {case.account}", f"{case.account} 계좌의 {currency} 현금")
