"""What `plan_many` answers: arrays over accounts and assets, tables of them, and the exact plan of any one account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rebalance_kit.errors import UsageError
from rebalance_kit.frames import frame, html_table
from rebalance_kit.money import plain, show_money
from rebalance_kit.planner.batch_input import Accounts, Ints
from rebalance_kit.planner.plan import Plan
from rebalance_kit.policy.choices import CashRule, Method
from rebalance_kit.words import Text, same

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TABLE_COLUMNS = (
    "account", "total_value", "flow", "due", "trigger", "orders", "turnover", "commission", "slippage", "cash_before",
    "cash_after", "max_drift_before", "max_drift_after", "gap_bp", "problem",
)  # fmt: skip
ORDER_COLUMNS = ("account", "code", "side", "quantity", "reference_price", "amount", "commission", "slippage")
_SHOWN = 10
_CAPTION = Text(
    "{accounts} accounts: {due} due, {orders} orders", "계좌 {accounts}개: 리밸런싱 대상 {due}개, 주문 {orders}건"
)
_HEADINGS = (
    Text("Account", "계좌"), Text("Value", "평가액"), Text("Trigger", "실행 조건"), Text("Orders", "주문"),
    Text("Turnover", "거래액"), Text("Gap (bp)", "최적과의 차이(bp)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """How the accounts were planned."""

    method: Method
    fraction: Decimal | None
    cash_rule: CashRule
    no_sell: bool
    force: bool


@dataclass(frozen=True, slots=True, repr=False)
class ManyPlans:
    """The plans of A accounts over N assets. Rows are in the order of `accounts`, columns in that of `codes`.

    `trades` are whole shares bought (sold when negative), zero where nothing is due or `problem` says why there is no
    plan; `shares` what is held after them. `drift` is the weight less the target, before any order (a fraction of the
    total); `breached` says past its band. Money (A,) is in minor units of the base currency (`unit`). `gap_bp` is how
    far a plan is from the best one at most, in bp of the total; nan where nothing was planned.
    """

    accounts: tuple[str, ...]
    codes: tuple[str, ...]
    unit: Decimal
    shares: Ints
    trades: Ints
    drift: Floats
    drift_after: Floats
    breached: Bools
    due: Bools
    trigger: npt.NDArray[Any]
    total_value: Ints
    flow: Ints
    turnover: Ints
    commission: Ints
    slippage: Ints
    cash_before: Ints
    cash_after: Ints
    gap_bp: Floats
    problem: npt.NDArray[Any]
    read: Accounts
    asked: Asked
    fees: tuple[Ints, Ints]  # commission and slippage of each order (A, N)

    def exact(self, account: int | str) -> Plan:
        """The plan of one account by the exact solver, with its certificate: what `Portfolio.plan` answers. Raises
        UsageError for an unknown account, and the errors of a plan that is not possible."""
        from rebalance_kit.planner.batch_single import plan_of

        return plan_of(self.read, self._place(account), self.asked)

    def instant(self, account: int | str) -> Plan:
        """The same with the instant solver: the trades of this result as a plan with reasons and certificate."""
        from rebalance_kit.planner.batch_single import plan_of

        return plan_of(self.read, self._place(account), self.asked, instant=True)

    def _place(self, account: int | str) -> int:
        place = self.accounts.index(account) if account in self.accounts else account
        if isinstance(place, int) and 0 <= place < len(self.accounts):
            return place
        raise UsageError(
            "unknown_account",
            where=same("account"),
            wrong=Text(f"there is no account {account}", f"{account} 계좌가 없습니다"),
            expected=Text("the name or the row of an account", "계좌 이름이나 행 번호"),
            fix=Text("look at `accounts`", "`accounts`를 확인해 주세요"),
        )

    def table(self) -> pd.DataFrame:
        """One row per account: money in the base currency (Decimals), drifts as fractions of the total, `orders` their
        number, `gap_bp` a float, `problem` a code where there is no plan (`exact` says it in a sentence)."""
        before, after = (np.abs(drift).max(axis=1, initial=0) for drift in (self.drift, self.drift_after))
        orders = (self.trades != 0).sum(axis=1)
        money = {name: [self._money(one) for one in getattr(self, name)] for name in _MONEY}
        rows: list[Mapping[str, object]] = [
            {
                "account": account,
                "due": bool(self.due[i]),
                "trigger": str(self.trigger[i]),
                "orders": int(orders[i]),
                "max_drift_before": float(before[i]),
                "max_drift_after": float(after[i]),
                "gap_bp": float(self.gap_bp[i]),
                "problem": str(self.problem[i]),
                **{name: amounts[i] for name, amounts in money.items()},
            }
            for i, account in enumerate(self.accounts)
        ]
        return frame(rows, TABLE_COLUMNS)

    def orders_table(self) -> pd.DataFrame:
        """One row per order, sells of an account before its buys: whole shares at the reference price; money in the
        base currency (Decimals)."""
        rows: list[Mapping[str, object]] = []
        prices = dict(zip(self.read.codes, self.read.prices, strict=True))
        for row, column in np.argwhere(self.trades != 0):
            quantity, code = int(self.trades[row, column]), self.codes[column]
            rows.append(
                {
                    "account": self.accounts[row],
                    "code": code,
                    "side": "BUY" if quantity > 0 else "SELL",
                    "quantity": abs(quantity),
                    "reference_price": prices[code],
                    "amount": abs(quantity) * prices[code],
                    "commission": self._money(self.fees[0][row, column]),
                    "slippage": self._money(self.fees[1][row, column]),
                }
            )
        place = {account: i for i, account in enumerate(self.accounts)}
        rows.sort(key=lambda row: (place[str(row["account"])], row["side"] == "BUY", str(row["code"])))
        return frame(rows, ORDER_COLUMNS)

    def to_dict(self) -> dict[str, object]:
        """The accounts as JSON values: money as strings, no gap where nothing was planned."""
        rows = self.table().to_dict(orient="records")
        return {"accounts": [{str(key): _in_json(value) for key, value in row.items()} for row in rows]}

    def _money(self, minor: Any) -> Decimal:
        return int(minor) * self.unit

    def __len__(self) -> int:
        return len(self.accounts)

    def __repr__(self) -> str:
        return f"<ManyPlans {len(self)} accounts | {int(self.due.sum())} due | {int((self.trades != 0).sum())} orders>"

    def _repr_html_(self) -> str:
        shown, currency = self.read.policy.language, self.read.policy.base_currency
        caption = _CAPTION.of(shown).format(
            accounts=len(self), due=int(self.due.sum()), orders=int((self.trades != 0).sum())
        )
        rows = [
            [
                account,
                show_money(self._money(self.total_value[i]), currency),
                str(self.trigger[i]),
                str(int((self.trades[i] != 0).sum())),
                show_money(self._money(self.turnover[i]), currency),
                f"{self.gap_bp[i]:.2f}",
            ]
            for i, account in enumerate(self.accounts[:_SHOWN])
        ]
        return html_table(caption, [heading.of(shown) for heading in _HEADINGS], rows)


def _in_json(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    return None if isinstance(value, float) and isnan(value) else value


_MONEY = ("total_value", "flow", "turnover", "commission", "slippage", "cash_before", "cash_after")
