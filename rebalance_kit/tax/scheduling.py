"""Builds what a planner is told about tax (`tax.schedule`) from the same case and lots that `tax.estimate` uses.

    schedules, shared = tax_schedules(case, "main", codes)

For any sales, whole or in parts of a share, their tax by schedule is that of `estimate` before its roundings (and with
commissions that are not rounded up), unless a wash sale takes part of a loss away (United States): the shares of a
losing lot that lots bought within the last 30 days would replace are told to the planner as sold without a loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from rebalance_kit.costs import cost_rates
from rebalance_kit.holdings.model import Lot
from rebalance_kit.policy.choices import TaxClass
from rebalance_kit.tax.case import OVERSEAS, Case, TaxPosition, tax_position
from rebalance_kit.tax.estimate_korea import KoreanYear, korean_year, tax_base_now
from rebalance_kit.tax.estimate_us import (
    SHELTERED,
    group_of,
    is_collectible,
    realised_so_far,
    taxpayer,
)
from rebalance_kit.tax.korea import progressive_tax, taxable_other_gain, withheld_rate
from rebalance_kit.tax.korea_accounts import DEFERRED
from rebalance_kit.tax.lots import NONE, TaxLot
from rebalance_kit.tax.rules import Reading
from rebalance_kit.tax.schedule import AmericanYear, Hinge, Piece, SharedTax, Sums, TaxSchedule
from rebalance_kit.tax.us import Gains, Taxpayer, is_long_term


def tax_schedules(
    case: Case, account: str, codes: Iterable[str], *, saves: bool = True
) -> tuple[dict[str, TaxSchedule], SharedTax]:
    """The schedule of every code of which a sale in the account may be taxed, and what all sales share.

    A code without a schedule is one on whose sale nothing is ever taxed, or whose cost nobody knows. `saves` False:
    losses offset gains of the same plan only (`SharedTax.saves`). Raises RuleError `no_tax_rule` and `missing_rate`
    as `estimate` does.
    """
    schedules = schedules_of(case, account, codes)
    return schedules, shared_tax(case, case.rules.on(case.on), saves=saves, sold=schedules.values())


def schedules_of(case: Case, account: str, codes: Iterable[str]) -> dict[str, TaxSchedule]:
    """The schedules alone."""
    reading = case.rules.on(case.on)
    made = (schedule_of(case, tax_position(case, account, code), reading) for code in sorted(set(codes)))
    return {schedule.code: schedule for schedule in made if schedule is not None}


def schedule_of(case: Case, position: TaxPosition, reading: Reading) -> TaxSchedule | None:
    """The schedule of one position; None where no sale of it is taxed, or the cost is not known."""
    if not _is_taxed(case, position) or not position.lots:
        return None
    share = Fraction(case.prices.price(position.code)) * Fraction(case.prices.rate(position.currency))
    if case.american:
        pieces = tuple(_american_pieces(case, position, share, reading))
    elif position.tax_class in OVERSEAS:
        pieces = tuple(_overseas_piece(case, position, lot, share, reading) for lot in position.lots)
    else:
        pieces = tuple(_other_piece(case, position, lot, share, reading) for lot in position.lots)
    chosen = case.american and case.policy.tax.lot_method == "specific"
    return TaxSchedule(position.account, position.code, pieces, any_order=chosen)


def shared_tax(
    case: Case, reading: Reading, *, saves: bool = True, sold: Iterable[TaxSchedule] | None = None
) -> SharedTax:
    """What the sales of the year are taxed together, after what the policy says of the year so far. With `sold`, only
    the hinges that selling all of these can reach."""
    if case.american:
        return SharedTax(american=american_year(case, reading, saves=saves), saves=saves)
    year = korean_year(case)
    left = reading.fraction("kr_overseas_deduction") - year.overseas_gain
    overseas = Hinge(reading.fraction("kr_overseas_rate"), left if saves else max(NONE, left))
    if sold is None:
        return SharedTax((overseas,), tuple(income_hinges(year, reading)), saves=saves)
    pieces = [piece for schedule in sold for piece in schedule.pieces]
    gain = sum((piece.shares * piece.gain for piece in pieces if piece.gain > 0), NONE)
    lost = any(piece.gain < 0 for piece in pieces)
    income = sum((piece.shares * piece.income for piece in pieces), NONE)
    hinges = (overseas,) if gain > overseas.above or (lost and overseas.above < 0) else ()
    return SharedTax(hinges, _reached(year, income, reading), saves=saves)


def told_apart(
    schedules: Mapping[str, TaxSchedule], shared: SharedTax, *, alone: bool
) -> tuple[dict[str, TaxSchedule], SharedTax]:
    """The same tax with less that is shared, where all that may be sold gains and nothing was lost before: short and
    long gains then never meet (United States), and each share owes at its own rate. `alone` says that this is so of
    every schedule of the plan (`never_meet`)."""
    year = shared.american
    if year is None or not alone:
        return dict(schedules), shared
    rates = year.short_rate, year.long_rate, year.collectible_rate
    made = {
        code: replace(schedule, pieces=tuple(_on_its_own(piece, *rates) for piece in schedule.pieces))
        for code, schedule in schedules.items()
    }
    return made, replace(shared, american=None)


def never_meet(schedules: Iterable[TaxSchedule], shared: SharedTax) -> bool:
    """Whether no gain of the year can meet a loss, and every rate holds whatever is sold (United States)."""
    year = shared.american
    if year is None or year.taxpayer.income is not None or min(year.before.short, year.before.long) < 0:
        return False
    return all(piece.short >= 0 and piece.long >= 0 for schedule in schedules for piece in schedule.pieces)


def _on_its_own(piece: Piece, short: Fraction, long: Fraction, special: Fraction) -> Piece:
    own = short * piece.short + long * (piece.long - piece.collectible) + special * piece.collectible
    return Piece(piece.lot_id, piece.shares, own=piece.own + own)


def _reached(year: KoreanYear, income: Fraction, reading: Reading) -> tuple[Hinge, ...]:
    """The hinges that `income` more can reach: none, for most people, and then no bracket is looked at."""
    if not income or year.financial_income + income <= reading.fraction("kr_financial_threshold"):
        return ()
    return tuple(hinge for hinge in income_hinges(year, reading) if hinge.above < income)


def _is_taxed(case: Case, position: TaxPosition) -> bool:
    if case.american:
        return position.account_type not in SHELTERED
    return position.account_type not in DEFERRED and position.tax_class is not TaxClass.KR_EQUITY


def _overseas_piece(case: Case, position: TaxPosition, lot: TaxLot, share: Fraction, reading: Reading) -> Piece:
    """Netted over the year, after the commission; of a partnership, a share of the proceeds is withheld besides."""
    withheld = share * reading.fraction("kr_ptp_withholding") if position.tax_class is TaxClass.US_PTP else NONE
    return Piece(lot.lot_id, lot.quantity, own=withheld, gain=_net(case, position, share) - lot.share_cost)


def _other_piece(case: Case, position: TaxPosition, lot: TaxLot, share: Fraction, reading: Reading) -> Piece:
    """Withheld at the sale, fees left out; constant per share by the moving average."""
    now = tax_base_now(case, position.code)
    base_gain = None if now is None or lot.tax_base is None else now - lot.tax_base / lot.quantity
    taxable = taxable_other_gain(share - lot.share_cost, base_gain)
    return Piece(lot.lot_id, lot.quantity, own=taxable * withheld_rate(reading), income=taxable)


def _net(case: Case, position: TaxPosition, share: Fraction) -> Fraction:
    """What a share brings after its commission."""
    return share * (1 - Fraction(cost_rates(case.policy, position.code).commission))


def income_hinges(year: KoreanYear, reading: Reading) -> Iterator[Hinge]:
    """What financial income adds to the year's tax beyond the tax withheld, as hinges on the income added.

    The tax is convex and linear between the threshold, the brackets and the income at which joining the other income
    becomes dearer than 14 % of everything (`korea.financial_income_tax`).
    """
    before, slope = year.financial_income, withheld_rate(reading)
    edges = [edge for edge in _edges(year, reading) if edge > before]
    for low, high in zip((before, *edges), (*edges, (edges or [before])[-1] + 1), strict=True):
        rise = year.financial(reading, high - before) - year.financial(reading, low - before)
        steeper = rise / (high - low) - slope
        if steeper > 0:
            yield Hinge(steeper, low - before)
        slope += steeper


def _edges(year: KoreanYear, reading: Reading) -> list[Fraction]:
    """The financial incomes at which the marginal tax may change, sorted."""
    threshold, rate = reading.fraction("kr_financial_threshold"), reading.fraction("kr_withholding_national")
    brackets, other = reading.brackets("kr_income"), year.other_income

    def dearer(income: Fraction) -> Fraction:
        """How much dearer joining the other income is than 14 % of everything; linear within a bracket."""
        joined = progressive_tax(other + income - threshold, brackets) - progressive_tax(other, brackets)
        return joined - (income - threshold) * rate

    steps = [edge for lower, _ in brackets if (edge := lower + threshold - other) > threshold]
    edges = [threshold, *steps]
    crossings = []
    for low, high in zip(edges, (*edges[1:], edges[-1] + 1), strict=True):
        slope = (dearer(high) - dearer(low)) / (high - low)
        last = low == edges[-1]
        if dearer(low) < 0 and slope > 0 and (last or dearer(high) > 0):
            crossings.append(low - dearer(low) / slope)
    return sorted({*edges, *crossings})


def american_year(case: Case, reading: Reading, *, saves: bool = True) -> AmericanYear:
    """The year's netting before any sale. The marginal rates are those of the gains already made: of a further gain,
    and of a loss when there is none.

    Where losses may not save, a planner is told of no gain that a loss could offset but those of the plan, and of no
    other income.
    """
    who, made = taxpayer(case), realised_so_far(case)
    before = made + Gains(-who.carry_short, -who.carry_long, -who.carry_long)
    year = AmericanYear(
        short_before=before.short if saves else min(NONE, before.short),
        long_before=before.long if saves else min(NONE, before.long),
        short_rate=NONE,
        long_rate=NONE,
        ordinary_rate=NONE,
        loss_limit=reading.fraction(f"us_loss_limit_{who.filing_status}"),
        exact=who.income is None and saves,
        before=before,
        taxpayer=Taxpayer(who.filing_status, who.income),
        reading=reading,
    )
    step = Fraction(1, 1000)
    short, long, special = year.slopes(_gained(before), step)
    ordinary = -year.tax(_gained(before, Gains(short=-step))) / step
    rates = replace(year, short_rate=short, long_rate=long, collectible_rate=special)
    return replace(rates, ordinary_rate=ordinary if saves else NONE)


def _gained(before: Gains, wanted: Gains | None = None) -> Sums:
    """The sums that make the year's gains `wanted`; by default what they are, losses left aside."""
    aim = wanted or Gains(max(NONE, before.short), max(NONE, before.long), max(NONE, before.collectible))
    return Sums(short=aim.short - before.short, long=aim.long - before.long,
                collectible=aim.collectible - before.collectible)  # fmt: skip


