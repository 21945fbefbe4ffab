"""After a run: the lots of `lots.csv`, followed through what the runs of the folder have traded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from rebalance_kit.brokers.base import Mode
from rebalance_kit.errors import RuleError
from rebalance_kit.execution.chain import journal_path
from rebalance_kit.holdings.lots import check_lots
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.instruments import Instruments
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.words import Finding, Text


def follow_lots(
    held: Holdings, folder: Path, policy: Policy, prices: PriceBook, day: date, known: Instruments
) -> Holdings:
    """The holdings with lots that have the trades of the runs, and a finding that says so. The file is a person's and
    stays as it is. Lots that cannot be made to add up stay too. StorageError when a journal cannot be read."""
    if not held.lots or not check_lots(held, held.lots):
        return held
    from rebalance_kit.execution.fills import fills
    from rebalance_kit.tax.case import booking_method, tax_case
    from rebalance_kit.tax.following import follow

    try:
        case = tax_case(policy, held, prices, day, known)
    except RuleError:
        return held  # nobody taxes these lots here
    quantities = {(p.account, p.code): p.quantity for p in held.positions}
    lots, codes = held.lots, set[str]()
    for mode in Mode:
        if journal_path(folder, mode).exists():
            done = follow(lots, quantities, fills(folder, mode), lambda _, code: booking_method(case, code))
            lots, codes = done.lots, codes | {code for _, code in done.keys}
    if not codes:
        return held
    return replace(held, lots=lots, findings=(*held.findings, _followed(codes)))


def _followed(codes: set[str]) -> Finding:
    names = ", ".join(sorted(codes))
    return Finding(
        "lots_followed",
        "info",
        Text(
            f"The lots are those of lots.csv after the trades of the runs ({names}).",
            f"로트는 lots.csv에 실행의 거래를 반영한 것입니다({names}).",
        ),
    )
