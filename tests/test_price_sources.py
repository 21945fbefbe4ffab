"""Prices from the web: frames of the libraries' own shapes in, exact closes as traded out, kept and merged.

The network is never asked: the libraries' functions are replaced by doubles that answer with frames of the shapes that
yfinance 1.7 and FinanceDataReader 0.9.202 return.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit import open_portfolio
from rebalance_kit.cli import main
from rebalance_kit.errors import KitError, PriceError, UsageError
from rebalance_kit.policy.model import Policy
from rebalance_kit.portfolio import Portfolio, pricing
from rebalance_kit.portfolio.pricing import update_prices
from rebalance_kit.prices.cache import CachedSource
from rebalance_kit.prices.files import PriceFile, read_price_document
from rebalance_kit.prices.instruments import Instrument, instruments
from rebalance_kit.prices.merging import COLUMNS, merge_prices
from rebalance_kit.prices.model import FxRate, Quote
from rebalance_kit.prices.source_fdr import FinanceDataReader
from rebalance_kit.prices.source_yfinance import YFinance
from rebalance_kit.prices.sources import (
    Fetched,
    PriceSource,
    Span,
    exact,
    exact_rate,
    has_ended,
    library,
    patiently,
)
from rebalance_kit.samples import sample_folder
from rebalance_kit.textfile.document import Document
from tests.make import ON, policy

NIGHT = datetime(2026, 3, 4, 22, 0, tzinfo=UTC)  # both exchanges have closed
DAYS = [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)]
SPAN = Span(DAYS[0], DAYS[-1], NIGHT)
MIXED = policy("069500 50, VOO 50", assets={"VOO": {"currency": "USD", "exchange": "XNYS"}})
VOO = Instrument("VOO", "Vanguard", "XNYS", "USD", "us_listed")
KODEX = Instrument("069500", "KODEX 200", "XKRX", "KRW", "krx_etf")
NAN = float("nan")


def yahoo_frame(
    closes: Mapping[str, Sequence[float]], splits: Mapping[str, Sequence[float]] | None = None
) -> pd.DataFrame:
    """What `yfinance.download` returns for several symbols: columns (Price, Ticker), an index of days without zone."""
    columns = {("Close", name): list(prices) for name, prices in closes.items()}
    columns |= {("Adj Close", name): [price * 0.9 for price in prices] for name, prices in closes.items()}
    columns |= {("Stock Splits", name): list(ratios) for name, ratios in (splits or {}).items()}
    frame = pd.DataFrame(columns, index=pd.DatetimeIndex(DAYS, name="Date"))
    frame.columns = pd.MultiIndex.from_tuples(list(columns), names=["Price", "Ticker"])
    return frame.sort_index(axis=1)


def naver_frame(closes: Sequence[float]) -> pd.DataFrame:
    """What `FinanceDataReader.DataReader` returns for one Korean code."""
    data = {"Open": closes, "High": closes, "Low": closes, "Close": closes, "Volume": [1] * len(closes)}
    return pd.DataFrame(data, index=pd.DatetimeIndex(DAYS[: len(closes)], name="Date"))


def yfinance(frame: pd.DataFrame, asked: list[tuple[list[str], date, date]] | None = None) -> YFinance:
    def download(symbols: list[str], start: date, after: date) -> pd.DataFrame:
        if asked is not None:
            asked.append((symbols, start, after))
        return frame

    return YFinance(download)


def prices(fetched: Fetched) -> list[tuple[str, str, str]]:
    return [(quote.code, str(quote.as_of), str(quote.price)) for quote in sorted(fetched.quotes, key=lambda q: q.as_of)]


# Yahoo


def test_yahoos_numbers_become_exact_closes_with_source_and_moment() -> None:
    told = yfinance(yahoo_frame({"VOO": [428.57000732421875, 430.0, 431.125]})).closes([VOO], SPAN)
    assert prices(told) == [
        ("VOO", "2026-03-02", "428.57"),
        ("VOO", "2026-03-03", "430"),
        ("VOO", "2026-03-04", "431.125"),
    ]
    newest = max(told.quotes, key=lambda quote: quote.as_of)
    assert (newest.source, newest.at, newest.currency, newest.name) == ("yfinance", NIGHT, "USD", "Vanguard")
    assert told.missing == ()


def test_closes_before_a_split_are_turned_back_into_what_was_traded() -> None:
    frame = yahoo_frame({"VOO": [50.055, 50.2, 50.3]}, {"VOO": [0.0, 2.0, 0.0]})
    assert [price for _, _, price in prices(yfinance(frame).closes([VOO], SPAN))] == ["100.11", "50.2", "50.3"]
    backwards = yahoo_frame({"VOO": [30.0, 30.3, 30.6]}, {"VOO": [0.0, 0.0, 0.3333333]})
    assert [price for _, _, price in prices(yfinance(backwards).closes([VOO], SPAN))] == ["10", "10.1", "30.6"]


def test_yahoo_is_asked_up_to_now_so_that_no_later_split_is_missed() -> None:
    asked: list[tuple[list[str], date, date]] = []
    early = replace(SPAN, end=DAYS[1])
    told = yfinance(yahoo_frame({"VOO": [100.0, 101.0, 10.2]}, {"VOO": [0.0, 0.0, 0.1]}), asked).closes([VOO], early)
    assert asked == [(["VOO"], DAYS[0], date(2026, 3, 5))]
    assert [price for _, _, price in prices(told)] == ["10", "10.1"]


def test_a_session_that_still_runs_has_no_close() -> None:
    morning = replace(SPAN, now=datetime(2026, 3, 4, 15, 0, tzinfo=UTC))
    told = yfinance(yahoo_frame({"VOO": [1.0, 2.0, 3.0]})).closes([VOO], morning)
    assert [day for _, day, _ in prices(told)] == ["2026-03-02", "2026-03-03"]
    assert not has_ended("XNYS", ON, datetime(2026, 3, 4, 20, 59, tzinfo=UTC))
    assert has_ended("XNYS", ON, datetime(2026, 3, 4, 21, 0, tzinfo=UTC))
    assert has_ended("XKRX", ON, datetime(2026, 3, 4, 6, 30, tzinfo=UTC))


def test_what_yahoo_does_not_know_is_missing_and_nothing_at_all_is_a_failure() -> None:
    berkshire = Instrument("BRK.B", "Berkshire", "XNYS", "USD", "us_listed")
    told = yfinance(yahoo_frame({"VOO": [1.0, NAN, 0.0], "BRK-B": [NAN, NAN, NAN]})).closes([VOO, berkshire], SPAN)
    assert (prices(told), told.missing) == ([("VOO", "2026-03-02", "1")], ("BRK.B",))
    assert prices(yfinance(yahoo_frame({"BRK-B": [1.0, 1.0, 1.0]})).closes([berkshire], SPAN))[0][0] == "BRK.B"
    with pytest.raises(KitError, match="yfinance: no prices came") as caught:
        yfinance(pd.DataFrame()).closes([VOO], SPAN)
    assert (caught.value.code, caught.value.exit_code) == ("source_failed", 1)


def test_rates_of_days_that_are_over() -> None:
    frame = yahoo_frame({"KRW=X": [1380.5, 1381.239990234375, 1390.0], "EURKRW=X": [1600.0, NAN, NAN]})
    told = yfinance(frame).rates([("USD", "KRW"), ("EUR", "KRW"), ("JPY", "KRW")], SPAN)
    assert [(rate.pair, str(rate.rate), rate.as_of.day) for rate in told.rates] == [
        ("USD/KRW", "1380.5", 2),
        ("USD/KRW", "1381.24", 3),
        ("EUR/KRW", "1600", 2),
    ]
    assert (told.rates[0].source, told.rates[0].at, told.missing) == ("yfinance", NIGHT, ("JPY/KRW",))


# FinanceDataReader


def test_navers_closes() -> None:
    def read(name: str, start: date, end: date) -> pd.DataFrame:
        return {"069500": naver_frame([33050, 33150, 33200])}.get(name, pd.DataFrame())

    other = replace(KODEX, code="0000D0")
    told = FinanceDataReader(read=read).closes([KODEX, other], SPAN)
    assert [price for _, _, price in prices(told)] == ["33050", "33150", "33200"]
    assert (told.quotes[0].source, told.quotes[0].at, told.missing) == ("FinanceDataReader", NIGHT, ("0000D0",))
    noon = replace(SPAN, now=datetime(2026, 3, 4, 3, 0, tzinfo=UTC))
    assert len(FinanceDataReader(read=read).closes([KODEX], noon).quotes) == 2


def test_recorded_splits_turn_navers_closes_back() -> None:
    source = FinanceDataReader({"069500": [(DAYS[1], Fraction(10))]}, lambda *_: naver_frame([3305, 3315, 3320]))
    assert [price for _, _, price in prices(source.closes([KODEX], SPAN))] == ["33050", "3315", "3320"]


def test_rates_by_the_korean_reader() -> None:
    source = FinanceDataReader(
        read=lambda name, *_: naver_frame([1380.5, NAN]) if name == "USD/KRW" else pd.DataFrame()
    )
    told = source.rates([("USD", "KRW"), ("EUR", "KRW")], SPAN)
    assert [(rate.pair, str(rate.rate)) for rate in told.rates] == [("USD/KRW", "1380.5")]
    assert told.missing == ("EUR/KRW",)


def test_the_library_itself_against_a_double_of_the_network(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("FinanceDataReader")
    import requests

    class Reply:
        text = '<item data="20260302|1|1|1|33050|9" /><item data="20260303|1|1|1|33150|9" />'

    def get(url: str, **_: object) -> Reply:
        if url.endswith("0000D0"):
            Reply.text = ""
        return Reply()

    monkeypatch.setattr(requests, "get", get)
    told = FinanceDataReader().closes([KODEX, replace(KODEX, code="0000D0")], SPAN)
    assert [price for _, _, price in prices(told)] == ["33050", "33150"]
    assert told.missing == ("0000D0",)
    assert capsys.readouterr().out == ""  # the library's own complaints must not reach --json


# Patience


def failing(times: int, error: Exception) -> tuple[Callable[[], str], list[int]]:
    tries: list[int] = []

    def ask() -> str:
        tries.append(1)
        if len(tries) <= times:
            raise error
        return "told"

    return ask, tries


def test_a_failure_of_the_network_is_asked_again_and_nothing_else_is() -> None:
    stamina = pytest.importorskip("stamina")
    with stamina.set_testing(True, attempts=3):
        ask, tries = failing(2, ConnectionError("reset"))
        assert patiently("web", ask) == "told"
        assert len(tries) == 3
        ask, tries = failing(3, TimeoutError("slow"))
        with pytest.raises(KitError, match=r"web: no prices came \(TimeoutError: slow\)"):
            patiently("web", ask)
        ask, tries = failing(1, ValueError("nonsense\nwith lines"))
        with pytest.raises(KitError, match="ValueError: nonsense with lines"):
            patiently("web", ask)
        assert len(tries) == 1


def test_a_library_that_is_not_installed_says_what_to_install() -> None:
    with pytest.raises(UsageError) as caught:
        library("no_such_library_here")
    assert (caught.value.code, caught.value.exit_code) == ("extra_missing", 2)
    assert 'pip install "rebalance-kit[market]"' in str(caught.value)


@pytest.mark.parametrize(
    ("number", "currency", "price"),
    [
        (33050.0, "KRW", "33050"),
        (428.57000732421875, "USD", "428.57"),
        (0.00004, "USD", None),
        (0.0, "USD", None),
        (-1.0, "USD", None),
        (NAN, "USD", None),
        (float("inf"), "KRW", None),
        (1e15, "KRW", "1000000000000000"),
    ],
)
def test_binary_numbers_become_prices(number: float, currency: str, price: str | None) -> None:
    made = exact(number, currency)
    assert (None if made is None else str(made)) == price


@given(st.decimals(min_value="0.01", max_value="9999999", places=2))
def test_every_price_in_cents_survives_a_binary_number(price: Decimal) -> None:
    assert exact(float(price), "USD") == price


def test_small_rates_keep_their_digits() -> None:
    assert exact_rate(0.000724638) == Decimal("0.000724638")
    assert exact_rate(1381.239990234375) == Decimal("1381.24")
    assert exact_rate(NAN) is exact_rate(0.0) is None


# The cache


@dataclass
class Counting:
    """A source that counts what it is asked."""

    name: str = "double"
    asked: list[str] = field(default_factory=list)

    def serves(self, instrument: Instrument) -> bool:
        return True

    def closes(self, wanted: Sequence[Instrument], span: Span) -> Fetched:
        self.asked += [one.code for one in wanted]
        days = [span.start + timedelta(days=i) for i in range((span.end - span.start).days + 1)]
        quotes = [
            Quote(o.code, Decimal(day.day), o.currency, day, self.name, o.name, at=span.now)
            for o in wanted
            for day in days
        ]
        return Fetched(
            tuple(q for q in quotes if q.code != "NONE"), missing=tuple(o.code for o in wanted if o.code == "NONE")
        )

    def rates(self, pairs: Sequence[tuple[str, str]], span: Span) -> Fetched:
        self.asked += ["/".join(pair) for pair in pairs]
        return Fetched((), tuple(FxRate(*pair, Decimal("1380.5"), span.end, self.name, span.now) for pair in pairs))


def test_what_was_asked_is_not_asked_again(tmp_path: Path) -> None:
    behind = Counting()
    cached = CachedSource(behind, tmp_path / "cache" / "prices.sqlite")
    none = replace(VOO, code="NONE")
    first = cached.closes([VOO, none], SPAN)
    again = CachedSource(behind, tmp_path / "cache" / "prices.sqlite").closes([VOO, none], replace(SPAN, start=DAYS[1]))
    assert behind.asked == ["VOO", "NONE"]
    assert again.quotes == first.quotes[1:]
    assert again.missing == first.missing == ("NONE",)
    assert cached.rates([("USD", "KRW")], SPAN).rates == cached.rates([("USD", "KRW")], SPAN).rates
    assert behind.asked == ["VOO", "NONE", "USD/KRW"]


def test_more_days_or_a_day_that_was_not_over_are_asked_again(tmp_path: Path) -> None:
    behind = Counting()
    cached = CachedSource(behind, tmp_path / "prices.sqlite")
    cached.closes([VOO], SPAN)
    cached.closes([VOO], replace(SPAN, now=NIGHT + timedelta(hours=5)))
    assert len(behind.asked) == 1
    cached.closes([VOO], replace(SPAN, now=NIGHT + timedelta(hours=7)))  # the first asked on the last day itself
    assert len(behind.asked) == 2
    cached.closes([VOO], replace(SPAN, now=NIGHT + timedelta(days=30)))  # the second asked the day after
    assert len(behind.asked) == 2
    cached.closes([VOO], replace(SPAN, start=date(2026, 3, 1), now=NIGHT + timedelta(days=30)))
    assert len(behind.asked) == 3


# Into prices.csv


def document(text: str) -> Document:
    return Document("prices.csv", text.encode(), PriceError)


def fetched_quote(code: str, price: str, day: date = ON) -> Quote:
    return Quote(code, Decimal(price), "USD" if code == "VOO" else "KRW", day, "web", at=NIGHT)


def read(data: bytes | None, wanted: Policy = MIXED) -> PriceFile:
    assert data is not None
    return read_price_document(Document("prices.csv", data, PriceError), wanted, date(2030, 1, 1))


def test_a_first_file_says_everything() -> None:
    rate = FxRate("USD", "KRW", Decimal("1380.5"), ON, "web", NIGHT)
    merged = merge_prices(
        None, MIXED, [fetched_quote("VOO", "550.25"), fetched_quote("069500", "33050", DAYS[0])], [rate]
    )
    assert merged.data is not None
    assert merged.data.decode() == (
        "date,code,price,currency,nav,source,fetched_at\n"
        "2026-03-02,069500,33050,KRW,,web,2026-03-04T22:00:00+00:00\n"
        "2026-03-04,USD/KRW,1380.5,KRW,,web,2026-03-04T22:00:00+00:00\n"
        "2026-03-04,VOO,550.25,USD,,web,2026-03-04T22:00:00+00:00\n"
    )


def test_rows_cells_and_comments_that_are_there_stay() -> None:
    before = '# mine\ndate,code,price,currency,note\n2026-03-03,069500,"₩33,000",KRW,"typed, by hand"\n,VOO,550,USD,\n'
    merged = merge_prices(document(before), MIXED, [fetched_quote("069500", "33050")], [])
    assert merged.data is not None
    lines = merged.data.decode().splitlines()
    assert lines[0] == "# mine"
    rows = list(csv.DictReader(io.StringIO("\n".join(lines[1:]))))
    assert list(rows[0]) == [*COLUMNS, "note"]
    assert [row["note"] for row in rows] == ["typed, by hand", "", ""]
    assert [(row["date"], row["code"], row["price"]) for row in rows] == [
        ("2026-03-03", "069500", "33000"),
        ("", "VOO", "550"),
        ("2026-03-04", "069500", "33050"),
    ]


def test_a_wide_file_becomes_a_long_one_with_every_price() -> None:
    before = "date,069500,069500 NAV,VOO,USD/KRW\n2026-03-02,33000,32990.5,550,1380\n2026-03-03,,,551,\n"
    merged = merge_prices(document(before), MIXED, [fetched_quote("069500", "33050", DAYS[1])], [])
    old, new = read_price_document(document(before), MIXED, ON), read(merged.data)
    assert new.rates == old.rates
    assert set(old.quotes) < set(new.quotes)
    assert {(q.code, str(q.as_of), q.source) for q in new.quotes} - {
        (q.code, str(q.as_of), q.source) for q in old.quotes
    } == {("069500", "2026-03-03", "prices.csv (web)")}


def test_a_price_that_is_there_wins_and_the_difference_is_told() -> None:
    before = "date,code,price\n2026-03-02,069500,33000\n2026-03-03,069500,33000\n"
    told = [fetched_quote("069500", "33010", DAYS[0]), fetched_quote("069500", "33500", DAYS[1])]
    merged = merge_prices(document(before), MIXED, told, [])
    assert (merged.data, merged.already) == (None, 2)
    (finding,) = merged.findings
    assert (finding.rule, finding.severity, finding.code) == ("price_disagreement", "warning", "069500")
    assert "on 1 days: 2026-03-03 33000 / 33500 (1.52%)" in finding.message.en


def test_a_source_that_restates_the_past_by_a_split_is_an_error() -> None:
    before = "date,code,price\n2026-03-02,069500,33000\n2026-03-03,069500,33100\n"
    told = [fetched_quote("069500", price, day) for price, day in zip(("3300", "3310", "3320"), DAYS, strict=True)]
    (finding,) = merge_prices(document(before), MIXED, told, []).findings
    assert (finding.rule, finding.severity) == ("looks_like_a_split", "error")
    assert "as after a 10:1 split" in finding.message.en


def test_a_file_that_cannot_be_read_is_not_written_over() -> None:
    with pytest.raises(PriceError):
        merge_prices(document("date,code,price\n2026-03-02,069500,x\n"), MIXED, [fetched_quote("069500", "1")], [])


PRICE = st.decimals(min_value="0.01", max_value="99999", places=2)
CODE_AND_DAY = st.tuples(st.sampled_from(["069500", "VOO"]), st.integers(0, 20))


@given(st.dictionaries(CODE_AND_DAY, PRICE, min_size=1), st.dictionaries(CODE_AND_DAY, PRICE), st.booleans())
def test_nothing_that_was_there_is_lost_and_nothing_is_added_twice(
    there: dict[tuple[str, int], Decimal], told: dict[tuple[str, int], Decimal], wide: bool
) -> None:
    days = sorted({day for _, day in there})
    if wide:
        rows = [
            [str(DAYS[0] + timedelta(days=d)), *(str(there.get((c, d), "")) for c in ("069500", "VOO"))] for d in days
        ]
        text = "date,069500,VOO\n" + "\n".join(",".join(row) for row in rows)
    else:
        text = "date,code,price\n" + "\n".join(f"{DAYS[0] + timedelta(days=d)},{c},{p}" for (c, d), p in there.items())
    quotes = [fetched_quote(code, str(price), DAYS[0] + timedelta(days=day)) for (code, day), price in told.items()]
    merged = merge_prices(document(text), MIXED, quotes, [])
    after = {(q.code, (q.as_of - DAYS[0]).days): q.price for q in read(merged.data or text.encode()).quotes}
    assert after == told | there
    again = merge_prices(Document("prices.csv", merged.data or text.encode(), PriceError), MIXED, quotes, [])
    assert again.data is None


# A portfolio


def portfolio(tmp_path: Path, sample: str = "us") -> Portfolio:
    shutil.copytree(sample_folder() / sample, tmp_path / sample)
    return open_portfolio(tmp_path / sample, on="2026-03-06")


def test_a_dry_run_shows_and_writes_nothing(tmp_path: Path) -> None:
    opened, source = portfolio(tmp_path), Counting()
    before = (tmp_path / "us" / "prices.csv").read_bytes()
    update = update_prices(opened, sources=[source], now=NIGHT + timedelta(days=3))
    assert (tmp_path / "us" / "prices.csv").read_bytes() == before
    assert (update.written, update.start) == (False, date(2026, 2, 22))
    assert source.asked == ["069500", "VOO", "TLT", "GLD", "USD/KRW"]
    last = {code.code: code.last for code in update.codes}
    assert last == dict.fromkeys(["069500", "VOO", "TLT", "GLD", "USD/KRW"], date(2026, 3, 6))
    assert update.table().loc["VOO", "source"] == "double"
    assert "written" in update.to_dict()


def test_written_prices_are_what_drift_then_uses_with_their_source_and_time(tmp_path: Path) -> None:
    opened = portfolio(tmp_path)
    moment = NIGHT + timedelta(days=3)
    old = {(q.code, q.as_of): q.price for closes in opened.prices.history.values() for q in closes}
    update = update_prices(opened, sources=[Counting()], write=True, now=moment)
    assert update.written
    again = open_portfolio(tmp_path / "us", on="2026-03-06")
    assert again.prices.price("VOO") == 6
    assert (
        old.items() <= {(q.code, q.as_of): q.price for closes in again.prices.history.values() for q in closes}.items()
    )
    (rate,) = json.loads(json.dumps(again.drift().to_dict()))["fx"]
    assert rate == {
        "pair": "USD/KRW",
        "rate": "1380.5",
        "as_of": "2026-03-06",
        "source": "prices.csv (double)",
        "fetched_at": moment.isoformat(),
    }
    assert update_prices(again, sources=[Counting()], write=True, now=moment).added == 0


def test_every_result_that_used_a_rate_shows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class OnlyRates(Counting):
        def closes(self, wanted: Sequence[Instrument], span: Span) -> Fetched:
            return Fetched(missing=tuple(one.code for one in wanted))

    update_prices(portfolio(tmp_path), sources=[OnlyRates()], write=True, now=NIGHT + timedelta(days=3))
    shown = "USD/KRW 1380.5  |  2026-03-06  |  prices.csv (double), 2026-03-07T22:00+00:00"
    again = open_portfolio(tmp_path / "us", on="2026-03-06")
    for result in (again.drift(), again.plan(force=True), again.cash_rules(1_000_000)):
        assert shown in result._repr_html_()
        assert result.to_dict()["fx"] == [rate.to_dict() for rate in again.drift().fx]
    for words in (["drift"], ["plan", "--force"], ["cash", "1000000"]):
        command, *rest = words
        assert main([command, str(tmp_path / "us"), *rest, "--on", "2026-03-06"]) == 0
        assert shown in " ".join(capsys.readouterr().out.split("\n"))


def test_proxies_are_fetched_and_unknown_exchanges_are_told(tmp_path: Path) -> None:
    opened = portfolio(tmp_path)
    settings = opened.policy.prices.model_copy(update={"proxy": {"069500": "102110", "VOO": "SPY"}})
    opened = replace(opened, policy=opened.policy.model_copy(update={"prices": settings}))
    source = Counting()
    update_prices(opened, sources=[source], now=NIGHT)
    assert source.asked == ["069500", "VOO", "TLT", "GLD", "102110", "SPY", "USD/KRW"]
    korean: PriceSource = FinanceDataReader(
        read=lambda name, *_: naver_frame([1.0]) if name != "069500" else pd.DataFrame()
    )
    found = update_prices(opened, sources=[korean], now=NIGHT).findings
    assert [(finding.rule, finding.code) for finding in found] == [("no_web_price", "069500"), ("not_served", None)]
    assert "VOO, TLT, GLD, SPY" in found[1].message.en


def test_a_file_that_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    opened = portfolio(tmp_path)
    path = tmp_path / "us" / "prices.csv"

    class Meddling(Counting):
        def closes(self, wanted: Sequence[Instrument], span: Span) -> Fetched:
            path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
            return super().closes(wanted, span)

    with pytest.raises(PriceError, match="the file was changed while prices were fetched"):
        update_prices(opened, sources=[Meddling()], write=True, now=NIGHT)


def test_the_command_shows_a_summary_and_writes_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    portfolio(tmp_path)
    monkeypatch.setattr(pricing, "_sources", lambda *_: (Counting(),))
    folder = str(tmp_path / "us")
    assert main(["prices", folder, "--on", "2026-03-06"]) == 0
    said = capsys.readouterr().out
    assert "Nothing is written; add --write to keep them." in said
    assert "USD/KRW" in said
    assert main(["prices", folder, "--on", "2026-03-06", "--from", "2026-03-05", "--write", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["written"], told["added"], told["from"]) == (True, 9, "2026-03-05")
    assert main(["prices", folder, "--on", "2026-03-06", "--language", "ko"]) == 0
    assert "아직 쓰지 않았습니다" in capsys.readouterr().out


def test_the_command_refuses_a_source_that_nobody_knows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    portfolio(tmp_path)
    assert main(["prices", str(tmp_path / "us"), "--source", "bloomberg", "--on", "2026-03-06"]) == 2
    assert "expected one of auto, yfinance, FinanceDataReader" in capsys.readouterr().err


def test_every_asset_of_the_samples_is_served_by_one_of_the_sources() -> None:
    sources = (YFinance(), FinanceDataReader())
    for name in ("growth", "us"):
        for one in open_portfolio(sample_folder() / name, on="2026-03-04").instruments:
            assert sum(source.serves(one) for source in sources) == 1
    assert instruments(MIXED, {})["VOO"].exchange == "XNYS"
