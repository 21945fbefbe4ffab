"""The service's lists of orders as rows of ours, and whether such a list is complete.

One order of ours can be several rows of theirs: a cancellation and a revision get a row and a number of their own,
linked to the original. The rows of a family are folded into the original's, with the fills of all; what is live of it,
a later cancellation needs, is kept beside (`Live`).

A domestic list is complete when its pages ended and the sums of its rows are the totals that the service states for
the whole list: ordered shares over every row, cancellations and revisions included, filled shares and amounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from rebalance_kit.brokers.base import OrderRow
from rebalance_kit.brokers.kis.clock import KST
from rebalance_kit.brokers.kis.envelope import Body, Fields, all_rows, unreadable
from rebalance_kit.brokers.kis.listings import Listings
from rebalance_kit.errors import BrokerError
from rebalance_kit.money import ZERO, exact_sum
from rebalance_kit.orders import Side
from rebalance_kit.words import Text, same

SIDES: Mapping[str, Side] = {"01": Side.SELL, "02": Side.BUY}
LIMIT, MARKET = "00", "01"
_PRICELESS = frozenset({"01", "03", "04", "11", "12", "13", "14", "15", "16"})
# Names of what a person orders with. Anything else, blanks too, counts as a program: it is not documented.
_BY_HAND = ("HTS", "MTS", "MOBILE", "모바일", "영업점", "ARS", "홈페이지", "WTS", "EFRIEND", "전화", "지점")


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the service's list. `left` can still be filled; `parent` is the number that it changes or cancels."""

    number: str
    parent: str
    branch: str
    exchange: str
    kind: str
    code: str
    side: Side
    quantity: int
    limit_price: Decimal | None
    currency: str
    placed_at: datetime
    filled: int
    amount: Decimal
    left: int
    cancels: bool
    channel: Literal["api", "other"]


@dataclass(frozen=True, slots=True)
class Live:
    """What a change of an order must name: its newest number, branch, exchange, type and what is left."""

    number: str
    branch: str
    exchange: str
    kind: str
    code: str
    left: int


def number_of(text: str) -> str:
    """An order's number as it is compared: ten digits, whichever way the service padded it; empty for none."""
    bare = text.strip().lstrip("0")
    return bare.zfill(10) if bare else ""


def domestic_rows(pages: Sequence[Body]) -> tuple[Listed, ...]:
    """The rows of a list of domestic orders. BrokerError for a field that cannot be understood."""
    return tuple(_domestic(row) for row in all_rows(tuple(pages), "output1") if row.text("odno"))


def us_rows(pages: Sequence[Body], listings: Listings) -> tuple[Listed, ...]:
    """The rows of a list of American orders."""
    return tuple(_us(row, listings) for row in all_rows(tuple(pages), "output") if row.text("odno"))


def adds_up(rows: Iterable[Listed], totals: Fields) -> bool:
    """Whether the rows are all that the service's totals count."""
    known = tuple(rows)
    sums = (
        (totals.number("tot_ord_qty"), Decimal(sum(row.quantity for row in known))),
        (totals.number("tot_ccld_qty"), Decimal(sum(row.filled for row in known))),
        (totals.number("tot_ccld_amt"), exact_sum(row.amount for row in known)),
    )
    return all((stated or ZERO) == found for stated, found in sums)


def fold(rows: Iterable[Listed], *, dead: bool) -> tuple[tuple[OrderRow, ...], dict[str, Live]]:
    """The orders behind the rows, by number, and what is live of each: found by any number of its family.

    `dead`: the session's book has closed, so nothing is live whatever is left. BrokerError when one number stands for
    two orders.
    """
    known = _by_number(rows)
    families: dict[str, list[Listed]] = {}
    for row in known.values():
        families.setdefault(_root(row, known), []).append(row)
    orders: list[OrderRow] = []
    live: dict[str, Live] = {}
    for root, family in sorted(families.items()):
        members = sorted((row for row in family if not row.cancels), key=lambda row: (row.placed_at, row.number))
        if not members:
            continue  # a cancellation whose order is of another session
        first = known.get(root, members[0])
        newest = next((row for row in reversed(members) if row.left), None)
        orders.append(_order(first, members, live=newest is not None and not dead))
        if newest is not None and not dead:
            at = Live(newest.number, newest.branch, newest.exchange, newest.kind, newest.code, newest.left)
            live |= {row.number: at for row in family}
    return tuple(orders), live


def _order(first: Listed, members: Sequence[Listed], *, live: bool) -> OrderRow:
    return OrderRow(
        number=first.number,
        placed_at=first.placed_at,
        code=first.code,
        side=first.side,
        quantity=first.quantity,
        limit_price=first.limit_price,
        currency=first.currency,
        filled=sum(row.filled for row in members),
        filled_amount=exact_sum(row.amount for row in members),
        commission=None,
        live=live,
        channel=first.channel,
    )


