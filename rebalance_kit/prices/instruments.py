"""What an asset is: its name, where and in what it trades, how it is taxed, on which ticks, and what equals it.

Facts come from the policy, then from a listing that the user puts beside it (`listing.csv`, `prices.listing_file`),
then from what a statement or a broker calls the asset. The first that says something wins; where the listing says
something else than the policy, a finding says so, for trading a wrong code buys the wrong fund (definition 20).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from rebalance_kit.money import ONE
from rebalance_kit.policy.listing import listing_findings, normal_name
from rebalance_kit.policy.model import Asset, Exchange, Policy, TaxClass
from rebalance_kit.prices.codes import share_class
from rebalance_kit.words import Finding, Text

TickRule = Literal["krx_etf", "krx_stock", "us_listed"]

# Written in `asset_class`, these say that a KRX code is a company's share; anything else listed there is an ETF to us.
STOCK_CLASSES = frozenset({"stock", "single_stock", "share", "개별주식", "개별종목"})


@dataclass(frozen=True, slots=True)
class Listed:
    """What a listing says of one code; None and empty where it says nothing."""

    code: str
    name: str
    exchange: Exchange | None = None
    currency: str | None = None
    asset_class: str | None = None
    tax_class: TaxClass | None = None
    tick_rule: TickRule | None = None
    exposure: Decimal | None = None
    distributions: tuple[date, ...] = ()
    identical_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instrument:
    """One asset. `exposure` is its market exposure for one unit of value; `distributions` are the known days on which
    it pays out, sorted; `identical` are the codes of the same thing (itself among them), sorted: what replaces it after
    a sale at a loss must not be one of them (US wash sales)."""

    code: str
    name: str
    exchange: Exchange
    currency: str
    tick_rule: TickRule
    asset_class: str | None = None
    tax_class: TaxClass | None = None
    exposure: Decimal = ONE
    distributions: tuple[date, ...] = ()
    identical: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instruments:
    """Every asset of a portfolio by its code, and what does not agree about them."""

    by_code: Mapping[str, Instrument] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def __getitem__(self, code: str) -> Instrument:
        """The instrument of a code. KeyError when neither the policy nor the holdings name it."""
        return self.by_code[code]

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self.by_code.values())

    def get(self, code: str) -> Instrument | None:
        """The instrument of a code, None when neither the policy nor the holdings name it."""
        return self.by_code.get(code)


@dataclass(frozen=True, slots=True)
class HeldName:
    """What a statement or a broker calls a code, and the currency it gives it in."""

    code: str
    currency: str
    name: str | None = None


def instruments(policy: Policy, listing: Mapping[str, Listed], held: Iterable[HeldName] = ()) -> Instruments:
    """The assets of the policy, in its order, then what else is held, by code."""
    assets = {asset.code: asset for asset in policy.assets}
    others = {name.code: name for name in held}
    codes = [*assets, *sorted(set(others) - set(assets))]
    groups = _identical(policy, listing, codes)
    known = {}
    for code in codes:
        known[code] = _instrument(policy, code, assets.get(code), listing.get(code), others.get(code), groups[code])
    found = [*_disagreements(policy, listing), *_names(policy, listing, others.values()), *_spelled_twice(policy)]
    return Instruments(known, tuple(dict.fromkeys(found)))


def tick_rule(exchange: Exchange, asset_class: str | None) -> TickRule:
    """The tick table: by the exchange, and on XKRX that of ETFs unless the class says `stock`."""
    if exchange == "XNYS":
        return "us_listed"
    return "krx_stock" if (asset_class or "").lower() in STOCK_CLASSES else "krx_etf"


def _instrument(
    policy: Policy, code: str, asset: Asset | None, listed: Listed | None, held: HeldName | None, identical: set[str]
) -> Instrument:
    said = listed or Listed(code, code)
    currency = policy.currency_of(asset) if asset else held.currency if held else policy.base_currency
    exchange = (asset.exchange if asset else None) or said.exchange or _exchange(policy, currency)
    asset_class = (asset.asset_class if asset else None) or said.asset_class
    stated = asset.exposure if asset and "exposure" in asset.model_fields_set else None
    names = (asset.ticker if asset else None, listed.name if listed else None, held.name if held else None, code)
    return Instrument(
        code=code,
        name=next(name for name in names if name),
        exchange=exchange,
        currency=currency,
        tick_rule=said.tick_rule or tick_rule(exchange, asset_class),
        asset_class=asset_class,
        tax_class=(asset.tax_class if asset else None) or said.tax_class,
        exposure=stated or said.exposure or ONE,
        distributions=tuple(sorted(said.distributions)),
        identical=tuple(sorted(identical)),
    )


def _exchange(policy: Policy, currency: str) -> Exchange:
    """Without a word of anybody: the home exchange for the home currency, else that of the currency."""
    if currency == policy.base_currency:
        return policy.exchange
    return "XKRX" if currency == "KRW" else "XNYS"


def _identical(policy: Policy, listing: Mapping[str, Listed], codes: Iterable[str]) -> dict[str, set[str]]:
    """The group of each code: what is said to be identical is so both ways and passes on, and so does a share class
    that is written in two ways."""
    said = [(asset.code, other) for asset in policy.assets for other in asset.identical_to]
    said += [(listed.code, other) for listed in listing.values() for other in listed.identical_to]
    groups: dict[str, set[str]] = {}
    for first, second in [*said, *_spellings(codes)]:
        joined = groups.get(first, {first}) | groups.get(second, {second})
        groups |= dict.fromkeys(joined, joined)
    return {code: groups.get(code, {code}) for code in codes}


def _spellings(codes: Iterable[str]) -> Iterator[tuple[str, str]]:
    first: dict[str, str] = {}
    for code in codes:
        shares = share_class(code)
        if shares is not None and first.setdefault(shares, code) != code:
            yield first[shares], code


def _disagreements(policy: Policy, listing: Mapping[str, Listed]) -> Iterator[Finding]:
    """Names, currencies, exchanges and tax classes that the policy and the listing state differently."""
    if not listing:
        return
    names = {code: listed.name for code, listed in listing.items()}
    elsewhere = {normal_name(name) for name in names.values()}
    for finding in listing_findings(policy, names):
        asset = policy.asset(finding.code or "")
        # A listing may be of one exchange only: a code that it lacks says something if it has the name.
        if finding.rule != "code_not_listed" or (asset and normal_name(asset.name) in elsewhere):
            yield finding
    for asset in policy.assets:
        listed = listing.get(asset.code)
        if listed is None:
            continue
        pairs = (
            ("currency", policy.currency_of(asset), listed.currency),
            ("exchange", asset.exchange, listed.exchange),
            ("tax_class", asset.tax_class, listed.tax_class),
        )
        for key, ours, theirs in pairs:
            if ours is not None and theirs is not None and ours != theirs:
                yield _disagree(asset, key, str(ours), str(theirs))


def _disagree(asset: Asset, key: str, ours: str, theirs: str) -> Finding:
    message = Text(
        f"{asset.name}: the policy says {key} {ours}, the listing {theirs}; the policy's counts",
        f"{asset.name}: 정책의 {key}은(는) {ours}, 목록은 {theirs}입니다. 정책을 따릅니다",
    )
    return Finding("listing_disagrees", "warning", message, asset.code)


def _names(policy: Policy, listing: Mapping[str, Listed], held: Iterable[HeldName]) -> Iterator[Finding]:
    """Held codes whose statement calls them by the name of another code. Names that merely differ say nothing:
    brokers cut and translate them."""
    of_name = {normal_name(asset.ticker): asset.code for asset in policy.assets if asset.ticker}
    of_name |= {normal_name(listed.name): code for code, listed in listing.items()}
    for row in held:
        elsewhere = of_name.get(normal_name(row.name)) if row.name else None
        if elsewhere is not None and elsewhere != row.code:
            message = Text(
                f"the holdings call {row.code} {row.name}, which is the name of {elsewhere}",
                f"보유 파일에서 {row.code}의 이름이 {row.name}인데, 이 이름의 코드는 {elsewhere}입니다",
            )
            yield Finding("code_and_name_disagree", "warning", message, row.code)


def _spelled_twice(policy: Policy) -> Iterator[Finding]:
    for first, second in _spellings(asset.code for asset in policy.assets):
        message = Text(
            f"{first} and {second} are one share class written in two ways",
            f"{first}와(과) {second}은(는) 같은 종류의 주식을 다르게 적은 것입니다",
        )
        yield Finding("same_share_class", "warning", message, second)
