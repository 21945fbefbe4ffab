"""Domestic reference data: open days, distributions announced and paid, product facts."""

from __future__ import annotations

from datetime import date, timedelta

from rebalance_kit.brokers.kis.rehearsal.quotes import price
from rebalance_kit.brokers.kis.rehearsal.wire import Call, Reply, Row, inquiry, paged, quote_reply, won, ymd

HOLIDAY_ROWS = 24
_BLANK = " "


def holidays(call: Call) -> Reply:
    """GET chk-holiday: 24 days from the base date, or from the cursor."""
    following = call.get("CTX_AREA_NK")
    goes_on = call.headers.get("tr_cont", "").strip() == "N" and following.isdigit()
    base = call.day("CTX_AREA_NK" if goes_on else "BASS_DT")
    days = [base + timedelta(days=n) for n in range(HOLIDAY_ROWS)]
    reply = inquiry(call, "KIOK0500", output=[_open_day(call, day) for day in days])
    cursor = {"ctx_area_nk": ymd(base + timedelta(days=HOLIDAY_ROWS)).ljust(20), "ctx_area_fk": ymd(base).ljust(20)}
    reply.body = {**cursor, **reply.body}
    reply.tr_cont = "M" if goes_on else "F"
    return reply


def _open_day(call: Call, day: date) -> Row:
    opened = "Y" if call.world.days.krx(day) else "N"
    saturday = "Y" if day.weekday() == 5 else opened  # a Saturday can be a trading day that does not open
    return {
        "bass_dt": ymd(day), "wday_dvsn_cd": f"{(day.weekday() + 1) % 7 + 1:02d}", "bzdy_yn": opened,
        "tr_day_yn": saturday, "opnd_yn": opened, "sttl_day_yn": opened,
    }  # fmt: skip


def dividends(call: Call) -> Reply:
    """GET ksdinfo dividend: by record date."""
    first, last = call.day("F_DT"), call.day("T_DT")
    rows = [
        {
            "record_date": ymd(d.record), "sht_cd": product.code, "isin_name": product.name, "divi_kind": "분배",
            "face_val": "0", "per_sto_divi_amt": won(d.amount), "divi_rate": "0.00", "stk_divi_rate": "0.00",
            "divi_pay_dt": f"{d.paid:%Y/%m/%d}", "stk_div_pay_dt": "", "odd_pay_dt": "", "stk_kind": "수익증권",
            "high_divi_gb": "",
        }
        for product in call.world.market.products.values()
        for d in product.dividends
        if product.domestic and first <= d.record <= last and call.get("SHT_CD") in ("", product.code)
    ]  # fmt: skip
    return quote_reply(output1=rows)


def rights(call: Call) -> Reply:
    """GET period-rights: what was paid to this account."""
    first, last = call.day("INQR_STRT_DT"), call.day("INQR_END_DT")
    rows = []
    for paid in call.account.paid:
        if first <= paid.record <= last and call.get("PDNO") in ("", paid.code):
            isin = f"KR7{paid.code}007"
            rows.append({
                "acno10": call.account.number + call.account.product, "rght_type_cd": "32",
                "bass_dt": ymd(paid.record), "rght_cblc_type_cd": "01", "rptt_pdno": isin, "pdno": isin,
                "prdt_type_cd": "300", "shtn_pdno": paid.code,
                "prdt_name": call.world.market.products[paid.code].name, "cblc_qty": str(paid.quantity),
                "last_alct_qty": "0", "excs_alct_qty": "0", "tot_alct_qty": "0", "last_ftsk_qty": "0.0000000000",
                "last_alct_amt": won(paid.amount), "last_ftsk_chgs": "0", "rdpt_prca": "0", "dlay_int_amt": "0",
                "lstg_dt": "", "sbsc_end_dt": "", "cash_dfrm_dt": ymd(paid.paid), "rqst_qty": "0", "rqst_amt": "0",
                "rqst_dt": "", "rfnd_dt": "", "rfnd_amt": "0", "lstg_stqt": "0", "tax_amt": won(paid.tax),
                "sbsc_unpr": "0",
            })  # fmt: skip
    reply = paged(call, rows, 50, (), output="output")
    reply.body["ctx_area_fk100"] = _BLANK * 100
    return reply


def stock_info(call: Call) -> Reply:
    """GET search-stock-info: what kind of thing a code is."""
    product = call.world.market.get(call.get("PDNO"), domestic=True)
    if product is None:
        return inquiry(call, "KIOK0560", output={})
    output = {
        "pdno": product.code.rjust(12, "0"), "prdt_type_cd": "300", "mket_id_cd": "STK",
        "scty_grp_id_cd": "EF" if product.kind == "etf" else "ST", "etf_dvsn_cd": "1" if product.kind == "etf" else "0",
        "prdt_name": product.name, "prdt_abrv_name": product.name, "std_pdno": f"KR7{product.code}007",
        "tr_stop_yn": "Y" if product.halted else "N", "admn_item_yn": "N", "lstg_stqt": "180000000",
        "cptt_trad_tr_psbl_yn": "N", "nxt_tr_stop_yn": "N",
    }  # fmt: skip
    return inquiry(call, output=output)


def many_prices(call: Call) -> Reply:
    """GET intstock-multprice: up to thirty codes, the price row of each."""
    rows = []
    for n in range(1, 31):
        code = call.get(f"FID_INPUT_ISCD_{n}")
        if code:
            call.fields["FID_INPUT_ISCD"] = code
            rows.append(price(call).body["output"])
    return quote_reply(output=rows)


def nothing(call: Call) -> Reply:
    """A service whose fields are not published here: it answers that there is nothing."""
    return inquiry(call, "KIOK0560", output1=[], output2={})


def not_now(call: Call) -> Reply:
    """Reservation and daytime orders: not in their window."""
    reply = inquiry(call)
    reply.body = {"rt_cd": "1", "msg_cd": "APBK2938", "msg1": "예약주문 가능시간이 아닙니다."}
    return reply
