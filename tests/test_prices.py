"""prices.csv, the price book and realised volatility."""

from __future__ import annotations

import csv
import gzip
import math
import statistics
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.errors import InputError, PriceError, RuleError
from rebalance_kit.money import plain
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.book import price_book
from rebalance_kit.prices.files import PriceFile, read_price_document, read_prices
from rebalance_kit.prices.model import FxRate, PriceBook, Quote
from rebalance_kit.prices.splits import looks_like_a_split
from rebalance_kit.prices.volatility import realised_volatility
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Finding
from tests.make import DOCUMENT_000, ON, policy
from tests.shared_data import shared

TWO = {"VOO": {"currency": "USD", "exchange": "XNYS"}}
POLICY = policy("069500 50, VOO 50", assets=TWO)
LONG = "date,code,price,currency\n"
DAY = date(2026, 3, 3)


def read(text: str, wanted: Policy = POLICY, on: date = ON) -> PriceFile:
    return read_price_document(Document("prices.csv", text.encode(), PriceError), wanted, on)


def quote(code: str, price: str, day: date = ON, *, source: str = "prices.csv", dated: bool = True) -> Quote:
    return Quote(code, Decimal(price), "USD" if code == "VOO" else "KRW", day, source, dated=dated)


def closes(code: str, prices: list[str], last: date = ON) -> list[Quote]:
    """One close a day, the last one on `last`."""
    return [quote(code, price, last - timedelta(days=i)) for i, price in enumerate(reversed(prices))]


def rules(found: tuple[Finding, ...]) -> list[tuple[str, str, str | None]]:
    return [(finding.rule, finding.severity, finding.code) for finding in found]


# The file


def test_long_rows_with_an_exchange_rate() -> None:
    file = read(LONG + "2026-03-03,069500,32000,KRW\n2026-03-04,VOO,$550.25,\n2026-03-04,USD/KRW,1380.5,\n")
    assert file.quotes == (quote("069500", "32000", DAY), quote("VOO", "550.25"))
    assert file.rates == (FxRate("USD", "KRW", Decimal("1380.5"), ON, "prices.csv"),)
    assert file.findings == ()


def test_korean_headings() -> None:
    file = read('일자,종목코드,종목명,종가\n2026.03.04,069500,KODEX 200,"32,000"\n')
    assert file.quotes == (quote("069500", "32000"),)


def test_wide_rows_read_like_long_ones() -> None:
    wide = read("date,069500,VOO,USD/KRW\n2026-03-03,32000,,1380\n2026-03-04,32100,550.25,-\n")
    assert wide.quotes == (quote("069500", "32000", DAY), quote("069500", "32100"), quote("VOO", "550.25"))
    assert wide.rates == (FxRate("USD", "KRW", Decimal(1380), DAY, "prices.csv"),)


def test_a_price_without_a_date_counts_as_of_the_day_asked() -> None:
    file = read("code,price\n069500,32000\nVOO,550\n")
    assert [(q.as_of, q.dated) for q in file.quotes] == [(ON, False), (ON, False)]
    assert [f.message.en for f in file.findings] == ["prices without a date in prices.csv count as of 2026-03-04: 2"]


def test_rows_after_the_day_are_counted_and_not_used() -> None:
    file = read(LONG + "2026-03-04,069500,32000,\n2026-03-05,069500,nonsense,\n2026-03-06,069500,33000,\n")
    assert [q.price for q in file.quotes] == [Decimal(32000)]
    assert [f.message.en for f in file.findings] == ["rows of prices.csv after 2026-03-04 that were not used: 2"]


def test_the_same_price_twice_is_one_price() -> None:
    assert len(read(LONG + "2026-03-04,069500,32000,\n2026-03-04,069500,32000.0,\n").quotes) == 1