def _american_pieces(case: Case, position: TaxPosition, share: Fraction, reading: Reading) -> Iterator[Piece]:
    """Each lot short or long; of a lot at a loss, first the shares whose loss would be washed."""
    net = _net(case, position, share)
    loses = any(net < lot.share_cost for lot in position.lots)
    recent = _recent(case, position.code, reading) if loses else []
    for lot in position.lots:
        gain = net - lot.share_cost
        washed = min(lot.quantity, _replacements(recent, position, lot)) if gain < 0 else NONE
        long = is_long_term(lot.bought, case.on)
        counted = lot.quantity - washed
        if washed:
            yield Piece(lot.lot_id, washed)
        if counted and long:
            special = gain if is_collectible(case, position.code) else NONE
            yield Piece(lot.lot_id, counted, long=gain, collectible=special)
        elif counted:
            yield Piece(lot.lot_id, counted, short=gain)


def _recent(case: Case, code: str, reading: Reading) -> list[Lot]:
    """What was bought of it, or of something identical, in any account within the days of the wash rule."""
    window = timedelta(days=int(reading.value("us_wash_days")))
    near = [lot for lot in case.holdings.lots if abs(case.on - lot.date) <= window]
    group = group_of(case, code) if near else ""
    return [lot for lot in near if group_of(case, lot.code) == group]


def _replacements(recent: Iterable[Lot], position: TaxPosition, lot: TaxLot) -> Fraction:
    """The shares of other lots that could replace shares of a losing lot sold today."""
    own = position.code, lot.lot_id, position.account
    others = (bought for bought in recent if (bought.code, bought.lot_id, bought.account) != own)
    return sum((Fraction(bought.quantity) for bought in others), NONE)
