"""Domestic quotes: price, order book, charts, ETF and its net asset value."""

from __future__ import annotations

from decimal import Decimal

from rebalance_kit.brokers.kis.rehearsal.market import Bar, Product
from rebalance_kit.brokers.kis.rehearsal.wire import Call, Reply, Row, fixed, hms, percent, quote_reply, sign, won, ymd

_BLANK_PRICE = ("iscd_stat_cls_code", "stck_prpr", "prdy_vrss", "prdy_vrss_sign", "prdy_ctrt", "acml_vol",
                "stck_mxpr", "stck_llam", "stck_sdpr", "aspr_unit", "temp_stop_yn")  # fmt: skip
CHART_ROWS = 100


def _product(call: Call) -> Product | None:
    return call.world.market.get(call.get("FID_INPUT_ISCD"), domestic=True)


def _change(product: Product) -> Row:
    change = product.price - product.base
    return {"prdy_vrss": won(change), "prdy_vrss_sign": sign(change), "prdy_ctrt": percent(change, product.base)}


def _day(product: Product) -> Row:
    """Open, high and low; zeros while it is halted."""
    shown = (Decimal(0),) * 3 if product.halted else (product.opened, product.high, product.low)
    return dict(zip(("stck_oprc", "stck_hgpr", "stck_lwpr"), map(won, shown), strict=True))


def _range(call: Call, product: Product, prefix: str, high: str, low: str, rate: str) -> Row:
    """The highest and lowest close of the history, and how far the price is from them."""
    bars = [*product.history[-250:], Bar(call.now.date(), product.price)]
    top, bottom = max(bars, key=lambda bar: bar.close), min(bars, key=lambda bar: bar.close)
    return {
        f"{high}": won(top.close), f"{prefix}hgpr_date": ymd(top.day),
        f"{prefix}hgpr_vrss_prpr_{rate}": percent(product.price - top.close, top.close),
        f"{low}": won(bottom.close), f"{prefix}lwpr_date": ymd(bottom.day),
        f"{prefix}lwpr_vrss_prpr_{rate}": percent(product.price - bottom.close, bottom.close),
    }  # fmt: skip


def price(call: Call) -> Reply:
    """GET inquire-price. A code that does not exist answers with zeros."""
    product = _product(call)
    if product is None:
        return quote_reply(output=dict.fromkeys(_BLANK_PRICE, "0"))
    zeros = ("frgn_ntby_qty", "pgtr_ntby_qty", "cpfn", "stck_fcam", "hts_avls", "last_ssts_cntg_qty")
    rates = ("prdy_vrss_vol_rate", "hts_frgn_ehrt", "per", "pbr", "vol_tnrt", "eps", "bps", "whol_loan_rmnd_rate")
    pivots = ("pvt_scnd_dmrs_prc", "pvt_frst_dmrs_prc", "pvt_pont_val", "pvt_frst_dmsp_prc", "pvt_scnd_dmsp_prc",
              "dmrs_val", "dmsp_val")  # fmt: skip
    output = {
        "iscd_stat_cls_code": "58" if product.halted else "55", "marg_rate": "20.00",
        "rprs_mrkt_kor_name": "ETF" if product.kind == "etf" else "KOSPI200", "bstp_kor_isnm": "",
        "temp_stop_yn": "Y" if product.halted else "N", "oprc_rang_cont_yn": "N", "clpr_rang_cont_yn": "N",
        "crdt_able_yn": "Y", "grmn_rate_cls_code": "40", "elw_pblc_yn": "N", "stck_prpr": won(product.price),
        **_change(product), **_day(product), "acml_vol": str(product.volume),
        "acml_tr_pbmn": won(product.price * product.volume), "stck_mxpr": won(product.upper),
        "stck_llam": won(product.lower), "stck_sdpr": won(product.base), "rstc_wdth_prc": won(product.width),
        "wghn_avrg_stck_prc": fixed(product.price, 2), "stck_sspr": won(product.base * 8 / 10),
        "aspr_unit": won(product.tick(product.price)), "hts_deal_qty_unit_val": "1", "lstn_stcn": "180000000",
        "stac_month": "", "ssts_yn": "Y", "stck_shrn_iscd": product.code, "fcam_cnnm": "", "cpfn_cnnm": "",
        "frgn_hldn_qty": "0", "vi_cls_code": "N", "ovtm_vi_cls_code": "N", "invt_caful_yn": "N",
        "mrkt_warn_cls_code": "00", "short_over_yn": "N", "sltr_yn": "N", "mang_issu_cls_code": "N",
        **dict.fromkeys(zeros, "0"), **dict.fromkeys(rates, "0.00"), **dict.fromkeys(pivots, won(product.base)),
        **_range(call, product, "d250_", "d250_hgpr", "d250_lwpr", "rate"),
        **_range(call, product, "dryy_", "stck_dryy_hgpr", "stck_dryy_lwpr", "rate"),
        **_range(call, product, "w52_", "w52_hgpr", "w52_lwpr", "ctrt"),
    }  # fmt: skip
    return quote_reply(output=output)