def test_a_code_that_looks_like_a_pair_but_is_the_policys() -> None:
    file = read(LONG + "2026-03-04,USD/KRW,5,\n", policy("USD/KRW 100", exchange="XNYS"))
    assert [q.code for q in file.quotes] == ["USD/KRW"]
    assert file.rates == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code\n069500\n", "the headings found are code"),
        (LONG + "2026-03-04,069500,-1,\n", "prices.csv, line 2, column 'price': the price is -1"),
        (LONG + "2026-03-04,069500,,\n", "line 2, column 'price': the number is missing"),
        (LONG + "2026-03-04,069500,n/a,\n", "'n/a' is not a number"),
        (LONG + "2026-03-04,069500,5%,\n", "'5%' is a percentage"),
        (LONG + "2026-03-04,USD/KRW,0,\n", "the price is 0"),
        (LONG + "2026-03-04,USD/KRW,1380,USD\n", "the rate USD/KRW is given in USD"),
        (LONG + "2026-03-04,69500,1,\n", "line 2, column 'code': '69500' is a number"),
        (LONG + "2026-03-04,VOO,1,KRW\n", "line 2, column 'currency': VOO is in KRW"),
        (LONG + "2026-03-04,VOO,₩1,\n", "'₩1' carries the symbol ₩"),
        (LONG + "2026-03-04,VOO,1,XYZ\n", "'XYZ' is not a known currency"),
        (LONG + "04/03/2026,VOO,1,\n", "line 2, column 'date': '04/03/2026' is not a date"),
        (LONG + "2026-03-04,VOO,1\n", "line 2: the row has 3 cells"),
        (LONG + "2026-03-03,VOO,1,\n2026-03-03,VOO,2,\n", "VOO has the price '2' on 2026-03-03, but 1 in line 2"),
        ("date,069500,069500\n2026-03-04,1,2\n", "both mean 069500"),
        ("date,69500\n2026-03-04,1\n", "line 1, column '69500': '69500' is a number"),
        ("date,069500,note\n2026-03-04,1,x\n", "line 1, column 'note': 'note' is not a code"),
        ("date,069500\n2026-03-04,-5\n", "line 2, column '069500': the price is -5"),
        ("date;VOO\n2026-03-04;1,234\n", "'1,234' can be read with a decimal comma or with a decimal point"),
    ],
)
def test_a_bad_price_file_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(PriceError) as caught:
        read(text)
    assert said in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PriceError, match="there is no such file"):
        read_prices(tmp_path / "prices.csv", POLICY, ON)


CODES = ["069500", "VOO", "114260"]
PRICES = st.decimals(Decimal("0.01"), 10**8, places=2)
SERIES = st.dictionaries(st.tuples(st.dates(date(2020, 1, 1), ON), st.sampled_from(CODES)), PRICES, max_size=20)


@given(SERIES)
def test_written_prices_read_back_long_and_wide(series: dict[tuple[date, str], Decimal]) -> None:
    long = LONG + "".join(f"{day},{code},{plain(price)},\n" for (day, code), price in series.items())
    days = sorted({day for day, _ in series})
    rows = [",".join([str(day), *(plain(series[day, c]) if (day, c) in series else "" for c in CODES)]) for day in days]
    wide = "\n".join([",".join(["일자", *CODES]), *rows])
    for text in (long, wide):
        assert {(q.as_of, q.code): q.price for q in read(text).quotes} == series


@given(st.text(alphabet="date,co 069500VUSD/KRW2-3\n\"'#;\t.-%$₩", max_size=80))
def test_any_text_is_prices_or_an_error_of_ours(text: str) -> None:
    for start in ("", LONG, "date,069500\n"):
        with suppress(InputError):
            assert isinstance(read(start + text), PriceFile)


def test_navs_stand_beside_the_prices_long_and_wide() -> None:
    long = read("date,code,price,nav\n2026-03-03,069500,32000,31950.5\n2026-03-04,069500,32100,\n")
    wide = read("date,069500,069500 NAV,VOO\n2026-03-03,32000,31950.5,550\n2026-03-04,32100,,-\n")
    assert [q.nav for q in long.quotes] == [Decimal("31950.5"), None]
    assert [(q.code, q.nav) for q in wide.quotes] == [("069500", Decimal("31950.5")), ("VOO", None), ("069500", None)]


