"""US account inquiries: two balances, buying power, open orders, history."""

from __future__ import annotations

from decimal import Decimal

from rebalance_kit.brokers.kis.rehearsal.ledger import BUY, SELL, Holding, Order
from rebalance_kit.brokers.kis.rehearsal.market import MARKET_NAMES, PRODUCT_TYPES, US_MARKETS
from rebalance_kit.brokers.kis.rehearsal.messy import listed, odno
from rebalance_kit.brokers.kis.rehearsal.orders import number_in
from rebalance_kit.brokers.kis.rehearsal.us_orders import won_as_dollars
from rebalance_kit.brokers.kis.rehearsal.wire import Call, Reply, Row, fixed, hms, inquiry, paged, percent, won, ymd

ZERO = Decimal(0)
_ALL = frozenset(US_MARKETS)
_QUOTE_CODES = {quote: market for market, quote in US_MARKETS.items()}


def _markets(call: Call) -> frozenset[str]:
    """The exchanges that a call means: NASD is the whole US on the real host, Nasdaq in mock; NAS is Nasdaq only."""
    asked = call.get("OVRS_EXCG_CD")
    if asked in ("", "%") or (asked == "NASD" and not call.mock):
        return _ALL
    return frozenset({_QUOTE_CODES.get(asked, asked)})


def balance(call: Call) -> Reply:
    """GET overseas inquire-balance: no cash in it, and a filler row at the end on the real host."""
    markets, account = _markets(call), call.account
    held = _held(call, markets)
    rows = [_balance_row(call, item) for item in held]
    if rows and call.habits.filler_rows:
        blank = dict.fromkeys(rows[0], "")
        rows.append(blank | {k: "0" for k, v in rows[0].items() if v.replace(".", "").lstrip("-").isdigit()
                             and k not in ("cano", "acnt_prdt_cd", "prdt_type_cd", "loan_type_cd")})  # fmt: skip
    cost = sum((item.cost for item in held), ZERO)
    gain = sum((call.world.market.products[h.code].price * h.quantity for h in held), ZERO) - cost
    totals = {
        "frcr_pchs_amt1": fixed(cost, 5), "ovrs_rlzt_pfls_amt": "0.00000", "ovrs_tot_pfls": fixed(gain, 5),
        "rlzt_erng_rt": "0.00000000", "tot_evlu_pfls_amt": fixed(gain, 8), "tot_pftrt": percent(gain, cost, 8),
        "frcr_buy_amt_smtl1": "0.000000", "ovrs_rlzt_pfls_amt2": "0.00000", "frcr_buy_amt_smtl2": "0.000000",
    }  # fmt: skip
    cursor = (call.get("OVRS_EXCG_CD"), account.product and "USD", "")
    return paged(call, listed(call, rows), call.habits.us_balance_rows, cursor, width=200, output2=totals)


def _held(call: Call, markets: frozenset[str]) -> list[Holding]:
    found = call.world.market.products
    return [h for h in call.account.holdings.values() if h.code in found and found[h.code].market in markets]


def _balance_row(call: Call, held: Holding) -> Row:
    product, account = call.world.market.products[held.code], call.account
    value = product.price * held.quantity
    return {
        "cano": account.number, "acnt_prdt_cd": account.product, "prdt_type_cd": PRODUCT_TYPES[product.market],
        "ovrs_pdno": held.code, "ovrs_item_name": product.name, "frcr_evlu_pfls_amt": fixed(value - held.cost, 6),
        "evlu_pfls_rt": percent(value - held.cost, held.cost),
        "pchs_avg_pric": fixed(held.cost / held.quantity if held.quantity else ZERO, 4),
        "ovrs_cblc_qty": str(held.quantity), "ord_psbl_qty": str(account.sellable(held.code)),
        "frcr_pchs_amt1": fixed(held.cost, 5), "ovrs_stck_evlu_amt": fixed(value, 8),
        "now_pric2": fixed(product.price, 6), "tr_crcy_cd": "USD", "ovrs_excg_cd": product.market,
        "loan_type_cd": "10", "loan_dt": "", "expd_dt": "",
    }  # fmt: skip


