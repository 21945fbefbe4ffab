"""The certificate: an independent proof that a plan is feasible and correctly added up (definition 10).

It reads the policy, the holdings, the prices and the plan, and nothing of the solver. It says nothing about how good a
plan is: a person's or a program's plan can be valid without being the best. Every check shows its figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from rebalance_kit.errors import KitError
from rebalance_kit.goals import minimum_trade
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import exact_sum, plain
from rebalance_kit.planner import account_proofs, band_proofs, benefit_proofs, order_proofs, sum_proofs, tax_proofs
from rebalance_kit.planner.evidence import Evidence, cash_floor, cash_rows, total_after
from rebalance_kit.planner.plan import Certificate, Check, Plan
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.instruments import Instruments
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.words import Text


def certify(
    policy: Policy,
    holdings: Holdings,
    prices: PriceBook,
    plan: Plan,
    *,
    on: date,
    household: Holdings | None = None,
    instruments: Instruments | None = None,
) -> Certificate:
    """Every check of a plan, in a fixed order. The plan's own certificate is not looked at. `household` and
    `instruments` are those of `make_plan`."""
    evidence = Evidence(policy, holdings, prices, plan, on, household, instruments)
    return Certificate(tuple(_check(evidence, name, faults) for name, faults in CHECKS.items()))


Faults = Callable[[Evidence], Iterator[str]]


def _check(evidence: Evidence, name: str, faults: Faults) -> Check:
    """A check holds when it finds no fault; a figure that cannot even be computed is a fault."""
    try:
        found = list(faults(evidence))
    except (KitError, KeyError, ArithmeticError, ValueError, StopIteration) as error:
        found = [f"{type(error).__name__}: {error}"]
    figures = "; ".join(found) if found else FIGURES.get(name, _counted)(evidence)
    said = SAID[name]
    if found:
        return Check(name, False, Text(f"Not so: {said.en}: {figures}", f"성립하지 않음: {said.ko}: {figures}"))
    return Check(name, True, Text(f"{said.en} ({figures})", f"{said.ko} ({figures})"))


CHECKS: dict[str, Faults] = {
    "whole_units": order_proofs.whole_units,
    "known_assets": order_proofs.known_assets,
    "accounts": order_proofs.accounts,
    "one_side": order_proofs.one_side,
    "no_oversell": order_proofs.no_oversell,
    "permitted": order_proofs.permitted,
    "paid_account": account_proofs.paid,
    "risk_share": account_proofs.risk_share,
    "minimum_trade": order_proofs.at_least_the_minimum,
    "amounts": order_proofs.amounts,
    "limits": order_proofs.limits,
    "cash": sum_proofs.cash,
    "exchanges": sum_proofs.exchanges,
    "caps": sum_proofs.caps,
    "bands": band_proofs.bands,
    "drift": sum_proofs.drift,
    "due": sum_proofs.due,
    "goals": sum_proofs.goals,
    "after": sum_proofs.after,
    "totals": sum_proofs.totals,
    "taxes": tax_proofs.taxes,
    "lots": tax_proofs.lots,
    "benefit": benefit_proofs.benefit,
    "value_conserved": sum_proofs.conserved,
    "plan_id": sum_proofs.identity,
}


SAID: Mapping[str, Text] = {
    "whole_units": Text(
        "orders are in whole shares, or thousandths where the account trades parts of shares",
        "주문은 모두 한 주(소수점 계좌는 0.001주) 단위입니다",
    ),
    "known_assets": Text("assets, prices and rates are those of the inputs", "종목, 가격, 환율이 입력과 같습니다"),
    "accounts": Text("all orders are in the accounts of the plan", "모든 주문이 계획한 계좌에 있습니다"),
    "one_side": Text("each asset is on one side, sales come first", "종목마다 한쪽으로만 거래하고 매도가 먼저입니다"),
    "no_oversell": Text("no more is sold than is held", "보유 수량보다 많이 팔지 않습니다"),
    "permitted": Text("lists and the kind of plan allow every order", "금지 목록과 계획 종류에 맞는 주문입니다"),
    "paid_account": Text("money paid in or out moves one account only", "입출금은 한 계좌만 움직입니다"),
    "risk_share": Text("an IRP holds at most 70 % risk assets", "IRP의 위험자산은 70 % 이하입니다"),
    "minimum_trade": Text("no order is below the minimum trade", "최소 거래 금액보다 작은 주문이 없습니다"),
    "amounts": Text("amounts, commission and slippage are right", "금액, 수수료, 슬리피지가 맞습니다"),
    "limits": Text("limits are on tick and within the tolerance", "지정가가 호가 단위와 허용 오차에 맞습니다"),
    "cash": Text("cash covers the buffer after every order", "모든 주문 뒤에도 남길 현금이 있습니다"),
    "exchanges": Text(
        "exchanges are allowed, needed and at the book's rate", "환전은 허용되고 필요하며 시세 환율과 비용에 맞습니다"
    ),
    "caps": Text("the caps on orders and turnover are kept", "주문 수와 거래액 한도를 지킵니다"),
    "bands": Text(
        "explicit bands are kept, or what keeps an asset outside is known",
        "min과 max를 지키거나, 벗어난 종목은 그 까닭이 있습니다",
    ),
    "drift": Text("the plan starts from the drift of the inputs", "입력에서 계산한 편차에서 출발합니다"),
    "due": Text("there are orders only when the decision asks for them", "결정에 따라서만 주문이 있습니다"),
    "goals": Text("the goals are those of the method or cash rule", "목표가 정한 방법이나 현금 규칙과 같습니다"),
    "after": Text("quantities, values and weights after the plan are right", "계획 뒤의 수량, 금액, 비중이 맞습니다"),
    "totals": Text("the totals add up", "합계가 맞습니다"),
    "taxes": Text(
        "the tax engine says the same of the orders and the year", "세금 계산을 다시 해도 주문과 올해 세금이 같습니다"
    ),
    "lots": Text("the lots of each sale are held and add up to it", "매도 로트가 보유 로트이고 수량이 맞습니다"),
    "benefit": Text(
        "what the trades save is right, and a policy that trades only what pays is kept",
        "매매로 아끼는 비용이 맞고, 이득일 때만 매매하는 정책을 지킵니다",
    ),
    "value_conserved": Text("value is only lost to costs", "줄어든 가치는 비용뿐입니다"),
    "plan_id": Text("the id is that of all this", "계획 번호가 이 모든 내용의 번호입니다"),
}  # fmt: skip


def _counted(evidence: Evidence) -> str:
    return f"{len(evidence.plan.orders)}"


def _cash_figures(evidence: Evidence) -> str:
    shown = []
    for (account, currency), amount in cash_rows(evidence).items():
        where = f"{account} {currency}" if len(evidence.accounts) > 1 else currency
        shown.append(f"{where} {plain(amount)} >= {plain(cash_floor(evidence, account, currency))}")
    return ", ".join(shown)


def _minimum_figures(evidence: Evidence) -> str:
    return f">= {plain(minimum_trade(evidence.policy, evidence.total))}"


def _turnover_figures(evidence: Evidence) -> str:
    return f"{len(evidence.plan.orders)}, {plain(evidence.plan.summary.turnover)}"


def _value_figures(evidence: Evidence) -> str:
    said = evidence.plan.summary
    costs = exact_sum((said.commission, said.slippage, said.fx_cost))
    return f"{plain(total_after(evidence))} = {plain(evidence.total)} - {plain(costs)}"


def _exchange_figures(evidence: Evidence) -> str:
    lines = evidence.plan.exchanges
    return ", ".join(f"{line.bought_currency} {plain(line.bought)}" for line in lines) if lines else "0"


FIGURES: Mapping[str, Callable[[Evidence], str]] = {
    "risk_share": account_proofs.risk_figures,
    "benefit": benefit_proofs.figures,
    "minimum_trade": _minimum_figures,
    "cash": _cash_figures,
    "exchanges": _exchange_figures,
    "caps": _turnover_figures,
    "bands": band_proofs.band_figures,
    "drift": lambda evidence: plain(evidence.plan.drift.total_value),
    "value_conserved": _value_figures,
    "plan_id": lambda evidence: evidence.plan.plan_id,
}
