"""Measuring drift: values and weights first, then the policy's bands over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.drift import findings
from rebalance_kit.drift.model import AssetDrift, CashBalance, Drift, GroupDrift
from rebalance_kit.errors import InputError
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.money import ONE, ZERO, as_decimal, exact_sum, product, show_money
from rebalance_kit.policy.bands import asset_band, group_band, unlisted_band
from rebalance_kit.policy.model import Asset, Policy
from rebalance_kit.prices.model import FxRate, PriceBook, missing_price
from rebalance_kit.words import Finding, Text, same


def measure_drift(
    policy: Policy, holdings: Holdings, prices: PriceBook, *, widen: Decimal = ONE, deposit: Decimal = ZERO
) -> Drift:
    """Weights, drifts and breaches of everything in the policy and everything held.

    `widen` multiplies every threshold (the volatility switch). Raises RuleError `missing_price` or `missing_rate` when
    something that is held cannot be valued, and InputError `empty_portfolio` when it is all worth nothing, unless a
    `deposit` (not yet in the account, never counted here) is being planned: then every weight is zero.
    """
    if missing := prices.missing(position.code for position in holdings.positions if position.quantity != 0):
        raise missing_price(missing)
    cash = _cash(policy, holdings, prices)
    owned = holdings.quantities()
    values = {code: _value(owned, prices, code) for code in _codes(policy, owned)}
    total = exact_sum([*values.values(), *(balance.value for balance in cash if balance.counted)])
    if total <= 0 and deposit <= 0:
        raise _empty(holdings.source, total, policy.base_currency)
    names = {position.code: position.name for position in reversed(holdings.positions) if position.name}
    measure = _Measure(policy, owned, names, prices, values, total)
    assets = tuple(measure.assets())
    told = [*findings.about(policy, assets, total), *holdings.findings, *prices.findings]
    drift = Drift(
        portfolio=policy.name,
        as_of=prices.on,
        base_currency=policy.base_currency,
        total_value=total,
        cash=cash,
        fx=_rates(policy, holdings, prices),
        assets=assets,
        groups=tuple(measure.groups()),
        findings=_distinct(told),
        fractional=any(rule.fractional for rule in policy.accounts.values()),
        language=policy.language,
    )
    return with_bands(policy, drift, widen=widen)


def with_bands(policy: Policy, drift: Drift, *, widen: Decimal = ONE) -> Drift:
    """The same drift judged by the policy's thresholds times `widen`, whatever it was judged by before."""
    total = drift.total_value
    listed = {asset.code: asset for asset in policy.assets}
    stand_ins = _stand_ins(policy)

    def judged(row: AssetDrift) -> AssetDrift:
        wanted = listed.get(row.code)
        band = unlisted_band(policy, widen) if wanted is None else asset_band(policy, wanted, widen)
        if row.code in stand_ins:
            band = replace(band, width=None)  # only what is written for the asset itself
        breached = band.is_breached_by(row.value, total)
        return replace(row, lower=band.lower, upper=band.upper, breached=breached)

    def judged_group(row: GroupDrift) -> GroupDrift:
        band = group_band(policy, row.name, row.target_weight, widen)
        if band is None or band.width is None:
            return replace(row, threshold=None, breached=False)
        return replace(row, threshold=as_decimal(band.width), breached=band.is_breached_by(row.value, total))

    return replace(
        drift, assets=tuple(map(judged, drift.assets)), groups=tuple(judged_group(row) for row in drift.groups)
    )


