"""Random tiny problems with tax, exchanges and parts of shares, to be compared with brute force."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from random import Random

from rebalance_kit.planner.problem import Asset, Terms
from rebalance_kit.tax.rules import RuleBook
from rebalance_kit.tax.schedule import AmericanYear, Hinge, Piece, SharedTax, TaxSchedule
from rebalance_kit.tax.us import Gains, Taxpayer

UNITS = {"KRW": Fraction(1), "USD": Fraction(1, 100), "JPY": Fraction(1)}
RATES = {"USD": Fraction(14), "JPY": Fraction(9, 10)}
KINDS = ("plain", "own", "korea", "income", "american", "brackets", "exchange", "exchange3", "korea+exchange", "units")

AMERICAN = ("american", "brackets")

Case = tuple[tuple[Asset, ...], Terms]


def taxed_case(seed: int, kind: str) -> Case:
    """One problem of 1-4 assets; the same for the same seed and kind."""
    mix = Random(f"{kind} {seed}")
    abroad = ("USD", "JPY") if kind == "exchange3" else ("USD",) if "exchange" in kind else ()
    american = kind in AMERICAN
    base = "USD" if american else "KRW"
    buys, sells = mix.choice([(True, True), (True, True), (True, True), (True, False), (False, True)])
    fees = Fraction(mix.choice(["0", "0", "15/100000", "1/100"])), Fraction(mix.choice(["0", "1/1000", "3/100"]))
    unit = Fraction(mix.choice(["1/2", "1/10", "1/4"])) if kind == "units" else Fraction(1)
    assets = []
    for code in mix.sample("ABCD", mix.randint(1, 3 if abroad or american else 4)):
        currency = mix.choice(("KRW", *abroad)) if abroad else base
        price = _price(mix, currency) / unit
        held = mix.randint(0, 5)
        low = mix.choice([None, None, None, mix.randint(0, 60)])
        assets.append(
            Asset(
                code,
                currency,
                held,
                Fraction(mix.choice([0, 0, 0, 1]) if held else 0, 4),
                price,
                RATES[currency] if currency != base else Fraction(1),
                Fraction(mix.randint(0, 200), mix.choice([1, 1, 3])),
                *fees,
                None if low is None else Fraction(low),
                None if low is None else Fraction(low + mix.randint(0, 80)),
                buys and mix.random() < 0.9,
                sells and mix.random() < 0.9,
                _schedule(mix, kind, code, held, unit, price)
                if kind not in ("plain", "exchange", "exchange3")
                else None,
                unit,
            )
        )
    return tuple(assets), _terms(mix, kind, base, abroad)


def _price(mix: Random, currency: str) -> Fraction:
    if currency == "USD":
        return Fraction(mix.randint(100, 500), 100) if RATES["USD"] > 1 else Fraction(0)
    return Fraction(mix.randint(4, 60))


def _terms(mix: Random, kind: str, base: str, abroad: tuple[str, ...]) -> Terms:
    available = {base: Fraction(mix.randint(-20, 120))}
    for currency in abroad:
        available[currency] = Fraction(mix.randint(-2, 8 if currency == "USD" else 100))
    return Terms(
        base,
        UNITS,
        available,
        Fraction(mix.randint(100, 400)),
        Fraction(mix.choice([0, 0, 10, 25])),
        mix.choice([False, False, True]),
        Fraction(mix.choice([0, 0, 1]), 10),
        Fraction(mix.choice([0, 0, 3])),
        shared=_shared(mix, kind),
        tax_weight=Fraction(0) if kind in ("plain", "exchange", "exchange3") else Fraction(mix.choice([1, 1, 1, 2]), 2),
        spread=Fraction(mix.choice(["0", "1/1000", "1/100", "1/10"])) if abroad else None,
        rates={currency: RATES[currency] for currency in abroad},
    )


def _shared(mix: Random, kind: str) -> SharedTax | None:
    def hinges(most: int) -> tuple[Hinge, ...]:
        rate = [Fraction(mix.choice([22, 50, 10]), 100) for _ in range(mix.randint(1, most))]
        return tuple(Hinge(each, Fraction(mix.randint(-10, 60))) for each in rate)

    if kind == "american":
        rates = [Fraction(37, 100), Fraction(mix.choice([15, 20]), 100), Fraction(mix.choice([37, 30, 24]), 100)]
        before = Fraction(mix.randint(-40, 40)), Fraction(mix.randint(-40, 40))
        return SharedTax(
            american=AmericanYear(*before, rates[0], rates[1], rates[2], Fraction(mix.choice([5, 30, 3000])))
        )
    if kind == "brackets":
        return SharedTax(american=_bracketed(mix), saves=mix.random() < 0.7)
    if kind.startswith("korea") or kind == "units":
        return SharedTax(gain=hinges(1))
    if kind == "income":
        return SharedTax(gain=hinges(1), income=hinges(3))
    return None


def _bracketed(mix: Random) -> AmericanYear:
    """A year whose income lies next to where a rate changes, with rates that hold only roughly."""
    reading = RuleBook().on(date(2026, 6, 1))
    steps = [lower for rule in ("us_ordinary_single", "us_long_single") for lower, _ in reading.brackets(rule)]
    income = mix.choice([*steps, reading.fraction("us_niit_threshold_single")]) + mix.randint(-80, 80)
    before = Gains(Fraction(mix.randint(-40, 40)), Fraction(mix.randint(-40, 40)), Fraction(mix.choice([0, 0, 20])))
    short, long = Fraction(mix.choice([12, 22, 35]), 100), Fraction(mix.choice([0, 15, 20]), 100)
    limit = reading.fraction("us_loss_limit_single")
    who = Taxpayer("single", max(Fraction(0), income))
    return AmericanYear(before.short, before.long, short, long, short, limit, exact=False, before=before,
                        taxpayer=who, reading=reading)  # fmt: skip


def _schedule(mix: Random, kind: str, code: str, held: int, unit: Fraction, price: Fraction) -> TaxSchedule | None:
    if mix.random() < 0.15 or not held:
        return None
    left, pieces = held * unit, list[Piece]()
    while left > 0 and len(pieces) < 3:
        shares = min(left, unit * mix.randint(1, 4))
        left -= shares
        gain = price * Fraction(mix.randint(-60, 90), 100)
        place = mix.choice(["short", "long"])
        special = kind == "brackets" and mix.random() < 0.2
        own = max(Fraction(0), gain) * Fraction(154, 1000) if kind in ("own", "income") and mix.random() < 0.7 else 0
        pieces.append(
            Piece(
                f"{code}{len(pieces)}",
                shares,
                own=Fraction(own),
                gain=gain if kind not in (*AMERICAN, "own") else Fraction(0),
                income=max(Fraction(0), gain) if kind == "income" else Fraction(0),
                short=gain if kind in AMERICAN and place == "short" else Fraction(0),
                long=gain if kind in AMERICAN and place == "long" else Fraction(0),
                collectible=gain if kind == "brackets" and place == "long" and special else Fraction(0),
            )
        )
    return TaxSchedule("main", code, tuple(pieces), any_order=kind in AMERICAN or mix.random() < 0.2)