def test_a_long_file_says_who_told_a_price_and_when() -> None:
    file = read(
        "date,code,price,currency,source,fetched_at\n"
        "2026-03-04,069500,32000,KRW,naver,2026-03-04T15:40:00+09:00\n"
        "2026-03-04,USD/KRW,1380.5,KRW,yfinance,2026-03-05T01:00:00Z\n"
        "2026-03-04,VOO,550,,,\n"
    )
    assert [(q.source, q.at) for q in file.quotes] == [
        ("prices.csv (naver)", datetime(2026, 3, 4, 6, 40, tzinfo=UTC)),
        ("prices.csv", None),
    ]
    assert (file.rates[0].source, file.rates[0].at) == ("prices.csv (yfinance)", datetime(2026, 3, 5, 1, tzinfo=UTC))


def test_a_moment_without_its_zone_is_refused() -> None:
    with pytest.raises(PriceError, match=r"line 2, column 'fetched_at': '2026-03-04 15:40' is not a moment"):
        read("date,code,price,fetched_at\n2026-03-04,069500,32000,2026-03-04 15:40\n")


# The book


def test_the_newest_price_not_after_the_day_counts() -> None:
    book = price_book(POLICY, ON, [*closes("069500", ["1", "1.1", "1.2"]), quote("069500", "9", date(2026, 3, 5))])
    assert book.price("069500") == Decimal("1.2")
    assert [q.price for q in book.history["069500"]] == [Decimal("1"), Decimal("1.1"), Decimal("1.2")]
    assert book.findings == ()


def test_prices_csv_wins_if_it_is_not_older() -> None:
    statement = quote("069500", "100", source="holdings.csv", dated=False)
    assert price_book(POLICY, ON, [statement, quote("069500", "101")]).price("069500") == 101
    assert price_book(POLICY, ON, [statement, quote("069500", "101", DAY)]).price("069500") == 100


def test_two_sources_of_one_day_that_differ_by_more_than_one_percent() -> None:
    dated = quote("069500", "100", source="holdings.csv")
    assert price_book(POLICY, ON, [dated, quote("069500", "101")]).findings == ()
    found = price_book(POLICY, ON, [dated, quote("069500", "101.01")]).findings
    assert rules(found) == [("price_disagreement", "error", "069500")]


def test_a_price_of_zero_is_no_price() -> None:
    book = price_book(POLICY, ON, [quote("069500", "100", DAY), quote("069500", "0")])
    assert rules(book.findings) == [("zero_price", "error", "069500")]
    with pytest.raises(RuleError) as caught:
        book.value("069500", Decimal(1))
    assert (caught.value.code, caught.value.exit_code) == ("missing_price", 3)


def test_a_negative_price_and_a_foreign_currency_are_refused() -> None:
    with pytest.raises(PriceError, match="the price of 069500 is -1"):
        price_book(POLICY, ON, [quote("069500", "-1")])
    with pytest.raises(PriceError, match="VOO is in KRW"):
        price_book(POLICY, ON, [Quote("VOO", Decimal(1), "KRW", ON, "prices.csv")])


def aged(days: int, **settings: object) -> PriceBook:
    wanted = policy("069500 100", prices=settings)
    return price_book(wanted, ON, [quote("069500", "100", ON - timedelta(days=days))])


def test_a_price_older_than_the_policy_allows() -> None:
    assert aged(3, max_age=3).findings == ()
    found = aged(4, max_age=3).findings
    assert rules(found) == [("stale_price", "error", "069500")]
    assert found[0].message.en == "the price of 069500 is 4 days old (2026-02-28); the policy allows 3"