def present_balance(call: Call) -> Reply:
    """GET inquire-present-balance: positions on trade date, the exchange rate, cash by currency, totals in won."""
    account, rate = call.account, call.world.market.rate
    today = call.now.date()
    held = [h for h in _held(call, _ALL) if h.quantity]
    cost, value = sum((h.cost for h in held), ZERO), call.world.value(account, domestic=False)
    cash, free, won_cash = account.cash("USD"), account.free("USD"), account.cash("KRW")
    currencies = [{
        "crcy_cd": "USD", "crcy_cd_name": "미국 달러",
        "frcr_buy_amt_smtl": fixed(account.traded(BUY, today, "USD"), 6),
        "frcr_sll_amt_smtl": fixed(account.traded(SELL, today, "USD"), 6), "frcr_dncl_amt_2": fixed(cash, 6),
        "frst_bltn_exrt": fixed(rate, 8), "frcr_buy_mgn_amt": fixed(account.reserved("USD"), 6),
        "frcr_etc_mgna": "0.000000", "frcr_drwg_psbl_amt_1": fixed(free, 6), "frcr_evlu_amt2": fixed(cash * rate, 6),
        "acpl_cstd_crcy_yn": "Y", "nxdy_frcr_drwg_psbl_amt": fixed(free, 6),
    }]  # fmt: skip
    bought, worth, dollars = won(cost * rate), won(value * rate), won(cash * rate)
    domestic = call.world.value(account, domestic=True)
    totals = {
        "pchs_amt_smtl": bought, "evlu_amt_smtl": worth, "evlu_pfls_amt_smtl": won((value - cost) * rate),
        "dncl_amt": won(won_cash), "cma_evlu_amt": "0", "tot_dncl_amt": won(won_cash + cash * rate), "etc_mgna": "0",
        "wdrw_psbl_tot_amt": won(account.free()), "frcr_evlu_tota": dollars,
        "evlu_erng_rt1": percent(value - cost, cost, 10), "pchs_amt_smtl_amt": bought, "evlu_amt_smtl_amt": worth,
        "tot_evlu_pfls_amt": fixed((value - cost) * rate, 8),
        "tot_asst_amt": won(value * rate + won_cash + cash * rate + domestic), "buy_mgn_amt": "0", "mgna_tota": "0",
        "frcr_use_psbl_amt": fixed(free, 2), "ustl_sll_amt_smtl": won(account.proceeds(today, "USD") * rate),
        "ustl_buy_amt_smtl": "0", "tot_frcr_cblc_smtl": fixed(cash, 6), "tot_loan_amt": "0",
    }  # fmt: skip
    rows = listed(call, [_present_row(call, item) for item in held])
    reply = inquiry(call, "KIOK0510", output1=rows, output2=currencies, output3=totals)
    reply.tr_cont = "" if call.mock else "D"
    return reply