def _by_number(rows: Iterable[Listed]) -> dict[str, Listed]:
    known: dict[str, Listed] = {}
    for row in rows:
        before = known.get(row.number)
        if before is not None and (before.branch, before.code, before.side) != (row.branch, row.code, row.side):
            raise two_orders(row.number)
        # The same order twice is a page that moved on while it was read: the later state is the one with more done.
        known[row.number] = row if before is None or row.filled >= before.filled else before
    return known


def _root(row: Listed, known: Mapping[str, Listed]) -> str:
    seen = {row.number}
    while row.parent and row.parent not in seen and row.parent in known:
        row = known[row.parent]
        seen.add(row.number)
    return row.parent or row.number


def _domestic(row: Fields) -> Listed:
    kind = row.text("ord_dvsn_cd") or LIMIT
    price = row.number("ord_unpr") or ZERO
    rejected = row.whole("rjct_qty")
    left = row.whole("rmn_qty")
    return Listed(
        number=number_of(row.text("odno")),
        parent=number_of(row.text("orgn_odno")),
        branch=row.text("ord_gno_brno"),
        exchange=row.text("excg_id_dvsn_cd") or "KRX",
        kind=kind,
        code=row.text("pdno"),
        side=_side(row),
        quantity=row.whole("ord_qty"),
        limit_price=None if kind in _PRICELESS or not price else price,
        currency="KRW",
        placed_at=_moment(row, "ord_dt", "ord_tmd"),
        filled=row.whole("tot_ccld_qty"),
        amount=row.number("tot_ccld_amt") or ZERO,
        left=0 if rejected and rejected >= row.whole("ord_qty") else left,
        cancels=row.text("cncl_yn").upper() == "Y",
        channel=_channel(row.text("ordr_empno")),
    )


def _us(row: Fields, listings: Listings) -> Listed:
    changed = row.text("rvse_cncl_dvsn") or row.text("rvse_cncl_dvsn_cd")
    refused = bool(row.text("rjct_rson").strip("0")) or row.text("prcs_stat_name") == "거부"
    listing = listings.by_symbol(row.text("pdno"), "XNYS", row.text("prdt_name"))
    price = row.number("ft_ord_unpr3") or ZERO
    korean = bool(row.text("dmst_ord_dt") and row.text("thco_ord_tmd"))
    return Listed(
        number=number_of(row.text("odno")),
        parent=number_of(row.text("orgn_odno")),
        branch=row.text("ord_gno_brno"),
        exchange=row.text("ovrs_excg_cd"),
        kind=LIMIT,
        code=listing.code,
        side=_side(row),
        quantity=row.whole("ft_ord_qty"),
        limit_price=price or None,
        currency=row.text("tr_crcy_cd") or "USD",
        placed_at=_moment(row, "dmst_ord_dt", "thco_ord_tmd") if korean else _moment(row, "ord_dt", "ord_tmd", ny=True),
        filled=row.whole("ft_ccld_qty"),
        amount=row.number("ft_ccld_amt3") or ZERO,
        left=0 if refused else row.whole("nccs_qty"),
        cancels=changed == "02" or "취소" in row.text("rvse_cncl_dvsn_name"),
        channel=_channel(row.text("mdia_dvsn_name")),
    )


def same_orders(one: Iterable[Listed], other: Iterable[Listed]) -> bool:
    """Whether two readings of a list that has no totals found the same orders."""
    return {(row.branch, row.number) for row in one} == {(row.branch, row.number) for row in other}


def _side(row: Fields) -> Side:
    code = row.text("sll_buy_dvsn_cd").zfill(2)
    if code not in SIDES:
        raise unreadable("sll_buy_dvsn_cd", row.text("sll_buy_dvsn_cd"))
    return SIDES[code]


def _moment(row: Fields, day: str, hour: str, *, ny: bool = False) -> datetime:
    text = f"{row.text(day)}{row.text(hour).zfill(6)}"
    try:
        naive = datetime.strptime(text, "%Y%m%d%H%M%S")  # noqa: DTZ007  # the zone is given in the next line
    except ValueError:
        raise unreadable(f"{day} {hour}", text) from None
    return naive.replace(tzinfo=ZoneInfo("America/New_York") if ny else KST)


def _channel(name: str) -> Literal["api", "other"]:
    return "other" if any(word in name.upper() for word in _BY_HAND) else "api"


def two_orders(number: str) -> BrokerError:
    """The refusal of a list in which one number stands for two orders."""
    return BrokerError(
        "ambiguous_number",
        where=same("KIS"),
        wrong=Text(f"two orders of the day have the number {number}", f"주문번호 {number}이(가) 둘입니다"),
        expected=Text("a number for each order", "주문마다 다른 번호"),
        fix=Text("look at the orders at the broker; nothing is sent meanwhile",
                 "증권사에서 주문을 확인해 주세요. 그동안 주문을 보내지 않습니다"),
    )  # fmt: skip