def test_a_limit_for_each_code_and_for_everything_else() -> None:
    quotes = [quote("069500", "100", ON - timedelta(days=20)), quote("VOO", "1", ON - timedelta(days=6))]
    rate = FxRate("USD", "KRW", Decimal(1380), ON - timedelta(days=4), "prices.csv")

    def stale(max_age: dict[str, int]) -> list[tuple[str, str, str | None]]:
        wanted = policy("069500 50, VOO 50", assets=TWO, prices={"max_age": max_age})
        return rules(price_book(wanted, ON, quotes, [rate]).findings)

    assert stale({"069500": 20, "default": 6}) == []
    assert stale({"069500": 19, "VOO": 6, "USD/KRW": 3}) == [
        ("stale_price", "error", "069500"),
        ("stale_price", "error", "USD/KRW"),
    ]
    assert stale({"VOO": 5}) == [("stale_price", "error", "VOO"), ("old_prices", "warning", None)]


def test_without_a_limit_one_warning_says_what_is_older_than_a_week() -> None:
    assert aged(7).findings == ()
    found = price_book(
        POLICY,
        ON,
        [quote("069500", "1", ON - timedelta(days=8)), quote("VOO", "1", ON - timedelta(days=42))],
        [FxRate("USD", "KRW", Decimal(1380), ON - timedelta(days=9), "prices.csv")],
    ).findings
    assert rules(found) == [("old_prices", "warning", None)]
    assert found[0].message.en == "prices older than a week: 069500 8 days, VOO 42 days, USD/KRW 9 days"


def test_only_wanted_codes_are_judged() -> None:
    quotes = [quote("069500", "1"), quote("114260", "0", ON - timedelta(days=90))]
    assert price_book(POLICY, ON, quotes, wanted={"069500"}).findings == ()


@pytest.mark.parametrize(
    ("prices", "jumps"), [(["100", "130"], 0), (["100", "130.01"], 1), (["100", "69.99"], 1), (["100", "60"], 1)]
)
def test_a_jump_beyond_thirty_percent_asks_for_a_corporate_action(prices: list[str], jumps: int) -> None:
    found = price_book(POLICY, ON, closes("069500", prices)).findings
    assert rules(found) == [("price_jump", "error", "069500")] * jumps


def test_a_close_long_ago_says_nothing_about_a_jump() -> None:
    quotes = [quote("069500", "100", date(2024, 1, 2)), quote("069500", "300")]
    assert price_book(POLICY, ON, quotes).findings == ()


def test_rates_into_the_base_currency() -> None:
    rates = [FxRate("USD", "KRW", Decimal(rate), day, "prices.csv") for rate, day in (("1390", ON), ("1380", DAY))]
    assert price_book(POLICY, ON, [], rates).rate("USD") == 1390
    dollars = policy("VOO 100", assets=TWO, base_currency="USD", exchange="XNYS")
    turned = price_book(dollars, ON, [], [FxRate("USD", "KRW", Decimal(1250), ON, "prices.csv")])
    assert turned.rate("KRW") == Decimal("0.0008")
    assert turned.rates["KRW"].source == "1 / USD/KRW (prices.csv)"
    with pytest.raises(RuleError, match="no exchange rate for EUR/USD"):
        turned.rate("EUR")


def test_findings_of_the_files_stay_in_the_book() -> None:
    file = read("code,price\n069500,1\n")
    assert price_book(POLICY, ON, file.quotes, findings=file.findings).findings == file.findings


@pytest.mark.parametrize(
    ("before", "after", "ratio"),
    [
        ("1000000", "100000", "10:1"),
        ("100", "1000", "1:10"),
        ("100", "52", "2:1"),
        ("2650000", "53000", "50:1"),
        ("100", "66", "3:2"),
        ("100", "48000", None),
        ("100", "70", None),  # a daily limit of 30 %
        ("100", "143", None),
        ("100", "60", None),
        ("100", "0", None),
    ],
)
def test_changes_that_look_like_a_split(before: str, after: str, ratio: str | None) -> None:
    like = looks_like_a_split(Decimal(before), Decimal(after))
    assert (str(like) if like else None) == ratio


