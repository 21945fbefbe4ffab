"""The Korean half of an account: balance, what may be bought, orders and changes of them, in the service's fields.

Cash is that of the second day (`prvs_rcdl_excc_amt`), in which every executed trade is settled; the deposit of today
still holds the money of unsettled purchases. Only amounts without credit are used (`nrcvb_*`): the larger `max_*` ones
buy on margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rebalance_kit.brokers.kis.client import Client
from rebalance_kit.brokers.kis.envelope import Body, Fields, all_rows
from rebalance_kit.brokers.kis.rows import LIMIT, MARKET, Listed, Live, adds_up, domestic_rows
from rebalance_kit.brokers.kis.table import Call
from rebalance_kit.errors import BrokerError
from rebalance_kit.money import ZERO, exact_sum, plain, show_money
from rebalance_kit.orders import Side
from rebalance_kit.words import Text, same

VENUE = "KRX"  # the one venue: its book closes with the session, another's stays open into the night
READINGS = 3
OLD_AFTER_DAYS = 85  # orders of some three months ago are another inquiry's


@dataclass(frozen=True, slots=True)
class Held:
    """One position. `cost` is the total purchase cost."""

    code: str
    name: str
    quantity: Decimal
    sellable: int
    cost: Decimal | None
    price: Decimal | None
    currency: str
    market: str = ""


@dataclass(frozen=True, slots=True)
class DomesticBalance:
    """Positions and won. `charged` are the fees and taxes that `cash` lacks for unsettled trades."""

    held: tuple[Held, ...]
    cash: Decimal
    charged: Decimal | None
    total: Decimal | None


def read_balance(client: Client) -> DomesticBalance:
    """The balance, when it agrees with itself. BrokerError when it does not, three times."""
    query = {
        "AFHR_FLPR_YN": "N",
        "OFL_YN": "",
        "INQR_DVSN": "02",
        "UNPR_DVSN": "01",
        "FUND_STTL_ICLD_YN": "N",
        "FNCG_AMT_AUTO_RDPT_YN": "N",
        "PRCS_DVSN": "00",
    }
    wrong = same("")
    for _ in range(READINGS):
        pages = client.pages(Call.BALANCE, query)
        totals, rows = pages[0].one("output2"), tuple(all_rows(pages, "output1"))
        found = _faults(rows, totals, whole=len(pages) == 1)
        if found is None:
            return _balance(rows, totals)
        wrong = found
    raise _does_not_add_up(wrong)


def _balance(rows: tuple[Fields, ...], totals: Fields) -> DomesticBalance:
    held = tuple(
        Held(
            row.text("pdno"),
            row.text("prdt_name"),
            row.needed("hldg_qty"),
            row.whole("ord_psbl_qty"),
            row.number("pchs_amt"),
            row.number("prpr"),
            "KRW",
        )
        for row in rows
        if row.number("hldg_qty")  # what was sold today stays in the list with nothing
    )
    return DomesticBalance(held, totals.needed("prvs_rcdl_excc_amt"), _charged(totals), totals.number("tot_evlu_amt"))


def _charged(totals: Fields) -> Decimal | None:
    """What the cash of the second day lacks beside the trades themselves: fees and taxes, whatever the service states
    of them (a mock account states none)."""
    names = ("dnca_tot_amt", "bfdy_sll_amt", "bfdy_buy_amt", "thdt_sll_amt", "thdt_buy_amt", "prvs_rcdl_excc_amt")
    parts = [totals.number(name) for name in names]
    if any(part is None for part in parts):
        return None
    deposit, sold, bought, sold_now, bought_now, cash = (part or ZERO for part in parts)
    taken = (bought, bought_now, cash)
    return exact_sum((deposit, sold, sold_now, *(part.copy_negate() for part in taken)))


def _faults(rows: tuple[Fields, ...], totals: Fields, *, whole: bool) -> Text | None:
    """Why the balance does not agree with itself. Values move while pages are read; costs do not."""
    cost, value = (exact_sum(row.number(key) or ZERO for row in rows) for key in ("pchs_amt", "evlu_amt"))
    stated_cost, securities = totals.number("pchs_amt_smtl_amt"), totals.number("scts_evlu_amt")
    cash, everything = totals.number("prvs_rcdl_excc_amt"), totals.number("tot_evlu_amt")
    if cash is None:
        return Text("the cash is missing", "현금이 없습니다")
    if stated_cost is not None and stated_cost != cost:
        return _differ("pchs_amt", cost, stated_cost)
    if whole and securities is not None and securities != value:
        return _differ("evlu_amt", value, securities)
    if securities is not None and everything is not None and exact_sum((securities, cash)) != everything:
        return _differ("tot_evlu_amt", exact_sum((securities, cash)), everything)
    if len({row.text("pdno") for row in rows}) != len(rows):
        return Text("a code is listed twice", "같은 종목이 두 번 나옵니다")
    return None


def _differ(name: str, found: Decimal, stated: Decimal) -> Text:
    ours, theirs = show_money(found, "KRW"), show_money(stated, "KRW")
    return Text(f"{name} adds up to {ours}, the total says {theirs}", f"{name} 합계는 {ours}, 총액은 {theirs}입니다")


def free_cash(client: Client) -> Decimal:
    """Won that may be spent without credit."""
    return _buyable(client, "", "", MARKET).needed("nrcvb_buy_amt")


def buyable(client: Client, code: str, price: Decimal | None) -> int:
    """Shares that may be bought without credit: at a limit, or at the market, for which the service holds back the
    upper price limit."""
    kind = MARKET if price is None else LIMIT
    return _buyable(client, code, "" if price is None else plain(price), kind).whole("nrcvb_buy_qty")


def _buyable(client: Client, code: str, price: str, kind: str) -> Fields:
    query = {"PDNO": code, "ORD_UNPR": price, "ORD_DVSN": kind, "CMA_EVLU_AMT_ICLD_YN": "N", "OVRS_ICLD_YN": "N"}
    return client.ask(Call.BUYABLE, query).one("output")


def sellable(client: Client, code: str) -> int | None:
    """Shares of a code that may be sold; None where only the balance tells."""
    if not client.offers(Call.SELLABLE):
        return None
    body = client.ask(Call.SELLABLE, {"PDNO": code})
    found = body.one("output") if body.rows("output") else body.one("output1")
    return found.whole("ord_psbl_qty")


def read_orders(client: Client, day: date, today: date) -> tuple[tuple[Listed, ...], bool]:
    """The orders of a day, and whether they are all of them."""
    call = Call.OLD_ORDERS if (today - day).days > OLD_AFTER_DAYS else Call.ORDERS
    pages = client.pages(call, orders_query(day, day))
    rows = domestic_rows(pages)
    return rows, adds_up(rows, _totals(pages))


def orders_query(start: date, end: date) -> dict[str, str]:
    """What to ask for every order of a period, oldest first, on the one venue."""
    return {
        "INQR_STRT_DT": f"{start:%Y%m%d}",
        "INQR_END_DT": f"{end:%Y%m%d}",
        "SLL_BUY_DVSN_CD": "00",
        "PDNO": "",
        "ORD_GNO_BRNO": "",
        "ODNO": "",
        "CCLD_DVSN": "00",
        "INQR_DVSN": "01",
        "INQR_DVSN_1": "",
        "INQR_DVSN_3": "00",
        "EXCG_ID_DVSN_CD": VENUE,
    }


def order_charges(client: Client, day: date, number: str) -> Decimal | None:
    """What the service estimates that one order of a day cost: the list of that order alone has it in its totals. None
    where it says nothing, as a mock account's list may."""
    query = {**orders_query(day, day), "ODNO": number}
    pages = client.pages(Call.ORDERS, query)
    return _totals(pages).number("prsm_tlex_smtl") or None


