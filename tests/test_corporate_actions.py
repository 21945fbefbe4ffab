"""Corporate actions: what they do to shares, lots, cash and past prices, and that they do it once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit import open_portfolio
from rebalance_kit.errors import HoldingsError
from rebalance_kit.holdings.action_file import read_action_document
from rebalance_kit.holdings.action_prices import adjust_quotes, explained
from rebalance_kit.holdings.corporate_actions import Action, ActionKind, Adjusted, Applied, apply_actions
from rebalance_kit.holdings.model import Cash, Holdings, Lot, Position
from rebalance_kit.money import exact_sum, plain
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import Quote
from rebalance_kit.samples import sample_folder
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Finding
from tests.make import ON, policy

DAY = date(2026, 3, 2)  # of the actions
BEFORE = date(2026, 2, 27)  # of the holdings
DOLLARS = policy("AAA 50, BBB 30, CCC 20", base_currency="USD", exchange="XNYS")
HEADINGS = "date,code,action,new,old,new_code,cash,price,old_price,cost_share\n"


def actions(rows: str, wanted: Policy = DOLLARS) -> tuple[Action, ...]:
    return read_action_document(Document("corporate_actions.csv", (HEADINGS + rows).encode(), HoldingsError), wanted)


def lot(code: str, lot_id: str, quantity: str, cost: str, day: date = date(2024, 5, 1), tax_base: str = "") -> Lot:
    base = Decimal(tax_base) if tax_base else None
    return Lot("main", code, lot_id, day, Decimal(quantity), Decimal(cost), "USD", base)


def held(quantity: str, cost: str | None = None, lots: tuple[Lot, ...] = (), code: str = "AAA") -> Holdings:
    total = None if cost is None else Decimal(cost)
    return Holdings((Position("main", code, Decimal(quantity), "USD", None, total),), lots=lots, as_of=BEFORE)


def after(before: Holdings, rows: str, on: date = ON) -> Adjusted:
    return apply_actions(before, actions(rows), DOLLARS, on)


def only(adjusted: Adjusted) -> Applied:
    (applied,) = adjusted.applied
    return applied


def figures(*values: Decimal | None) -> str:
    return " ".join("-" if value is None else plain(value) for value in values)


def rules(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in found]


# Worked numbers


def test_a_split_keeps_cost_days_and_lots() -> None:
    lots = (lot("AAA", "1", "4", "400.10", tax_base="90"), lot("AAA", "2", "6", "900", date(2025, 5, 1)))
    adjusted = after(held("10", "1300.10", lots), "2026-03-02,AAA,split,10,1\n")
    (position,) = adjusted.holdings.positions
    assert figures(position.quantity, position.cost) == "100 1300.1"
    assert [(t.lot_id, t.date, str(t.quantity), t.cost) for t in adjusted.holdings.lots] == [
        ("1", date(2024, 5, 1), "40", Decimal("400.10")),
        ("2", date(2025, 5, 1), "60", Decimal(900)),
    ]
    assert adjusted.holdings.lots[0].tax_base == 9
    assert only(adjusted).cash == 0
    (said,) = adjusted.holdings.findings
    assert said.message.en == "2026-03-02 10:1 split, account main: 10 AAA → 100 AAA; the total cost stays"


def test_half_a_share_in_cash_gains_seven_thirds() -> None:
    """105 shares at 50, three for two, the half share paid at 38: 19 for what had cost 16.67."""
    adjusted = after(held("105", "5250"), "2026-03-02,AAA,split,3,2,,,38\n")
    assert adjusted.holdings.quantity("AAA") == 157
    assert adjusted.holdings.cash == (Cash("main", "USD", Decimal(19)),)
    done = only(adjusted)
    assert figures(done.cash, done.cost_of_cash, done.cost_after) == "19 16.67 5233.33"
    assert done.cost_of_cash is not None
    assert abs(Fraction(done.cash - done.cost_of_cash) - Fraction(7, 3)) < Fraction(1, 200)  # cents
    assert done.unpaid_fraction == 0


def test_a_reverse_split_leaves_a_fraction() -> None:
    adjusted = after(held("1003", "10030"), "2026-03-02,AAA,reverse_split,1,10,,,95\n")
    done = only(adjusted)
    assert figures(done.after, done.cash, done.cost_of_cash, done.cost_after) == "100 28.5 30 10000"


def test_without_a_price_the_cash_for_a_fraction_is_not_made_up() -> None:
    adjusted = after(held("1003", "10030"), "2026-03-02,AAA,reverse_split,1,10\n")
    assert adjusted.holdings.cash == ()
    assert only(adjusted).unpaid_fraction == Fraction(3, 10)
    assert rules(adjusted.holdings.findings) == [("corporate_action", "info"), ("cash_in_lieu_unknown", "warning")]


def test_the_fraction_comes_out_of_the_oldest_lot() -> None:
    lots = (lot("AAA", "old", "35", "1750"), lot("AAA", "new", "70", "3500", date(2025, 5, 1)))
    adjusted = after(held("105", "5250", lots), "2026-03-02,AAA,split,3,2,,,38\n")
    assert [(t.lot_id, str(t.quantity), str(t.cost)) for t in adjusted.holdings.lots] == [
        ("old", "52", "1733.33"),
        ("new", "105", "3500"),
    ]
    assert adjusted.holdings.positions[0].cost == Decimal("5233.33")


def test_three_for_one_backwards_divides_lots_without_losing_a_share() -> None:
    lots = tuple(lot("AAA", name, "10", "100") for name in "abc")
    adjusted = after(held("30", "300", lots), "2026-03-02,AAA,reverse_split,1,3\n")
    quantities = [t.quantity for t in adjusted.holdings.lots]
    assert exact_sum(quantities) == adjusted.holdings.quantity("AAA") == 10
    assert max(quantities) - min(quantities) <= Decimal("0.00000001")


def test_an_account_of_fractions_keeps_them() -> None:
    fractional = policy("AAA 100", base_currency="USD", exchange="XNYS", accounts={"main": {"fractional": True}})
    adjusted = apply_actions(held("105", "5250"), actions("2026-03-02,AAA,split,3,2,,,38\n"), fractional, ON)
    assert figures(adjusted.holdings.quantity("AAA")) == "157.5"
    assert adjusted.holdings.cash == ()
    assert after(held("10.25"), "2026-03-02,AAA,split,2,1\n").holdings.quantity("AAA") == Decimal("20.5")


def test_a_merger_for_shares_alone_carries_the_cost_over() -> None:
    lots = (lot("AAA", "1", "100", "3000"),)
    adjusted = after(held("100", "3000", lots), "2026-03-02,AAA,merger,1,2,BBB\n")
    (position,) = adjusted.holdings.positions
    assert position.code == "BBB"
    assert figures(position.quantity, position.cost) == "50 3000"
    assert [(t.code, t.lot_id, t.date, t.cost) for t in adjusted.holdings.lots] == [
        ("BBB", "1", date(2024, 5, 1), Decimal(3000))
    ]


@pytest.mark.parametrize(
    ("cost", "leaves"),
    [
        ("1000", "0"),  # gain 1,350: all of the 350 counts
        ("2200", "200"),  # gain 150 counts, 200 of the cost leave with the cash
        ("3000", "350"),  # a loss does not count
    ],
)
def test_a_merger_with_cash_counts_the_gain_up_to_the_cash(cost: str, leaves: str) -> None:
    """100 shares become 50 at 40 and 350 in cash, worth 2,350 together."""
    adjusted = after(held("100", cost), "2026-03-02,AAA,merger,1,2,BBB,3.50,40\n")
    done = only(adjusted)
    assert figures(done.cash, done.cost_of_cash) == f"350 {leaves}"
    assert done.cost_after == Decimal(cost) - Decimal(leaves)


def test_a_merger_for_cash_alone_ends_the_position() -> None:
    lots = (lot("AAA", "1", "100", "3000"),)
    adjusted = after(held("100", "3000", lots), "2026-03-02,AAA,merger,,,,41.25\n")
    assert (adjusted.holdings.positions, adjusted.holdings.lots) == ((), ())
    assert adjusted.holdings.cash == (Cash("main", "USD", Decimal(4125)),)
    assert figures(only(adjusted).cost_of_cash, only(adjusted).cost_after) == "3000 0"


def test_a_spin_off_divides_the_cost_by_market_value() -> None:
    """One CCC at 30 for four AAA that stand at 30 without it: 20 % of the value, 20 % of the cost."""
    lots = (lot("AAA", "1", "100", "5000"), lot("AAA", "2", "300", "15000.01", date(2025, 5, 1)))
    adjusted = after(held("400", "20000.01", lots), "2026-03-02,AAA,spin_off,1,4,CCC,,30,30\n")
    costs = {p.code: figures(p.quantity, p.cost) for p in adjusted.holdings.positions}
    assert costs == {"AAA": "400 16000.01", "CCC": "100 4000"}
    lot_of = {(t.code, t.lot_id): (t.date, figures(t.quantity, t.cost)) for t in adjusted.holdings.lots}
    assert lot_of["CCC", "2"] == (date(2025, 5, 1), "75 3000")
    assert lot_of["AAA", "2"] == (date(2025, 5, 1), "300 12000.01")
    stated = after(held("400", "20000"), "2026-03-02,AAA,spin_off,1,4,CCC,,,,0.25\n")
    assert [p.cost for p in stated.holdings.positions] == [15000, 5000]


def test_a_new_code_takes_everything_with_it_and_joins_what_is_there() -> None:
    lots = (lot("AAA", "1", "10", "100", tax_base="9"), lot("BBB", "1", "5", "60"))
    before = replace(
        held("10", "100", lots), positions=(*held("10", "100").positions, *held("5", "60", (), "BBB").positions)
    )
    adjusted = after(before, "2026-03-02,AAA,code_change,,,BBB\n")
    (position,) = adjusted.holdings.positions
    assert position.code == "BBB"
    assert figures(position.quantity, position.cost) == "15 160"
    assert [(t.code, t.lot_id) for t in adjusted.holdings.lots] == [("BBB", "1"), ("BBB", "1 (AAA)")]
    assert adjusted.holdings.lots[1].tax_base == 9


def test_two_actions_of_a_day_follow_the_file() -> None:
    adjusted = after(held("10", "100"), "2026-03-02,AAA,split,2,1\n2026-03-02,AAA,code_change,,,BBB\n")
    assert adjusted.holdings.quantity("BBB") == 20


# When


def test_holdings_of_the_day_or_later_have_it_already() -> None:
    rows = "2026-03-02,AAA,split,10,1\n"
    for day in (DAY, ON):
        assert after(replace(held("10"), as_of=day), rows).applied == ()
    assert after(held("10"), rows, on=date(2026, 3, 1)).applied == ()
    assert len(after(held("10"), rows, on=DAY).applied) == 1


def test_undated_holdings_of_a_recent_action_are_nobodys_guess() -> None:
    undated = replace(held("10"), as_of=None)
    adjusted = after(undated, "2026-03-02,AAA,split,10,1\n")
    assert adjusted.holdings.quantity("AAA") == 10
    assert rules(adjusted.holdings.findings) == [("undated_holdings", "error")]
    assert after(undated, "2025-03-03,AAA,split,10,1\n").holdings.findings == ()


def test_lots_of_before_the_split_follow_quantities_of_after_it() -> None:
    lots = (lot("AAA", "1", "4", "400"), lot("AAA", "2", "6", "900"))
    for day in (DAY, None):
        adjusted = after(replace(held("100", "1300", lots), as_of=day), "2026-03-02,AAA,split,10,1\n")
        assert adjusted.holdings.quantity("AAA") == 100
        assert [t.quantity for t in adjusted.holdings.lots] == [40, 60]
        assert rules(adjusted.holdings.findings) == [("lots_adjusted", "info")]
    untouched = after(replace(held("90", lots=lots), as_of=DAY), "2026-03-02,AAA,split,10,1\n")
    assert [t.quantity for t in untouched.holdings.lots] == [4, 6]


# Prices


def closes(prices: list[str], source: str = "prices.csv", last: date = ON) -> list[Quote]:
    """One close a day, the last one on `last`, each with a NAV of the same."""
    first = last - timedelta(days=len(prices) - 1)
    days = [first + timedelta(days=i) for i in range(len(prices))]
    return [Quote("AAA", Decimal(p), "USD", day, source, nav=Decimal(p)) for day, p in zip(days, prices, strict=True)]


def test_prices_of_before_a_split_are_put_on_its_terms() -> None:
    adjusted = adjust_quotes(closes(["1000", "1010", "101", "102"]), actions("2026-03-03,AAA,split,10,1\n"), ON)
    assert [q.price for q in adjusted.quotes] == [100, 101, 101, 102]
    assert [q.nav for q in adjusted.quotes] == [100, 101, 101, 102]
    assert rules(adjusted.findings) == [("prices_adjusted", "info")]
    assert "multiplied by 1/10" in adjusted.findings[0].message.en


def test_a_series_that_is_adjusted_already_is_left_alone() -> None:
    split = actions("2026-03-03,AAA,split,10,1\n")
    adjusted = adjust_quotes(
        closes(["100", "101", "101", "102"], "yahoo") + closes(["1000"], "file", BEFORE), split, ON
    )
    assert [q.price for q in adjusted.quotes] == [100, 101, 101, 102, 100]
    assert rules(adjusted.findings) == [("prices_adjusted", "info"), ("prices_already_adjusted", "info")]
    backwards = actions("2026-03-04,AAA,reverse_split,1,10\n")
    assert [q.price for q in adjust_quotes(closes(["10", "101"]), backwards, ON).quotes] == [100, 101]
    assert [q.price for q in adjust_quotes(closes(["100", "101"]), backwards, ON).quotes] == [100, 101]


def test_prices_of_a_later_action_and_after_it_stay() -> None:
    split = actions("2026-03-05,AAA,split,10,1\n")
    assert adjust_quotes(closes(["1000", "1010"]), split, ON).quotes == tuple(closes(["1000", "1010"]))


def test_spin_offs_and_new_codes_change_the_past_too() -> None:
    spun = adjust_quotes(closes(["50", "40"]), actions("2026-03-04,AAA,spin_off,1,4,CCC,,40,40\n"), ON)
    assert [q.price for q in spun.quotes] == [40, 40]
    renamed = adjust_quotes(closes(["50", "40"]), actions("2026-03-04,AAA,code_change,,,AAB\n"), ON)
    assert [q.code for q in renamed.quotes] == ["AAB", "AAA"]


def test_only_jumps_that_nothing_rescales_are_explained() -> None:
    rows = "2026-03-02,AAA,none\n2026-03-02,BBB,merger,,,,5\n2026-03-02,CCC,split,2,1\n"
    assert explained(actions(rows)) == {("AAA", DAY), ("BBB", DAY)}


# The file


def test_korean_headings_and_words() -> None:
    text = (
        "일자,종목코드,구분,신주,구주,단주가격\n2026-03-02,069500,액면분할,10,1,\n2026-03-03,069500,주식병합,1,2,5000\n"
    )
    won = policy("069500 100")
    read = read_action_document(Document("corporate_actions.csv", text.encode("cp949"), HoldingsError), won)
    assert [(a.kind, a.ratio, a.price, a.currency) for a in read] == [
        (ActionKind.SPLIT, 10, None, "KRW"),
        (ActionKind.REVERSE_SPLIT, Fraction(1, 2), 5000, "KRW"),
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",AAA,split,2,1", "line 2, column 'date': '' cannot be the date of this action"),
        ("2026-03-02,AAA,merge,1,2,BBB", "column 'action': 'merge' cannot be"),
        ("2026-03-02,AAA,split,,1", "column 'new': '' cannot be the new of this action; expected a number of shares"),
        ("2026-03-02,AAA,split,2,0", "column 'old': '0' cannot be"),
        ("2026-03-02,AAA,split,1,10", "column 'new': '1' cannot be the new of this action; expected more new shares"),
        ("2026-03-02,AAA,reverse_split,10,1", "expected fewer new shares than old ones"),
        ("2026-03-02,AAA,split,2,1,BBB", "column 'new_code': 'BBB' cannot be"),
        (
            "2026-03-02,AAA,split,2,1,,5",
            "column 'cash': '5' cannot be the cash of this action; expected cash with a merger",
        ),
        ("2026-03-02,AAA,merger", "column 'cash': '' cannot be the cash of this action; expected a new_code or cash"),
        ("2026-03-02,AAA,merger,1,2,BBB,3.50", "column 'price': '' cannot be"),
        ("2026-03-02,AAA,merger,1,2,BBB,-3", "expected an amount that is not negative"),
        ("2026-03-02,AAA,merger,1,2,AAA", "expected the code of another asset"),
        ("2026-03-02,AAA,code_change", "column 'new_code': the code is missing"),
        ("2026-03-02,AAA,spin_off,1,4,CCC", "expected cost_share, or both price and old_price"),
        ("2026-03-02,AAA,spin_off,1,4,CCC,,,,20", r"expected a share from 0 to 1"),
        ("2026-03-02,AAA,split,2,1,,,,,0.2", "expected a share of the cost with a spin-off only"),
        ("2026-03-02,AAA,split,2,1,,,,,,7", "the row has 11 cells"),
        (
            "2026-03-02,AAA,split,2,1\n2026-03-02,AAA,split,3,1",
            "line 3, column 'code': the same action is already in line 2",
        ),
    ],
)
def test_a_bad_row_is_refused_with_its_place(row: str, said: str) -> None:
    with pytest.raises(HoldingsError, match=said) as caught:
        actions(row + "\n")
    assert str(caught.value).startswith("corporate_actions.csv, line ")


# In a portfolio folder


def folder(tmp_path: Path, rows: str, closes_after: str = "") -> Path:
    """The sample with KODEX 200 (40 shares at 40,000 on 2026-03-04), actions, and later closes."""
    place = tmp_path / "growth"
    shutil.copytree(sample_folder() / "growth", place)
    (place / "corporate_actions.csv").write_text(HEADINGS + rows, encoding="utf-8")
    prices = place / "prices.csv"
    prices.write_text(prices.read_text(encoding="utf-8") + closes_after, encoding="utf-8")
    return place


SPLIT = "2026-03-05,069500,split,10,1\n"
AFTER = "2026-03-05,16800,4000,10000,10000,50000,32000,12500\n"


def test_a_split_changes_no_weight(tmp_path: Path) -> None:
    before = open_portfolio(folder(tmp_path, SPLIT), on="2026-03-04").drift()
    late = open_portfolio(tmp_path / "growth", on="2026-03-05").drift()  # no close of the day yet
    (tmp_path / "again").mkdir()
    closed = open_portfolio(folder(tmp_path / "again", SPLIT, AFTER), on="2026-03-05").drift()
    assert figures(before.asset("069500").quantity, late.asset("069500").quantity) == "40 400"
    for drift in (late, closed):
        assert drift.total_value == before.total_value
        assert [a.current_weight for a in drift.assets] == [a.current_weight for a in before.assets]
        assert [f for f in drift.findings if f.severity == "error"] == []


def test_a_split_that_nobody_wrote_down_is_an_error_that_names_it(tmp_path: Path) -> None:
    drift = open_portfolio(folder(tmp_path, "", AFTER), on="2026-03-05").drift()
    (error,) = [f for f in drift.findings if f.severity == "error"]
    assert (error.rule, error.code) == ("looks_like_a_split", "069500")
    assert "10:1" in error.message.en


def test_a_jump_that_is_the_markets_is_said_to_be_so(tmp_path: Path) -> None:
    drift = open_portfolio(folder(tmp_path, "2026-03-05,069500,none\n", AFTER), on="2026-03-05").drift()
    assert [f for f in drift.findings if f.severity == "error"] == []
    assert drift.asset("069500").quantity == 40


def test_the_paper_account_follows_a_split_once(tmp_path: Path) -> None:
    place = folder(tmp_path, "2026-03-05,069500,split,20,1\n", AFTER.replace(",4000,", ",2000,"))
    first = open_portfolio(place, on="2026-03-04")
    plan = first.plan(force=True)
    assert first.run(plan, yes=plan.plan_id).result.status == "SUCCESS"
    for day, shares in (("2026-03-05", 800), ("2026-03-06", 891)):
        opened = open_portfolio(place, on=day)
        assert opened.drift().asset("069500").quantity == shares
        plan = opened.plan(contribute=1_000_000 if shares == 800 else 1_000, force=True)
        done = opened.run(plan, yes=plan.plan_id).result
        assert done.status in ("SUCCESS", "NOT_NEEDED")
    assert open_portfolio(place, on="2026-03-06").drift().asset("069500").quantity == 891


# Invariants

WHOLE = st.integers(1, 5_000)
MONEY = st.integers(0, 10**9).map(lambda cents: Decimal(cents).scaleb(-2))
RATIO = st.tuples(st.integers(1, 50), st.integers(1, 50)).filter(lambda pair: pair[0] != pair[1])


@st.composite
def parcels(draw: st.DrawFn) -> Holdings:
    lots = tuple(
        lot("AAA", str(i), str(draw(WHOLE)), str(draw(MONEY)), date(2020, 1, 1) + timedelta(days=draw(WHOLE)))
        for i in range(draw(st.integers(0, 4)))
    )
    shares = exact_sum(t.quantity for t in lots) if lots else Decimal(draw(WHOLE))
    cost = draw(st.sampled_from([None, exact_sum(t.cost for t in lots) if lots else draw(MONEY)]))
    return held(str(shares), None if cost is None else str(cost), lots)


@st.composite
def any_action(draw: st.DrawFn) -> Action:
    kind = draw(st.sampled_from([k for k in ActionKind if k is not ActionKind.NONE]))
    new, old = draw(RATIO)
    if kind in (ActionKind.SPLIT, ActionKind.REVERSE_SPLIT):
        kind = ActionKind.SPLIT if new > old else ActionKind.REVERSE_SPLIT
    return Action(
        date=DAY,
        code="AAA",
        kind=kind,
        currency="USD",
        new=Decimal(0 if kind is ActionKind.CODE_CHANGE else new) or Decimal(1),
        old=Decimal(1 if kind is ActionKind.CODE_CHANGE else old),
        new_code=None if kind in (ActionKind.SPLIT, ActionKind.REVERSE_SPLIT) else "BBB",
        cash=draw(MONEY) if kind is ActionKind.MERGER else Decimal(0),
        price=draw(MONEY.filter(bool)),
        old_price=draw(MONEY.filter(bool)),
    )


@given(parcels(), any_action())
def test_no_action_makes_or_loses_a_cent_of_cost(before: Holdings, action: Action) -> None:
    adjusted = apply_actions(before, [action], DOLLARS, ON)
    done = only(adjusted)
    cost = before.positions[0].cost
    if cost is None:
        assert done.cost_of_cash is None
    else:
        known = [position.cost for position in adjusted.holdings.positions]
        assert done.cost_of_cash is not None
        assert exact_sum([*(c for c in known if c is not None), done.cost_of_cash]) == cost
    lots = exact_sum(t.cost for t in before.lots)
    assert exact_sum(t.cost for t in adjusted.holdings.lots) <= lots
    for code in ("AAA", "BBB") if before.lots else ():
        assert exact_sum(t.quantity for t in adjusted.holdings.lots if t.code == code) == adjusted.holdings.quantity(
            code
        )
    assert {t.date for t in adjusted.holdings.lots} <= {t.date for t in before.lots}


@given(parcels(), any_action())
def test_nothing_is_applied_twice(before: Holdings, action: Action) -> None:
    once = apply_actions(before, [action], DOLLARS, ON)
    again = apply_actions(once.holdings, [action], DOLLARS, ON)
    assert again.applied == ()
    assert again.holdings == once.holdings


@given(WHOLE, RATIO, st.integers(1, 10**7))
def test_a_split_changes_no_value(shares: int, ratio: tuple[int, int], cents: int) -> None:
    """Shares at the price on the new terms, and the cash for a fraction at that price, are worth what they were."""
    new, old = ratio
    price = Decimal(cents).scaleb(-2)
    kind = ActionKind.SPLIT if new > old else ActionKind.REVERSE_SPLIT
    quoted = Quote("AAA", price, "USD", BEFORE, "prices.csv")
    action = Action(DAY, "AAA", kind, "USD", Decimal(new), Decimal(old))
    (quote,) = adjust_quotes([quoted], [action], ON).quotes
    paid = replace(action, price=quote.price)
    adjusted = apply_actions(held(str(shares)), [paid], DOLLARS, ON).holdings
    worth = Fraction(quote.price) * Fraction(adjusted.quantity("AAA")) + Fraction(adjusted.cash_of("main", "USD"))
    assert abs(worth - shares * Fraction(price)) <= Fraction(1, 100)
