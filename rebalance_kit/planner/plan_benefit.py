"""What a plan earns by going back towards the targets, against what it costs: values with their JSON and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from rebalance_kit.money import Rounding, plain, round_fraction, show_money
from rebalance_kit.words import Text

AversionFrom = Literal["policy", "targets", "assumed"]
CovarianceFrom = Literal["policy", "prices"]

_AVERSIONS = {
    "policy": Text("stated", "정책에 적은 값"),
    "targets": Text("implied by the targets", "목표 비중이 뜻하는 값"),
    "assumed": Text("assumed", "가정값"),
}


@dataclass(frozen=True, slots=True)
class PlanBenefit:
    """The tracking cost that a plan saves against what it costs, in `currency`; formulas in `costs.tracking`.

    `yearly_before` is what doing nothing costs a year in expected utility, `yearly_after` what the plan leaves.
    `benefit` is what the plan saves over `horizon_months` and the sum of `Order.benefit` over its orders. `cost` is
    commission, slippage and exchange, `tax` None where it is not known (it then counts as none). `pays` is decided on
    exact figures: benefit > cost + tax. `first`, `last` and `returns` say which history the covariance is taken from.
    """

    currency: str
    horizon_months: int
    risk_aversion: Decimal
    risk_aversion_from: AversionFrom
    covariance_from: CovarianceFrom
    yearly_before: Decimal
    yearly_after: Decimal
    benefit: Decimal
    cost: Decimal
    tax: Decimal | None
    pays: bool
    first: date | None = None
    last: date | None = None
    returns: int | None = None

    @property
    def whole_cost(self) -> Decimal:
        """Trading cost and tax together."""
        return self.cost + (self.tax or Decimal(0))

    @property
    def payback_months(self) -> Decimal | None:
        """After how many months the plan has earned its cost; None when it saves nothing a year."""
        saved = Fraction(self.yearly_before) - Fraction(self.yearly_after)
        if saved <= 0:
            return None
        months = max(Fraction(0), Fraction(self.whole_cost)) * 12 / saved
        return round_fraction(months, Decimal("0.1"), Rounding.CEILING)

    def to_dict(self) -> dict[str, object]:
        """The `benefit` of `plan --json`."""
        return {
            "horizon_months": self.horizon_months,
            "risk_aversion": plain(self.risk_aversion),
            "risk_aversion_from": self.risk_aversion_from,
            "covariance_from": self.covariance_from,
            "history": None if self.first is None or self.last is None else [str(self.first), str(self.last)],
            "returns": self.returns,
            "yearly_before": plain(self.yearly_before),
            "yearly_after": plain(self.yearly_after),
            "benefit": plain(self.benefit),
            "cost": plain(self.cost),
            "tax": None if self.tax is None else plain(self.tax),
            "pays": self.pays,
            "payback_months": None if self.payback_months is None else plain(self.payback_months),
        }

    def weighed(self) -> Text:
        """Both figures in one sentence: why a plan is or is not worth its cost."""
        saved, months = self._money(self.benefit), self.horizon_months
        whole, cost, tax = (self._money(part) for part in (self.whole_cost, self.cost, self.tax or Decimal(0)))
        if self.pays:
            return Text(
                f"It pays: trading saves {saved} of tracking cost over {months} months and costs {whole}"
                f" (trading {cost}, tax {tax}).",
                f"매매할 가치가 있습니다. {months}개월 동안 아끼는 추적 비용은 {saved},"
                f" 드는 비용은 {whole}(거래 비용 {cost}, 세금 {tax})입니다.",
            )
        return Text(
            f"It does not pay: trading would save {saved} of tracking cost over {months} months and cost {whole}"
            f" (trading {cost}, tax {tax}).",
            f"매매할 가치가 없습니다. {months}개월 동안 아낄 추적 비용은 {saved}인데,"
            f" 드는 비용은 {whole}(거래 비용 {cost}, 세금 {tax})입니다.",
        )

    def explained(self) -> Text:
        """What doing nothing costs a year, and on which figures that rests."""
        before, after = self._money(self.yearly_before), self._money(self.yearly_after)
        how = _AVERSIONS[self.risk_aversion_from]
        english = f"Being off target costs {before} a year now and {after} after (expected utility)"
        korean = f"목표에서 벗어난 비용(기대효용)은 현재 연 {before}, 거래 후 연 {after}입니다"
        if self.covariance_from == "prices":
            span = f"{self.first} - {self.last}"
            source = Text(f"covariance of the prices of {span}", f"{span} 가격의 공분산")
        else:
            source = Text("stated covariance", "정책에 적은 공분산")
        return Text(
            f"{english}; risk aversion {plain(self.risk_aversion)}, {how.en}; {source.en}.",
            f"{korean}. 위험회피계수 {plain(self.risk_aversion)}({how.ko}), {source.ko} 기준.",
        )

    def _money(self, amount: Decimal) -> str:
        return show_money(amount, self.currency)
