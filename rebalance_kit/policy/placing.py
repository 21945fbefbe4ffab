"""Which account may hold what: the lists of the policy, the rules of account types, and what location costs.

    ISA, pension, IRP      no fund that is listed abroad (they hold KRX-listed funds only)
    pension, IRP           no leveraged and no inverse fund
    IRP                    at most 70 % of the account in risk assets

(조세특례제한법 제91조의18 for the ISA, confidence high; 퇴직연금감독규정 for the IRP and its 70 %, confidence medium.)
What a person holds against these rules may be sold; it is only never bought.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from decimal import Decimal
from fractions import Fraction

from rebalance_kit.policy.choices import AccountType, TaxClass
from rebalance_kit.policy.model import Asset, Policy

RISK_SHARE = Fraction(7, 10)  # of an IRP: the most that may be in risk assets

_KRX_ONLY = frozenset({AccountType.ISA, AccountType.PENSION, AccountType.IRP})
_UNLEVERED = frozenset({AccountType.PENSION, AccountType.IRP})
_ABROAD = frozenset({TaxClass.OVERSEAS_LISTED, TaxClass.US_PTP, TaxClass.US})
# Words of an asset class that stand for what an IRP may hold without limit.
_SAFE = re.compile(
    r"\b(?:bonds?|treasur(?:y|ies)|cash|money.?market|deposits?|fixed.?income|MMF|CD)\b"
    r"|채권|국채|국고채|회사채|예금|현금|머니마켓|단기금융",
    re.IGNORECASE,
)


def account_type(policy: Policy, account: str) -> AccountType:
    """The type of an account; one that the policy does not describe is taxable."""
    rule = policy.accounts.get(account)
    return AccountType.TAXABLE if rule is None else rule.type


def may_hold(policy: Policy, asset: Asset, account: str) -> bool:
    """May the account buy the asset: do the asset's list and the account's type allow it?"""
    if asset.accounts and account not in asset.accounts:
        return False
    kind = account_type(policy, account)
    if kind in _KRX_ONLY and (asset.tax_class in _ABROAD or policy.exchange_of(asset) != "XKRX"):
        return False
    return kind not in _UNLEVERED or 0 <= asset.exposure <= 1


def has_risk_cap(policy: Policy, account: str) -> bool:
    """Is the account one whose risk assets the law caps (IRP)?"""
    return account_type(policy, account) is AccountType.IRP


def is_risk_asset(asset: Asset) -> bool:
    """Does the asset count towards the 70 %? What `risk_asset` says; without it, a guess from the asset class: bonds
    and cash do not, everything else and what has no class does."""
    if asset.risk_asset is not None:
        return asset.risk_asset
    return asset.asset_class is None or not _SAFE.search(asset.asset_class)


def yearly_drag(policy: Policy, asset: Asset, account: str) -> Decimal:
    """What holding the asset in the account costs a year, as a share of its value: the asset's own figure for the
    account, else the account's."""
    if account in asset.drag:
        return asset.drag[account]
    rule = policy.accounts.get(account)
    return Decimal(0) if rule is None else rule.drag


def for_flow(policy: Policy, account: str, held: Collection[str], *, buys: bool) -> Policy:
    """The policy as a deposit into (or a withdrawal from) one of several accounts sees it: what the account may not
    hold is not bought, what it does not hold is not sold, so that others take their part."""
    barred = {a.code for a in policy.assets if (not may_hold(policy, a, account) if buys else a.code not in held)}
    if not barred:
        return policy
    key = "never_buy" if buys else "never_sell"

    def seen(assets: tuple[Asset, ...]) -> tuple[Asset, ...]:
        return tuple(asset.model_copy(update={key: True}) if asset.code in barred else asset for asset in assets)

    allocation = {}
    for name, group in policy.allocation.items():
        inner = {sub: one.model_copy(update={"assets": seen(one.assets)}) for sub, one in group.groups.items()}
        allocation[name] = group.model_copy(update={"assets": seen(group.assets), "groups": inner})
    return policy.model_copy(update={"allocation": allocation})


def paid_account(policy: Policy, accounts: Sequence[str]) -> str:
    """The account of `accounts` that a deposit or withdrawal goes to when none is named: the first taxable one in the
    policy's order, else the first."""
    order = [*(name for name in policy.accounts if name in accounts), *accounts]
    taxable = (name for name in order if account_type(policy, name) is AccountType.TAXABLE)
    return next(taxable, order[0])