def _present_row(call: Call, held: Holding) -> Row:
    product, account, rate = call.world.market.products[held.code], call.account, call.world.market.rate
    value, today = product.price * held.quantity, call.now.date()
    orders = [o for o in account.orders if o.code == held.code and o.day == today]
    bought, sold = ([o for o in orders if o.side == side] for side in (BUY, SELL))
    return {
        "prdt_name": product.name, "cblc_qty13": fixed(held.quantity, 8),
        "thdt_buy_ccld_qty1": fixed(sum(o.filled for o in bought), 8),
        "thdt_sll_ccld_qty1": fixed(sum(o.filled for o in sold), 8), "ccld_qty_smtl1": fixed(held.quantity, 8),
        "ord_psbl_qty1": fixed(account.sellable(held.code), 8), "frcr_pchs_amt": fixed(held.cost, 5),
        "frcr_evlu_amt2": fixed(value, 6), "evlu_pfls_amt2": fixed(value - held.cost, 6),
        "evlu_pfls_rt1": percent(value - held.cost, held.cost, 10), "pdno": held.code, "bass_exrt": fixed(rate, 8),
        "buy_crcy_cd": "USD", "ovrs_now_pric1": fixed(product.price, 12),
        "avg_unpr3": fixed(held.cost / held.quantity, 12), "tr_mket_name": MARKET_NAMES[product.market],
        "natn_kor_name": "미국", "pchs_rmnd_wcrc_amt": won(held.cost * rate),
        "thdt_buy_ccld_frcr_amt": fixed(sum((o.amount for o in bought), ZERO), 6),
        "thdt_sll_ccld_frcr_amt": fixed(sum((o.amount for o in sold), ZERO), 6), "unit_amt": "1",
        "std_pdno": "US0000000000", "prdt_type_cd": PRODUCT_TYPES[product.market], "scts_dvsn_name": "일반",
        "loan_rmnd": "0.000000", "loan_dt": "", "loan_expd_dt": "", "ovrs_excg_cd": product.market,
        "item_lnkg_excg_cd": US_MARKETS[product.market],
    }  # fmt: skip