def order_book(call: Call) -> Reply:
    """GET inquire-asking-price-exp-ccn: ten levels; a price of zero is no level."""
    product = _product(call)
    if product is None:
        return quote_reply(output1={}, output2={})
    book: Row = {"aspr_acpt_hour": hms(call.now)}
    sides = {"askp": list(product.asks()), "bidp": list(product.bids())}
    for name, levels in sides.items():
        for n, (level, _) in enumerate(levels, 1):
            book[f"{name}{n}"] = "0" if product.halted else won(level)
        for n, (_, shares) in enumerate(levels, 1):
            book[f"{name}_rsqn{n}"] = "0" if product.halted else str(shares)
            book[f"{name}_rsqn_icdc{n}"] = "0"
    asks, bids = (sum(shares for _, shares in sides[name]) for name in ("askp", "bidp"))
    book |= {"total_askp_rsqn": str(asks), "total_bidp_rsqn": str(bids), "ntby_aspr_rsqn": str(bids - asks),
             "new_mkop_cls_code": "20"}  # fmt: skip
    book |= dict.fromkeys(("total_askp_rsqn_icdc", "total_bidp_rsqn_icdc", "ovtm_total_askp_icdc",
                           "ovtm_total_bidp_icdc", "ovtm_total_askp_rsqn", "ovtm_total_bidp_rsqn"), "0")  # fmt: skip
    expected = {
        "antc_mkop_cls_code": "112", "stck_prpr": won(product.price), **_day(product),
        "stck_sdpr": won(product.base), "antc_cnpr": "0", "antc_cntg_vrss_sign": "3", "antc_cntg_vrss": "0",
        "antc_cntg_prdy_ctrt": "0.00", "antc_vol": "0", "stck_shrn_iscd": product.code, "vi_cls_code": "N",
    }  # fmt: skip
    return quote_reply(output1=book, output2=expected)


def _bars(call: Call, product: Product) -> list[tuple[Bar, Decimal]]:
    """Bars newest first with the close before each; today's unfinished one while a session has begun."""
    bars = list(product.history)
    today = call.now.date()
    if call.world.days.krx(today) and call.now >= call.world.days.krx_hours(today).opens:
        bars.append(Bar(today, product.price, product.volume))
    before = [bars[0].close, *(bar.close for bar in bars[:-1])] if bars else []
    return list(zip(bars, before, strict=True))[::-1]


def daily_price(call: Call) -> Reply:
    """GET inquire-daily-price: the last thirty days."""
    product = _product(call)
    rows = [_chart_row(bar, before) for bar, before in _bars(call, product)[:30]] if product else []
    return quote_reply(output=rows)


def chart(call: Call) -> Reply:
    """GET inquire-daily-itemchartprice: up to a hundred bars of a window, newest first."""
    product = _product(call)
    if product is None:
        return quote_reply(output1={}, output2=[])
    first, last = call.day("FID_INPUT_DATE_1"), call.day("FID_INPUT_DATE_2")
    rows = [_chart_row(bar, before) for bar, before in _bars(call, product) if first <= bar.day <= last]
    ask, bid = next(product.asks())[0], next(product.bids())[0]
    now = {
        **_change(product), **_day(product), "stck_prdy_clpr": won(product.base), "acml_vol": str(product.volume),
        "acml_tr_pbmn": won(product.price * product.volume), "hts_kor_isnm": product.name,
        "stck_prpr": won(product.price), "stck_shrn_iscd": product.code, "prdy_vol": "0",
        "stck_mxpr": won(product.upper), "stck_llam": won(product.lower), "stck_prdy_oprc": won(product.base),
        "stck_prdy_hgpr": won(product.base), "stck_prdy_lwpr": won(product.base), "askp": won(ask), "bidp": won(bid),
        "prdy_vrss_vol": "0", "vol_tnrt": "0.00", "stck_fcam": "0", "lstn_stcn": "180000000", "cpfn": "0",
        "hts_avls": "0", "per": "0.00", "eps": "0.00", "pbr": "0.00", "itewhol_loan_rmnd_ratem": "0.00",
    }  # fmt: skip
    return quote_reply(output1=now, output2=rows[:CHART_ROWS])


def _chart_row(bar: Bar, before: Decimal) -> Row:
    change = bar.close - before
    return {
        "stck_bsop_date": ymd(bar.day), "stck_clpr": won(bar.close), "stck_oprc": won(before),
        "stck_hgpr": won(max(bar.close, before)), "stck_lwpr": won(min(bar.close, before)),
        "acml_vol": str(bar.volume), "acml_tr_pbmn": won(bar.close * bar.volume), "flng_cls_code": "00",
        "prtt_rate": "0.00", "mod_yn": "N", "prdy_vrss_sign": sign(change), "prdy_vrss": won(change),
        "revl_issu_reas": "",
    }  # fmt: skip


