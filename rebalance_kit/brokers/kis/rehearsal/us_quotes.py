"""US quotes. A wrong exchange code answers with success and blanks."""

from __future__ import annotations

from decimal import Decimal

from rebalance_kit.brokers.kis.rehearsal.market import US_MARKETS, Bar, Product
from rebalance_kit.brokers.kis.rehearsal.wire import Call, Reply, Row, fixed, percent, quote_reply, sign, won, ymd

_PRICE_KEYS = ("zdiv", "base", "pvol", "last", "sign", "diff", "rate", "tvol", "tamt", "ordy")
BARS = 100


def _product(call: Call) -> Product | None:
    found = call.world.market.get(call.get("SYMB"), domestic=False)
    return found if found is not None and US_MARKETS[found.market] == call.get("EXCD") else None


def _symbol(call: Call) -> str:
    return f"D{call.get('EXCD')}{call.get('SYMB')}"


def _signed(part: Decimal, whole: Decimal) -> str:
    text = percent(part, whole)
    return f"+{text}" if part > 0 else text


def price(call: Call) -> Reply:
    """GET overseas price."""
    product = _product(call)
    if product is None:
        return quote_reply(output={"rsym": _symbol(call), **dict.fromkeys(_PRICE_KEYS, "")})
    change = product.price - product.base
    output = {
        "rsym": _symbol(call), "zdiv": "4", "base": fixed(product.base, 4), "pvol": "2210450",
        "last": fixed(product.price, 4), "sign": sign(change), "diff": fixed(abs(change), 4),
        "rate": _signed(change, product.base), "tvol": str(product.volume),
        "tamt": won(product.price * product.volume), "ordy": "매매 가능",
    }  # fmt: skip
    return quote_reply(output=output)


def detail(call: Call) -> Reply:
    """GET price-detail (real only): with the won rate and the tick."""
    product = _product(call)
    if product is None:
        return quote_reply(output={"rsym": _symbol(call), "last": "", "base": "", "t_rate": "", "e_hogau": ""})
    rate, change = call.world.market.rate, product.price - product.base
    bars = [*product.history[-250:], Bar(call.now.date(), product.price)]
    top, bottom = max(bars, key=lambda bar: bar.close), min(bars, key=lambda bar: bar.close)
    output = {
        "rsym": _symbol(call), "pvol": "2210450", "open": fixed(product.opened, 4), "high": fixed(product.high, 4),
        "low": fixed(product.low, 4), "last": fixed(product.price, 4), "base": fixed(product.base, 4), "tomv": "0",
        "pamt": "0", "uplp": "0.0000", "dnlp": "0.0000", "h52p": fixed(top.close, 4), "h52d": ymd(top.day),
        "l52p": fixed(bottom.close, 4), "l52d": ymd(bottom.day), "perx": "0.00", "pbrx": "0.00", "epsx": "0.00",
        "bpsx": "0.00", "shar": "0", "mcap": "0", "curr": "USD", "zdiv": "4", "vnit": "1",
        "t_xprc": won(product.price * rate), "t_xdif": won(abs(change) * rate), "t_xrat": _signed(change, product.base),
        "p_xprc": won(product.base * rate), "p_xdif": "0", "p_xrat": "0.00", "t_rate": fixed(rate, 2),
        "p_rate": fixed(rate, 2), "t_xsgn": sign(change), "p_xsng": "3", "e_ordyn": "매매 가능",
        "e_hogau": fixed(product.tick(product.price), 4), "e_icod": "", "e_parp": "0.0000",
        "tvol": str(product.volume), "tamt": won(product.price * product.volume),
        "etyp_nm": "ETF" if product.kind == "etf" else "",
    }  # fmt: skip
    return quote_reply(output=output)


def daily(call: Call) -> Reply:
    """GET dailyprice: a hundred bars up to BYMD, newest first."""
    product = _product(call)
    if product is None:
        return quote_reply(output1={"rsym": _symbol(call), "zdiv": "", "nrec": ""}, output2=[])
    bars, today = list(product.history), call.world.days.us_day(call.now)
    if not bars or bars[-1].day < today:
        bars.append(Bar(today, product.price, product.volume))
    last = call.day("BYMD")
    rows = [_bar(bar, before) for before, bar in zip([bars[0], *bars[:-1]], bars, strict=True) if bar.day <= last]
    rows = rows[::-1][:BARS]
    return quote_reply(output1={"rsym": _symbol(call), "zdiv": "4", "nrec": str(len(rows))}, output2=rows)


def _bar(bar: Bar, before: Bar) -> Row:
    change = bar.close - before.close
    return {
        "xymd": ymd(bar.day), "clos": fixed(bar.close, 4), "sign": sign(change), "diff": fixed(abs(change), 4),
        "rate": _signed(change, before.close), "open": fixed(before.close, 4),
        "high": fixed(max(bar.close, before.close), 4), "low": fixed(min(bar.close, before.close), 4),
        "tvol": str(bar.volume), "tamt": won(bar.close * bar.volume), "pbid": fixed(bar.close - Decimal("0.01"), 4),
        "vbid": "100", "pask": fixed(bar.close, 4), "vask": "200",
    }  # fmt: skip


def exchange_rate(call: Call) -> Reply:
    """GET inquire-daily-chartprice for FX@KRW: today's won for a dollar."""
    rate = fixed(call.world.market.rate, 2)
    row = {"stck_bsop_date": ymd(call.now.date()), "ovrs_nmix_prpr": rate, "ovrs_nmix_oprc": rate,
           "ovrs_nmix_hgpr": rate, "ovrs_nmix_lwpr": rate, "acml_vol": "0", "mod_yn": "N"}  # fmt: skip
    known = call.get("FID_INPUT_ISCD") == "FX@KRW"
    return quote_reply(output1={"ovrs_nmix_prpr": rate} if known else {}, output2=[row] if known else [])