def buying_power(call: Call) -> Reply:
    """GET inquire-psamount."""
    account, rate = call.account, call.world.market.rate
    price = number_in(call, "OVRS_ORD_UNPR") or ZERO
    own, each = account.buyable("USD"), price * (1 + call.habits.us_extra_hold)
    changed = won_as_dollars(call)
    shares = own // each if each else ZERO
    output = {
        "tr_crcy_cd": "USD", "ord_psbl_frcr_amt": fixed(account.free("USD"), 2),
        "sll_ruse_psbl_amt": fixed(min(account.proceeds(call.now.date(), "USD"), account.free("USD")), 2),
        "ovrs_ord_psbl_amt": fixed(own, 2), "max_ord_psbl_qty": won(shares),
        "echm_af_ord_psbl_amt": fixed(changed, 2), "echm_af_ord_psbl_qty": won(changed // each if each else 0),
        "ord_psbl_qty": won(shares), "exrt": fixed(rate, 10), "frcr_ord_psbl_amt1": fixed(own + changed, 6),
        "ovrs_max_ord_psbl_qty": won((own + changed) // each if each else 0),
    }  # fmt: skip
    return inquiry(call, output=output)


def open_orders(call: Call) -> Reply:
    """GET inquire-nccs (real only)."""
    markets = _markets(call)
    live = [o for o in call.account.live() if o.local_day is not None and o.exchange in markets]
    rows = []
    for o in (o for o in live if o.visible <= call.now):
        row = _history_row(call, o)
        row |= {"rvse_cncl_dvsn_cd": row["rvse_cncl_dvsn"], "rvse_cncl_dvsn_cd_name": row["rvse_cncl_dvsn_name"],
                "natn_cd": "840", "natn_kor_name": "미국", "prcs_stat_name": ""}  # fmt: skip
        for name in ("rvse_cncl_dvsn", "rvse_cncl_dvsn_name", "tr_natn", "tr_natn_name", "dmst_ord_dt",
                     "thco_ord_tmd", "mdia_dvsn_name"):  # fmt: skip
            row.pop(name)
        rows.append(row)
    rows.sort(key=lambda row: row["odno"], reverse=call.get("SORT_SQN") == "DS")
    return paged(call, listed(call, rows), call.habits.us_open_rows, (), output="output", width=200)


def history(call: Call) -> Reply:
    """GET inquire-ccnl, by the market's own dates. A number finds nothing; nothing in mock is one blank object."""
    markets, code, side = _markets(call), call.get("PDNO"), call.get("SLL_BUY_DVSN")
    first, last, state = call.day("ORD_STRT_DT"), call.day("ORD_END_DT"), call.get("CCLD_NCCS_DVSN")
    found = [
        o for o in call.account.orders
        if o.local_day is not None and first <= o.local_day <= last and o.visible <= call.now
        and o.exchange in markets and code in ("", "%", o.code) and side in ("", "00", o.side)
        and (state in ("", "00") or (state == "01") is bool(o.filled)) and not call.get("ODNO")
    ]  # fmt: skip
    found.sort(key=lambda o: (o.local_day or o.day, o.number), reverse=call.mock or call.get("SORT_SQN") != "AS")
    rows = listed(call, [_history_row(call, order) for order in found])
    reply = paged(call, rows, call.habits.us_order_rows, (), output="output", width=200)
    if call.mock and not rows:
        keys = {"ctx_area_fk200": "", "ctx_area_nk200": ""}
        reply.body = {**keys, **reply.body, "output": dict.fromkeys(_HISTORY_KEYS, ""), "msg_cd": "KIOK0560",
                      "msg1": "조회할 내용이(자료가) 없습니다"}  # fmt: skip
    return reply


def _history_row(call: Call, order: Order) -> Row:
    product = call.world.market.products[order.code]
    kind = {"order": ("00", ""), "revise": ("01", "정정"), "cancel": ("02", "취소")}[order.kind]
    state = "거부" if order.rejected else "전송" if order.remaining else "완료"
    average = order.amount / order.filled if order.filled else ZERO
    return {
        "ord_dt": ymd(order.local_day or order.day), "ord_gno_brno": order.branch, "odno": odno(call, order.number),
        "orgn_odno": odno(call, order.original) if order.original else "", "sll_buy_dvsn_cd": order.side,
        "sll_buy_dvsn_cd_name": "매수" if order.buys else "매도", "rvse_cncl_dvsn": kind[0],
        "rvse_cncl_dvsn_name": kind[1], "pdno": order.code, "prdt_name": product.name,
        "ft_ord_qty": str(order.quantity), "ft_ord_unpr3": fixed(order.price, 8), "ft_ccld_qty": str(order.filled),
        "ft_ccld_unpr3": fixed(average, 8), "ft_ccld_amt3": fixed(order.amount, 5), "nccs_qty": str(order.remaining),
        "prcs_stat_name": state, "rjct_rson": "1" if order.rejected else "", "rjct_rson_name": order.reason,
        "ord_tmd": hms(order.placed), "tr_mket_name": MARKET_NAMES[product.market], "tr_crcy_cd": "USD",
        "tr_natn": "840", "ovrs_excg_cd": product.market, "tr_natn_name": "미국",
        "dmst_ord_dt": ymd(order.placed.date()), "thco_ord_tmd": hms(order.placed), "loan_type_cd": "10",
        "loan_dt": "", "mdia_dvsn_name": order.channel,
        "usa_amk_exts_rqst_yn": "N", "splt_buy_attr_name": "",
    }  # fmt: skip


_HISTORY_KEYS = (
    "ord_dt", "ord_gno_brno", "odno", "orgn_odno", "sll_buy_dvsn_cd", "sll_buy_dvsn_cd_name", "rvse_cncl_dvsn",
    "rvse_cncl_dvsn_name", "pdno", "prdt_name", "ft_ord_qty", "ft_ord_unpr3", "ft_ccld_qty", "ft_ccld_unpr3",
    "ft_ccld_amt3", "nccs_qty", "prcs_stat_name", "rjct_rson", "rjct_rson_name", "ord_tmd", "tr_mket_name",
    "tr_crcy_cd", "tr_natn", "ovrs_excg_cd", "tr_natn_name", "dmst_ord_dt", "thco_ord_tmd", "loan_type_cd",
    "loan_dt", "mdia_dvsn_name", "usa_amk_exts_rqst_yn", "splt_buy_attr_name",
)  # fmt: skip
