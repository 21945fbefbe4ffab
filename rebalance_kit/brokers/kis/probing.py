"""What the documentation of the service leaves open, measured on a mock account.

Eight assumptions stand behind "no order is ever sent twice"; each measurement says whether it held here, and with which
figures. Orders are for one share each at the day's lower limit, so that none trades, and are cancelled afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from rebalance_kit.brokers.base import Answer, Mode
from rebalance_kit.brokers.kis import domestic
from rebalance_kit.brokers.kis.client import Client, Sent
from rebalance_kit.brokers.kis.clock import KST
from rebalance_kit.brokers.kis.codes import Kind
from rebalance_kit.brokers.kis.envelope import Body, Fields, all_rows
from rebalance_kit.brokers.kis.rows import Live, number_of
from rebalance_kit.brokers.kis.table import Call
from rebalance_kit.errors import KitError, UsageError
from rebalance_kit.money import ZERO, exact_sum, plain
from rebalance_kit.orders import Side
from rebalance_kit.sessions import previous_session, session_hours
from rebalance_kit.words import Text, same

LOOK_EVERY = 0.5  # seconds between two looks at the list, beside the distance that calls keep anyway
LOOK_FOR = 30.0
HISTORY = timedelta(days=80)


@dataclass(frozen=True, slots=True)
class Measured:
    """One assumption: whether it held (None: nothing could be measured now), and the figures."""

    name: str
    asks: str
    holds: bool | None
    figures: str


@dataclass
class Probe:
    """Measurements on one account. `monotonic` and `sleep` are those that the client lives by."""

    client: Client
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    code: str = "069500"
    orders: int = 10
    _made: list[Live] = field(default_factory=list)
    _at: Decimal | None = None

    def run(self) -> Iterator[Measured]:
        """Every measurement: those that order come first, those that read what was ordered after them, and what was
        ordered is cancelled. UsageError for an account with real money in it."""
        if self.client.mode is not Mode.MOCK:
            raise _not_mock()
        try:
            for measure in (self.a8, self.a7, self.a2, self.a4, self.a3, self.a1, self.a5, self.a6):
                try:
                    yield measure()
                except KitError as error:
                    name = measure.__name__.upper()
                    yield Measured(name, _ASKS[name], None, str(error))
        finally:
            self._cancel_all()

    def a1(self) -> Measured:
        """Which field of the list tells orders of a program from those of a person."""
        rows = tuple(all_rows(self._list(self._today() - HISTORY, self._today()), "output1"))
        said = Counter((row.text("ordr_empno") or "-", "address" if row.text("inqr_ip_addr") else "-") for row in rows)
        shown = ", ".join(f"{who}/{address}: {count}" for (who, address), count in said.most_common())
        return self._measured("A1", True if len(said) > 1 else None, f"ordr_empno/inqr_ip_addr {shown or 'no orders'}")

    def a2(self) -> Measured:
        """How long after its answer an order shows in the list."""
        lags = []
        for _ in range(self.orders):
            sent = self._buy()
            if sent.answer is Answer.ACCEPTED:
                lags.append(self._seen_after(number_of(sent.output.text("ODNO"))))
        seen = sorted(lag for lag in lags if lag is not None)
        if not seen:
            return self._measured("A2", None, f"{len(lags)} orders were accepted, none of them shows")
        median, most, late = seen[len(seen) // 2], seen[-1], seen[(len(seen) * 99) // 100]
        figures = (
            f"p50 {median:.1f} s, p99 {late:.1f} s, max {most:.1f} s of {len(seen)}; {len(lags) - len(seen)} unseen"
        )
        return self._measured("A2", len(seen) == len(lags), figures)

    def a3(self) -> Measured:
        """Whether a number is one order's, for each date and branch."""
        rows = all_rows(self._list(self._today() - HISTORY, self._today()), "output1")
        keys = Counter((row.text("ord_dt"), row.text("ord_gno_brno"), number_of(row.text("odno"))) for row in rows)
        days = Counter((day, number) for day, _, number in keys)
        twice = sum(count > 1 for count in keys.values())
        shared = sum(count > 1 for count in days.values())
        figures = f"{len(keys)} orders, {twice} numbers twice, {shared} numbers in two branches of a day"
        return self._measured("A3", None if not keys else twice == 0, figures)

    def a4(self) -> Measured:
        """Whether an order that the gateway throttled is at the broker all the same."""
        before = self._numbers()
        answers = Counter(self._buy_at_once().answer for _ in range(self.orders))
        self.sleep(LOOK_FOR)
        more = len(self._numbers() - before)
        throttled = answers[Answer.NOT_SENT]
        figures = f"{throttled} throttled, {answers[Answer.ACCEPTED]} accepted, {more} new in the list"
        return self._measured("A4", None if not throttled else more == answers[Answer.ACCEPTED], figures)

    def a5(self) -> Measured:
        """Whether an order of the day appears after the close."""
        now = self.client.clock.now()
        day = previous_session("XKRX", self._today())
        closes = session_hours("XKRX", day).closes
        if now < closes:
            return self._measured("A5", None, f"the exchange is open until {closes:%H:%M}; run it again afterwards")
        rows = tuple(all_rows(self._list(day, day), "output1"))
        late = [row for row in rows if row.text("ord_tmd").zfill(6) > f"{closes:%H%M%S}"]
        left = sum(row.whole("rmn_qty") > 0 for row in rows)
        return self._measured(
            "A5", not late, f"{len(rows)} orders of {day}, {len(late)} after the close, {left} with rest"
        )

    def a6(self) -> Measured:
        """What the list's total of ordered shares counts: asked once there are cancellations in it."""
        self._cancel_all()
        self.sleep(LOOK_FOR / 3)
        pages = self._list(self._today() - HISTORY, self._today())
        rows, totals = tuple(all_rows(pages, "output1")), pages[0].one("output2")
        stated = totals.whole("tot_ord_qty")
        sums = {
            "every row": _ordered(rows),
            "without cancellations": _ordered(row for row in rows if row.text("cncl_yn").upper() != "Y"),
            "originals alone": _ordered(row for row in rows if not number_of(row.text("orgn_odno"))),
            "the first page alone": _ordered(pages[0].rows("output1")),
        }
        shown = ", ".join(f"{name} {count}" for name, count in sums.items())
        holds = None if not rows else stated == sums["every row"]
        return self._measured("A6", holds, f"stated {stated} on {len(pages)} pages; {shown}")

    def a7(self) -> Measured:
        """Whether the cash that may be spent is already less an order that rests."""
        before, price = domestic.free_cash(self.client), self._price()
        sent = self._buy()
        if sent.answer is not Answer.ACCEPTED:
            return self._measured("A7", None, f"the order was not accepted: {sent.says.en}")
        self._seen_after(number_of(sent.output.text("ODNO")))
        less = exact_sum((before, domestic.free_cash(self.client).copy_negate()))
        return self._measured("A7", less >= price, f"an order for {plain(price)} took {plain(less)} from nrcvb_buy_amt")

    def a8(self) -> Measured:
        """Whether a market order is counted at the day's upper limit."""
        upper = self._quote().needed("stck_mxpr")
        query = {"PDNO": self.code, "ORD_UNPR": "", "ORD_DVSN": "01", "CMA_EVLU_AMT_ICLD_YN": "N", "OVRS_ICLD_YN": "N"}
        counted = self.client.ask(Call.BUYABLE, query).one("output").number("psbl_qty_calc_unpr") or ZERO
        return self._measured("A8", counted == upper, f"counted at {plain(counted)}, the upper limit is {plain(upper)}")

    # ---- inside ----

    def _measured(self, name: str, holds: bool | None, figures: str) -> Measured:
        return Measured(name, _ASKS[name], holds, figures)

    def _today(self) -> date:
        return self.client.clock.now().astimezone(KST).date()

    def _list(self, start: date, end: date) -> tuple[Body, ...]:
        return self.client.pages(Call.ORDERS, domestic.orders_query(start, end))

    def _numbers(self) -> set[str]:
        pages = self._list(self._today(), self._today())
        return {number_of(row.text("odno")) for row in all_rows(pages, "output1")}

    def _quote(self) -> Fields:
        query = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": self.code}
        return self.client.ask(Call.PRICE, query).one("output")

    def _price(self) -> Decimal:
        """The day's lower limit, at which nothing trades."""
        return self._quote().needed("stck_llam")

    def _buy(self) -> Sent:
        sent = self.client.order(Call.BUY, domestic.order_body(self.code, Side.BUY, 1, self._price()))
        return self._remembered(sent)

    def _buy_at_once(self) -> Sent:
        """An order without the distance that calls keep, so that the gateway throttles it."""
        self._at = self._at or self._price()
        body = domestic.order_body(self.code, Side.BUY, 1, self._at)
        with self.client.hurrying():
            return self._remembered(self.client.order(Call.BUY, body))

    def _remembered(self, sent: Sent) -> Sent:
        number = number_of(sent.output.text("ODNO"))
        if sent.answer is Answer.ACCEPTED:
            branch = sent.output.text("KRX_FWDG_ORD_ORGNO")
            self._made.append(Live(number, branch, domestic.VENUE, "00", self.code, 1))
        return sent

    def _seen_after(self, number: str) -> float | None:
        """Seconds until an order shows in the list; None when it does not within half a minute."""
        began = self._seconds()
        while self._seconds() - began < LOOK_FOR:
            if number in self._numbers():
                return self._seconds() - began
            self.sleep(LOOK_EVERY)
        return None

    def _seconds(self) -> float:
        """Seconds of the service's time: a double's may run faster than ours."""
        return self.client.clock.now().timestamp() if self.client.settings.rehearsing else self.monotonic()

    def _cancel_all(self) -> None:
        for live in self._made:
            sent = self.client.order(Call.CHANGE, domestic.change_body(live, None))
            if sent.kind is Kind.RATE:
                self.sleep(2.0)
                self.client.order(Call.CHANGE, domestic.change_body(live, None))
        self._made.clear()


_ASKS = {
    "A1": "a field tells orders of a program from those of a person",
    "A2": "an accepted order shows in the list within seconds",
    "A3": "an order's number is its own for its date and branch",
    "A4": "an order that the gateway throttled is not at the broker",
    "A5": "no order of the day appears after the close",
    "A6": "the list's total counts the shares of every row of every page",
    "A7": "the cash that may be spent is less what resting orders hold",
    "A8": "a market order holds cash at the day's upper limit",
}


def shown(found: Measured) -> str:
    """A measurement as a line of text."""
    word = {True: "holds", False: "DOES NOT HOLD", None: "not measured"}[found.holds]
    return f"{found.name} {word:13} {found.asks}: {found.figures}"


def _ordered(rows: Iterable[Fields] | Sequence[Fields]) -> int:
    return sum(row.whole("ord_qty") for row in rows)


def _not_mock() -> UsageError:
    return UsageError(
        "mock_only",
        where=same("probe"),
        wrong=Text("it places orders", "주문을 내는 측정입니다"),
        expected=Text("a mock account", "모의투자 계좌"),
        fix=Text("use a mock account or the local double", "모의투자 계좌나 로컬 서버를 써 주세요"),
    )
