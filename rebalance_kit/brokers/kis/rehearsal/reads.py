"""Domestic account inquiries: balance, buyable and sellable amounts, open orders, the day's orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from rebalance_kit.brokers.kis.rehearsal.ledger import BUY, SELL, Holding, Order
from rebalance_kit.brokers.kis.rehearsal.messy import listed, odno, original_odno
from rebalance_kit.brokers.kis.rehearsal.orders import number_in
from rebalance_kit.brokers.kis.rehearsal.wire import Call, Reply, Row, fixed, hms, inquiry, paged, percent, won, ymd

ZERO = Decimal(0)
_TYPE_NAMES = {"00": "지정가", "01": "시장가", "02": "조건부지정가", "03": "최유리지정가", "04": "최우선지정가"}


def balance(call: Call) -> Reply:
    """GET inquire-balance: holdings on trade date, a page at a time; the totals stand on every page."""
    held = [h for h in call.account.holdings.values() if call.world.market.get(h.code, domestic=True)]
    rows = [_holding(call, item) for item in sorted(held, key=lambda item: item.code)]
    cursor = (call.get("AFHR_FLPR_YN"), call.get("OFL_YN"), call.get("INQR_DVSN"), call.get("UNPR_DVSN"), "N")
    return paged(call, listed(call, rows), call.habits.balance_rows, cursor, output2=[_totals(call, held)])


def _holding(call: Call, held: Holding) -> Row:
    product, account, today = call.world.market.products[held.code], call.account, call.now.date()
    before = call.world.days.add(today, -1)
    value = product.price * held.quantity
    gain, change = value - held.cost, product.price - product.base
    average = held.cost / held.quantity if held.quantity else ZERO
    count = _counter(account.orders, held.code)
    return {
        "pdno": held.code, "prdt_name": product.name, "trad_dvsn_name": "현금",
        "bfdy_buy_qty": count(BUY, before), "bfdy_sll_qty": count(SELL, before),
        "thdt_buyqty": count(BUY, today), "thdt_sll_qty": count(SELL, today),
        "hldg_qty": str(held.quantity), "ord_psbl_qty": str(account.sellable(held.code)),
        "pchs_avg_pric": fixed(average, 4), "pchs_amt": won(held.cost), "prpr": won(product.price),
        "evlu_amt": won(value), "evlu_pfls_amt": won(gain), "evlu_pfls_rt": percent(gain, held.cost),
        "evlu_erng_rt": percent(gain, held.cost, 8), "loan_dt": "", "loan_amt": "0", "stln_slng_chgs": "0",
        "expd_dt": "", "fltt_rt": percent(change, product.base, 8), "bfdy_cprs_icdc": won(change),
        "item_mgna_rt_name": "20%", "grta_rt_name": "", "sbst_pric": won(product.price * 8 / 10 // 10 * 10),
        "stck_loan_unpr": "0.0000",
    }  # fmt: skip


def _counter(orders: Sequence[Order], code: str) -> Callable[[str, object], str]:
    def count(side: str, day: object) -> str:
        return str(sum(o.filled for o in orders if (o.code, o.side, o.day) == (code, side, day)))

    return count


def _totals(call: Call, held: Sequence[Holding]) -> Row:
    account, world, today = call.account, call.world, call.now.date()
    before, after = world.days.add(today, -1), world.days.add(today, 1)
    value, cost = world.value(account, domestic=True), sum((h.cost for h in held), ZERO)
    total = value + account.cash("KRW")
    yesterday = total if account.yesterday is None else account.yesterday
    return {
        "dnca_tot_amt": won(account.cash("KRW", today)), "nxdy_excc_amt": won(account.cash("KRW", after)),
        "prvs_rcdl_excc_amt": won(account.cash("KRW")), "cma_evlu_amt": "0",
        "bfdy_buy_amt": won(account.traded(BUY, before)), "thdt_buy_amt": won(account.traded(BUY, today)),
        "nxdy_auto_rdpt_amt": "0",
        "bfdy_sll_amt": won(account.traded(SELL, before)), "thdt_sll_amt": won(account.traded(SELL, today)),
        "d2_auto_rdpt_amt": "0",
        # The mock service shows no costs, although the cash of D+2 has them.
        "bfdy_tlex_amt": "0" if call.mock else won(account.costs(before)),
        "thdt_tlex_amt": "0" if call.mock else won(account.costs(today)),
        "tot_loan_amt": "0", "scts_evlu_amt": won(value), "tot_evlu_amt": won(total), "nass_amt": won(total),
        "fncg_gld_auto_rdpt_yn": "", "pchs_amt_smtl_amt": won(cost), "evlu_amt_smtl_amt": won(value),
        "evlu_pfls_smtl_amt": won(value - cost), "tot_stln_slng_chgs": "0", "bfdy_tot_asst_evlu_amt": won(yesterday),
        "asst_icdc_amt": won(total - yesterday), "asst_icdc_erng_rt": "0.00000000",
    }  # fmt: skip


def buyable(call: Call) -> Reply:
    """GET inquire-psbl-order. A market order is counted at the day's upper limit."""
    account, today = call.account, call.now.date()
    product = call.world.market.get(call.get("PDNO"), domestic=True)
    price = number_in(call, "ORD_UNPR") or ZERO
    if product is not None and not price:
        price = product.upper
    amount = account.buyable()
    most = (amount * call.habits.margin_multiple) // 1
    fresh = min(account.proceeds(today), account.free())
    output = {
        "ord_psbl_cash": won(account.free() - fresh), "ord_psbl_sbst": "0", "ruse_psbl_amt": won(fresh),
        "fund_rpch_chgs": "0", "psbl_qty_calc_unpr": won(price),
        "nrcvb_buy_amt": won(amount), "nrcvb_buy_qty": won(amount // price if price else 0),
        "max_buy_amt": won(most), "max_buy_qty": won(most // price if price else 0), "cma_evlu_amt": "0",
        "ovrs_re_use_amt_wcrc": "0", "ord_psbl_frcr_amt_wcrc": "0",
    }  # fmt: skip
    return inquiry(call, output=output)


def sellable(call: Call) -> Reply:
    """GET inquire-psbl-sell."""
    account, code, today = call.account, call.get("PDNO"), call.now.date()
    product, held = call.world.market.get(code, domestic=True), account.holdings.get(code)
    if product is None or held is None:
        return inquiry(call, "KIOK0560", output={})
    value, count = product.price * held.quantity, _counter(account.orders, code)
    gain = value - held.cost
    output = {
        "pdno": code, "prdt_name": product.name, "buy_qty": count(BUY, today), "sll_qty": count(SELL, today),
        "cblc_qty": str(held.quantity), "nsvg_qty": "0", "ord_psbl_qty": str(account.sellable(code)),
        "pchs_avg_pric": fixed(held.cost / held.quantity if held.quantity else ZERO, 4), "pchs_amt": won(held.cost),
        "now_pric": won(product.price), "evlu_amt": won(value), "evlu_pfls_amt": won(gain),
        "evlu_pfls_rt": percent(gain, held.cost, 8),
    }  # fmt: skip
    return inquiry(call, output=output)


def open_orders(call: Call) -> Reply:
    """GET inquire-psbl-rvsecncl: what can still be revised or cancelled."""
    side = {"1": SELL, "2": BUY}.get(call.get("INQR_DVSN_2"))
    live = [o for o in call.account.live(side=side) if o.local_day is None and o.visible <= call.now]
    rows = [
        {
            "ord_gno_brno": o.branch, "odno": f"{o.number:010d}",
            "orgn_odno": f"{o.original:010d}" if o.original else "", "ord_dvsn_name": _TYPE_NAMES.get(o.order_type, ""),
            "pdno": o.code, "prdt_name": call.world.market.products[o.code].name, "rvse_cncl_dvsn_name": _side_name(o),
            "ord_qty": str(o.quantity), "ord_unpr": won(o.price), "ord_tmd": hms(o.placed),
            "tot_ccld_qty": str(o.filled), "tot_ccld_amt": won(o.amount), "psbl_qty": str(o.remaining),
            "sll_buy_dvsn_cd": o.side, "ord_dvsn_cd": o.order_type, "mgco_aptm_odno": "", "excg_dvsn_cd": "02",
            "excg_id_dvsn_cd": o.exchange, "excg_id_dvsn_name": o.exchange, "stpm_cndt_pric": "0",
            "stpm_efct_occr_yn": "N",
        }
        for o in live
    ]  # fmt: skip
    cursor = (call.get("INQR_DVSN_1"), call.get("INQR_DVSN_2"))
    return paged(call, listed(call, rows), call.habits.open_rows, cursor, output="output")


def daily_orders(call: Call) -> Reply:
    """GET inquire-daily-ccld: every order, revision and cancellation of some days, as far as it shows already."""
    found = [order for order in call.account.orders if _asked_for(call, order)]
    found.sort(key=lambda o: (o.day, o.number), reverse=call.get("INQR_DVSN") != "01")
    filled, amount = sum(o.filled for o in found), sum((o.amount for o in found), ZERO)
    totals = {
        "tot_ord_qty": str(sum(o.quantity for o in found)), "tot_ccld_qty": str(filled), "tot_ccld_amt": won(amount),
        "prsm_tlex_smtl": won(sum((o.fee + o.tax for o in found), ZERO)),
        "pchs_avg_pric": fixed(amount / filled if filled else ZERO, 4),
    }  # fmt: skip
    rows = listed(call, [_daily_row(call, order) for order in found])
    cursor = (call.get("INQR_STRT_DT"), call.get("INQR_END_DT"))
    return paged(call, rows, call.habits.order_rows, cursor, output2=totals)


def _asked_for(call: Call, order: Order) -> bool:
    side, number, state = call.get("SLL_BUY_DVSN_CD"), call.get("ODNO"), call.get("CCLD_DVSN")
    return (
        order.local_day is None
        and order.visible <= call.now
        and call.day("INQR_STRT_DT") <= order.day <= call.day("INQR_END_DT")
        and side in ("", "00", order.side)
        and call.get("PDNO") in ("", order.code)
        and call.get("EXCG_ID_DVSN_CD") in ("", "ALL", order.exchange)
        and (not number or (number.isdigit() and int(number) == order.number))
        and (state in ("", "00") or (state == "01" and order.filled > 0) or (state == "02" and order.remaining > 0))
    )


def _daily_row(call: Call, order: Order) -> Row:
    hidden = order.replaced and call.habits.revised_original == "rest only"
    return {
        "ord_dt": ymd(order.day), "ord_gno_brno": order.branch, "odno": odno(call, order.number),
        "orgn_odno": original_odno(call, order.original), "ord_dvsn_name": _TYPE_NAMES.get(order.order_type, ""),
        "sll_buy_dvsn_cd": order.side, "sll_buy_dvsn_cd_name": _side_name(order), "pdno": order.code,
        "prdt_name": call.world.market.products[order.code].name, "ord_qty": str(order.quantity),
        "ord_unpr": won(order.price), "ord_tmd": hms(order.placed), "tot_ccld_qty": str(order.filled),
        "avg_prvs": _average(order), "cncl_yn": "Y" if order.kind == "cancel" else "N",
        "tot_ccld_amt": won(order.amount), "loan_dt": "", "ordr_empno": order.channel, "ord_dvsn_cd": order.order_type,
        "cncl_cfrm_qty": "0" if hidden else str(order.cancelled), "rmn_qty": str(order.remaining),
        "rjct_qty": str(order.rejected), "ccld_cndt_name": "없음", "inqr_ip_addr": "203.0.113.10",
        "cpbc_ordp_ord_rcit_dvsn_cd": "", "cpbc_ordp_infm_mthd_dvsn_cd": "",
        "infm_tmd": hms(order.fills[-1].at) if order.fills else "", "ctac_tlno": "", "prdt_type_cd": "300",
        "excg_dvsn_cd": "02", "cpbc_ordp_mtrl_dvsn_cd": "", "ord_orgno": order.branch, "rsvn_ord_end_dt": "",
        "excg_id_dvsn_Cd": order.exchange, "stpm_cndt_pric": "0", "stpm_efct_occr_dtmd": "",
    }  # fmt: skip


def _average(order: Order) -> str:
    if not order.filled:
        return "0"
    text = fixed(order.amount / order.filled, 4).rstrip("0").rstrip(".")
    return text or "0"


def _side_name(order: Order) -> str:
    name = "매수" if order.buys else "매도"
    return name + {"order": "", "revise": "정정*", "cancel": "취소*"}[order.kind]