def test_a_newest_price_that_changed_as_a_split_changes_it_blocks_and_names_the_ratio() -> None:
    book = price_book(POLICY, ON, closes("069500", ["1000000", "101000"]))
    assert rules(book.findings) == [("looks_like_a_split", "error", "069500")]
    assert "1000000 (2026-03-03) → 101000 (2026-03-04), as a 10:1 split makes it" in book.findings[0].message.en


def test_a_split_since_the_day_of_the_quantities_stays_flagged() -> None:
    quotes = closes("069500", ["1000000", "100000", *["101000"] * 30])
    assert price_book(POLICY, ON, quotes).findings == ()
    assert price_book(POLICY, ON, quotes, held_as_of=ON - timedelta(days=30)).findings == ()
    found = price_book(POLICY, ON, quotes, held_as_of=ON - timedelta(days=31)).findings
    assert rules(found) == [("looks_like_a_split", "error", "069500")]
    apart = [quote("069500", "1000000", ON - timedelta(days=60)), quote("069500", "100000")]
    found = price_book(POLICY, ON, apart, held_as_of=ON - timedelta(days=60)).findings
    assert rules(found) == [("looks_like_a_split", "error", "069500")]


def test_a_jump_that_somebody_has_explained_is_none() -> None:
    for prices in (["100", "10"], ["100", "60"]):
        quotes = closes("069500", prices)
        assert price_book(POLICY, ON, quotes, explained=[("069500", ON)]).findings == ()
        assert price_book(POLICY, ON, quotes, explained=[("069500", DAY), ("VOO", ON)]).findings != ()


def test_a_price_far_from_the_net_asset_value_says_how_far() -> None:
    def gap(price: str, nav: str, **settings: object) -> list[str]:
        wanted = policy("069500 100", prices=settings)
        dear = Quote("069500", Decimal(price), "KRW", ON, "prices.csv", nav=Decimal(nav))
        return [finding.message.en for finding in price_book(wanted, ON, [dear]).findings]

    assert gap("10300", "10000") == []
    assert gap("10300", "10000", max_nav_gap="0.0299") != []
    (said,) = gap("9600", "10000")
    assert said.startswith("the price of 069500 on 2026-03-04 is 9600, its NAV 10000: a gap of -4.00%, above 3.0%")