def _totals(pages: tuple[Body, ...]) -> Fields:
    return pages[0].one("output2")


def order_body(code: str, side: Side, quantity: int, price: Decimal | None) -> dict[str, str]:
    """An order, in the service's fields."""
    return {
        "PDNO": code,
        "SLL_TYPE": "01" if side is Side.SELL else "",
        "ORD_DVSN": MARKET if price is None else LIMIT,
        "ORD_QTY": str(quantity),
        "ORD_UNPR": "0" if price is None else plain(price),
        "CNDT_PRIC": "",
        "EXCG_ID_DVSN_CD": VENUE,
    }


def change_body(live: Live, price: Decimal | None) -> Mapping[str, str]:
    """What is left of an order cancelled (no price), or put to another price."""
    return {
        "KRX_FWDG_ORD_ORGNO": live.branch,
        "ORGN_ODNO": live.number,
        "ORD_DVSN": live.kind if price is None else LIMIT,
        "RVSE_CNCL_DVSN_CD": "02" if price is None else "01",
        "ORD_QTY": "0",
        "ORD_UNPR": "0" if price is None else plain(price),
        "QTY_ALL_ORD_YN": "Y",
        "CNDT_PRIC": "",
        "EXCG_ID_DVSN_CD": live.exchange,
    }


def _does_not_add_up(wrong: Text) -> BrokerError:
    return BrokerError(
        "balance_incomplete",
        where=same("KIS inquire-balance"),
        wrong=wrong,
        expected=Text("a balance that agrees with its own totals", "합계가 맞는 잔고"),
        fix=Text("try again; if it stays, compare with the balance on the broker's own screen",
                 "다시 시도하고, 계속되면 증권사 화면의 잔고와 비교해 주세요"),
    )  # fmt: skip