def _nav(product: Product) -> Row:
    nav = product.nav if product.nav is not None else product.price
    return {
        "nav": fixed(nav, 2), "nav_prdy_vrss_sign": sign(nav - product.base),
        "nav_prdy_vrss": fixed(nav - product.base, 2), "nav_prdy_ctrt": percent(nav - product.base, product.base),
    }  # fmt: skip


def etf_price(call: Call) -> Reply:
    """GET etfetn inquire-price: the price, the net asset value and the disparity between them (real only)."""
    product = _product(call)
    if product is None:
        return quote_reply(output=dict.fromkeys(("stck_prpr", "nav", "dprt", "trc_errt"), ""))
    nav = product.nav if product.nav is not None else product.price
    zeros = ("prdy_vol", "etf_frcr_ntas_ttam", "frgn_oder_able_qty", "etf_frcr_crcl_ntas_ttam", "frgn_hldn_qty",
             "lp_hldn_vol", "etf_ntas_ttam", "etf_crcl_ntas_ttam")  # fmt: skip
    rates = ("prdy_clpr_vrss_oprc_rate", "prdy_clpr_vrss_hgpr_rate", "prdy_clpr_vrss_lwpr_rate", "nmix_ctrt",
             "frgn_hldn_qty_rate", "lp_hldn_rate", "etf_frcr_last_ntas_wrth_val")  # fmt: skip
    output = {
        "stck_prpr": won(product.price), **_change(product), "acml_vol": str(product.volume),
        "stck_mxpr": won(product.upper), "stck_llam": won(product.lower), "stck_prdy_clpr": won(product.base),
        **_day(product), **_nav(product), "prdy_last_nav": fixed(product.base, 2), "trc_errt": "0.31",
        "stck_sdpr": won(product.base), "stck_sspr": won(product.base * 8 / 10), "etf_crcl_stcn": "180000000",
        "frgn_limt_rate": "100.00", "etf_cu_unit_scrt_cnt": "50000", "etf_cnfg_issu_cnt": "201",
        "etf_dvdn_cycl": "3", "crcd": "KRW", "lp_oder_able_cls_code": "Y",
        **_range(call, product, "dryy_", "stck_dryy_hgpr", "stck_dryy_lwpr", "rate"), "bstp_kor_isnm": "",
        "vi_cls_code": "N", "lstn_stcn": "180000000", "etf_trc_ert_mltp": fixed(product.multiple, 2),
        "dprt": percent(product.price - nav, nav), "mbcr_name": "가상운용", "stck_lstn_date": "20021014",
        "mtrt_date": "", "shrg_type_code": "", "etf_trgt_nmix_bstp_code": "2001", "etf_div_name": "국내주식",
        "etf_rprs_bstp_kor_isnm": "KOSPI200", **dict.fromkeys(zeros, "0"), **dict.fromkeys(rates, "0.00"),
    }  # fmt: skip
    return quote_reply(output=output)


def etf_components(call: Call) -> Reply:
    """GET inquire-component-stock-price. What is inside is not modelled: the totals, and no rows."""
    product = _product(call)
    if product is None:
        return quote_reply(output1={}, output2=[])
    close = fixed(product.base, 2)
    output1 = {
        "stck_prpr": won(product.price), **_change(product), "etf_cnfg_issu_avls": "0", **_nav(product),
        "etf_ntas_ttam": "0", "prdy_clpr_nav": close, "oprc_nav": close, "hprc_nav": close, "lprc_nav": close,
        "etf_cu_unit_scrt_cnt": "50000", "etf_cnfg_issu_cnt": "0",
    }  # fmt: skip
    return quote_reply(output1=output1, output2=[])


def nav_daily(call: Call) -> Reply:
    """GET nav-comparison-daily-trend: closes beside net asset values (those of the past equal the close)."""
    product = _product(call)
    if product is None:
        return quote_reply(output=[])
    first, last = call.day("FID_INPUT_DATE_1"), call.day("FID_INPUT_DATE_2")
    rows = []
    for bar, before in _bars(call, product):
        if first <= bar.day <= last:
            change = bar.close - before
            rows.append({
                "stck_bsop_date": ymd(bar.day), "stck_clpr": won(bar.close), "prdy_vrss": won(change),
                "prdy_vrss_sign": sign(change), "prdy_ctrt": percent(change, before), "acml_vol": str(bar.volume),
                "cntg_vol": "0", "dprt": "0.00", "nav_vrss_prpr": "0.00", "nav": fixed(bar.close, 2),
                "nav_prdy_vrss_sign": sign(change), "nav_prdy_vrss": fixed(change, 2),
                "nav_prdy_ctrt": percent(change, before),
            })  # fmt: skip
    return quote_reply(output=rows[:CHART_ROWS])