def test_real_gaps_between_price_and_nav_are_told() -> None:
    path = shared("korea/kr_etf_raw_daily_2020_2025.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as source:
        rows = [row for row in csv.DictReader(source) if row["date"] == "2020-03-19"]
    text = "date,code,price,nav\n" + "".join(f"{r['date']},{r['ticker']},{r['close']},{r['nav']}\n" for r in rows)
    codes = [row["ticker"] for row in rows]
    share, rest = 100 // len(codes), 100 % len(codes)
    wanted = policy(", ".join(f"{code} {share + (i < rest)}" for i, code in enumerate(codes)))
    on = date(2020, 3, 19)
    found = price_book(wanted, on, read(text, wanted, on).quotes).findings
    apart = {r["ticker"] for r in rows if r["nav"] and abs(float(r["close"]) / float(r["nav"]) - 1) > 0.03}
    assert {finding.code for finding in found if finding.rule == "nav_gap"} == apart


@given(st.permutations([*closes("069500", ["5", "6", "7"]), *closes("VOO", ["1", "1.1"])]))
def test_the_order_of_rows_does_not_matter(quotes: list[Quote]) -> None:
    assert price_book(POLICY, ON, quotes) == price_book(
        POLICY, ON, closes("069500", ["5", "6", "7"]) + closes("VOO", ["1", "1.1"])
    )


# Volatility


def test_a_price_that_only_grows_at_one_rate_has_no_volatility() -> None:
    book = price_book(POLICY, ON, closes("069500", [str(2**i) for i in range(25)]))
    volatility = realised_volatility(book, {"069500": Decimal(3)}, 60)
    assert volatility is not None
    assert volatility < Decimal("1e-20")


def test_a_price_that_swings_between_two_values() -> None:
    """Returns of +ln 2 and -ln 2 in turn: mean 0, sample variance n/(n-1) ln(2)^2."""
    book = price_book(POLICY, ON, closes("069500", ["1", "2"] * 15 + ["1"]))
    volatility = realised_volatility(book, {"069500": Decimal(1)}, 30)
    assert volatility is not None
    assert math.isclose(volatility, math.log(2) * math.sqrt(30 / 29) * math.sqrt(252), rel_tol=1e-14)


@pytest.mark.parametrize(
    ("count", "window", "known"), [(21, 60, True), (20, 60, False), (6, 5, True), (5, 5, False), (0, 60, False)]
)
def test_too_few_returns_are_no_volatility(count: int, window: int, known: bool) -> None:
    book = price_book(POLICY, ON, closes("069500", [str(100 + i % 3) for i in range(count)]))
    assert (realised_volatility(book, {"069500": Decimal(1)}, window) is not None) == known


def test_only_days_on_which_every_held_code_has_a_close_count() -> None:
    quotes = closes("069500", [str(100 + i % 3) for i in range(40)]) + closes("114260", ["5"] * 10)
    book = price_book(POLICY, ON, quotes)
    assert realised_volatility(book, {"069500": Decimal(1), "114260": Decimal(1)}, 60) is None
    assert realised_volatility(book, {"069500": Decimal(1), "114260": Decimal(0)}, 60) is not None
    assert realised_volatility(book, {}, 60) is None


@given(st.lists(st.integers(50, 200), min_size=21, max_size=80), st.integers(20, 60))
def test_volatility_agrees_with_binary_arithmetic(prices: list[int], window: int) -> None:
    book = price_book(POLICY, ON, closes("069500", [str(price) for price in prices]))
    volatility = realised_volatility(book, {"069500": Decimal(7)}, window)
    assert volatility is not None
    returns = [math.log(now / before) for before, now in pairwise(prices)][-window:]
    assert math.isclose(volatility, statistics.stdev(returns) * math.sqrt(252), rel_tol=1e-9, abs_tol=1e-12)


# Real closes


def test_real_closes_of_seven_funds_survive_prices_csv(tmp_path: Path) -> None:
    """Document 000's policy with funds whose closes are known: written as prices.csv and read back exactly."""
    wanted = policy(DOCUMENT_000.replace("305080", "148070").replace("273130", "114260").replace("319640", "411060"))
    codes = {asset.code for asset in wanted.assets}
    with gzip.open(shared("korea/kr_etf_raw_daily_2020_2025.csv.gz"), "rt", encoding="utf-8") as source:
        real = {(row["date"], row["ticker"]): row["close"] for row in csv.DictReader(source) if row["ticker"] in codes}
    lines = [f"{day},{code},{close},KRW" for (day, code), close in sorted(real.items())]
    (tmp_path / "prices.csv").write_text("\n".join(["date,code,price,currency", *lines]), encoding="utf-8")
    on = date(2025, 12, 15)
    file = read_prices(tmp_path / "prices.csv", wanted, on)
    assert {q.code for q in file.quotes} == codes
    usable = {key: Decimal(close) for key, close in real.items() if key[0] <= str(on)}
    assert {(str(q.as_of), q.code): q.price for q in file.quotes} == usable
    book = price_book(wanted, on, file.quotes)
    assert {code: str(book.quotes[code].as_of) for code in codes} == dict.fromkeys(codes, "2025-12-15")
    assert [f for f in book.findings if f.severity != "info"] == []
    volatility = realised_volatility(book, dict.fromkeys(codes, Decimal(10)), 60)
    assert volatility is not None
    assert Decimal("0.05") < volatility < Decimal("0.6")