@dataclass(frozen=True, slots=True)
class _Measure:
    """Everything by its value in the base currency; bands are judged later."""

    policy: Policy
    owned: Mapping[str, Decimal]
    names: Mapping[str, str]  # what the holdings call a code
    prices: PriceBook
    values: dict[str, Decimal]
    total: Decimal

    def assets(self) -> Iterator[AssetDrift]:
        listed = {asset.code: (group, asset) for group, asset in self.policy.grouped_assets()}
        stand_ins = _stand_ins(self.policy)
        for code in self.values:
            group, asset = listed.get(code, (None, None))
            row = self._asset(code, group, asset)
            yield replace(row, stands_in=True) if code in stand_ins else row

    def groups(self) -> Iterator[GroupDrift]:
        targets, together = self.policy.group_targets(), self.policy.interchangeable_groups()
        for name, members in self.policy.group_members().items():
            value = exact_sum(self.values[asset.code] for asset in members)
            weight, drift = self._weights(value, targets[name])
            yield GroupDrift(
                name, value, weight, targets[name], drift, None, breached=False, interchangeable=name in together
            )

    def _asset(self, code: str, group: str | None, asset: Asset | None) -> AssetDrift:
        target = asset.target if asset else ZERO
        quote = self.prices.quote(code)
        home = self.policy.currency_of(asset) if asset else self.policy.base_currency
        weight, drift = self._weights(self.values[code], target)
        return AssetDrift(
            code=code,
            name=self._name(code, asset),
            group=group,
            quantity=self.owned.get(code, ZERO),
            price=quote.price if quote else None,
            currency=quote.currency if quote else home,
            share_value=self._share_value(code),
            value=self.values[code],
            current_weight=weight,
            target_weight=target,
            drift=drift,
            relative_drift=self._relative_drift(self.values[code], target),
            lower=ZERO,
            upper=ONE,
            breached=False,
            exposure=asset.exposure if asset else ONE,
        )

    def _weights(self, value: Decimal, target: Decimal) -> tuple[Decimal, Decimal]:
        """(current weight, drift), each rounded once from the exact fraction."""
        if self.total <= 0:
            return ZERO, as_decimal(-Fraction(target))
        weight = Fraction(value) / Fraction(self.total)
        return as_decimal(weight), as_decimal(weight - Fraction(target))

    def _relative_drift(self, value: Decimal, target: Decimal) -> Decimal | None:
        if target == 0:
            return None
        weight = Fraction(value) / Fraction(self.total) if self.total > 0 else Fraction(0)
        return as_decimal(weight / Fraction(target) - 1)

    def _share_value(self, code: str) -> Decimal | None:
        quote = self.prices.quote(code)
        if quote is None or not _known(self.prices, quote.currency):
            return None
        return product(quote.price, self.prices.rate(quote.currency))

    def _name(self, code: str, asset: Asset | None) -> str:
        """The policy's ticker, else what the statement or the price list calls it, else the code."""
        quote = self.prices.quote(code)
        names = (asset.ticker if asset else None, self.names.get(code), quote.name if quote else None, code)
        return next(name for name in names if name)


def _stand_ins(policy: Policy) -> frozenset[str]:
    """The codes whose group is judged instead of them."""
    return frozenset(asset.code for members in policy.interchangeable_groups().values() for asset in members)


def _codes(policy: Policy, owned: Mapping[str, Decimal]) -> list[str]:
    """Policy order, then what else is held, by code."""
    listed = [asset.code for asset in policy.assets]
    held = {code for code, quantity in owned.items() if quantity != 0}
    return listed + sorted(held - set(listed))


def _value(owned: Mapping[str, Decimal], prices: PriceBook, code: str) -> Decimal:
    quantity = owned.get(code, ZERO)
    return prices.value(code, quantity) if quantity != 0 else ZERO


def _cash(policy: Policy, holdings: Holdings, prices: PriceBook) -> tuple[CashBalance, ...]:
    """One balance per account, currency and kind; nothing that is zero needs a rate."""
    amounts: dict[tuple[str, str, bool], list[Decimal]] = {}
    for row in holdings.cash:
        counted = row.kind == "cash" or policy.rebalancing.cash.dividends == "count"
        amounts.setdefault((row.account, row.currency, counted), []).append(row.amount)
    balances = []
    for (account, currency, counted), parts in amounts.items():
        amount = exact_sum(parts)
        value = prices.in_base(amount, currency) if amount != 0 else ZERO
        balances.append(CashBalance(account, currency, amount, value, counted))
    return tuple(balances)


def _rates(policy: Policy, holdings: Holdings, prices: PriceBook) -> tuple[FxRate, ...]:
    """The rates that matter here, by pair."""
    used = {row.currency for row in holdings.cash} | {policy.currency_of(asset) for asset in policy.assets}
    used |= {quote.currency for code in _codes(policy, holdings.quantities()) if (quote := prices.quote(code))}
    rates = (rate for currency, rate in prices.rates.items() if currency in used)
    return tuple(sorted(rates, key=lambda rate: rate.pair))


def _known(prices: PriceBook, currency: str) -> bool:
    return currency == prices.base_currency or currency in prices.rates


def _distinct(told: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(told))


def _empty(source: str, total: Decimal, currency: str) -> InputError:
    worth = show_money(total, currency)
    return InputError(
        "empty_portfolio",
        where=same(source),
        wrong=Text(f"the portfolio is worth {worth}", f"포트폴리오의 평가액이 {worth}입니다"),
        expected=Text("positions and cash worth more than zero", "0보다 큰 보유 종목과 현금"),
        fix=Text("check quantities and prices, or plan a deposit", "수량과 가격을 확인하거나 입금 계획을 세워 주세요"),
    )
