"""The rows of a Korean statement, read into one `Statement`: what holds for every broker is decided here.

A broker's module says how its table is known and what is its own; a row is an asset with a code or a name, cash, a
total, or something that is left out and named. Names are matched (`holdings.names`), and all that cannot be are
refused together. Amounts of assets that trade abroad are won or foreign money: the numbers must say which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from rebalance_kit.holdings.columns import cash_kind
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.holdings.names import Match, NameBook, Names
from rebalance_kit.holdings.statements.assembly import Statement
from rebalance_kit.holdings.statements.korean_accounts import Accounts
from rebalance_kit.holdings.statements.korean_cells import currency_named, krx_code, number_in
from rebalance_kit.holdings.statements.korean_facts import Facts, facts_of
from rebalance_kit.holdings.statements.korean_foreign import Amounts, foreign_amounts
from rebalance_kit.holdings.statements.korean_kinds import is_abroad, is_cash, left_out
from rebalance_kit.holdings.statements.korean_lines import Line, Repeated, Role, line_of, role_of
from rebalance_kit.holdings.statements.korean_refusals import Unmatched, bad_price, names_unmatched
from rebalance_kit.holdings.statements.korean_sums import Sums
from rebalance_kit.holdings.statements.korean_table import Fits, Sheet, others_for, sheets_of
from rebalance_kit.holdings.statements.reconcile import explains
from rebalance_kit.holdings.statements.securities import Kind
from rebalance_kit.holdings.statements.tables import refuse_extra
from rebalance_kit.money import Rounding, product, round_money
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.reading import refuse_symbol
from rebalance_kit.textfile.document import Document, Row
from rebalance_kit.textfile.table import Table
from rebalance_kit.words import Text

_NOTE = Text("a note, not a holding", "안내 문구")
_HEADING = Text("the headings once more", "반복된 제목 행")


@dataclass(frozen=True, slots=True)
class Broker:
    """What is a broker's own: its registered name, how its headings are known, and what its file means.

    `kind` is the treatment of the account of a file that names none, `account` its name where a person has said it;
    `home` is the currency of what names none; `won_abroad` says that even the amounts of assets abroad are printed in
    won, with the rate beside them; `columns` are headings that a person has named.
    """

    form: str
    fits: Fits
    wanted: Text
    kind: str | None = None
    won_abroad: bool = False
    home: str = "KRW"
    account: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


def read_korean(document: Document, policy: Policy | None, on: date, broker: Broker, names: Names) -> HoldingsFile:
    """The holdings of a document of a broker. Raises HoldingsError or PriceError with the place, and for names that
    cannot be matched."""
    sheets = sheets_of(document, broker.fits, broker.columns)
    if not sheets:
        raise document.no_table(broker.wanted)
    statement = Statement(document, policy, on, broker.form)
    book, sums, repeated = names.book(policy), Sums(statement), Repeated()
    readers = [_Reader(statement, sheet, broker, book, sums, repeated) for sheet in sheets]
    facts = facts_of([row for reader in readers for row in (*reader.sheet.above, *reader.rows(Role.NOTE))])
    facts.account = facts.account or broker.account
    for reader in readers:
        reader.read(facts)
    unmatched = [each for reader in readers for each in reader.unmatched]
    if unmatched:
        raise names_unmatched(sheets[0].table, unmatched, names)
    sums.facts(facts, readers[-1].accounts)
    sums.tell()
    repeated.tell(statement)
    file = statement.build()
    if len(file.accounts) == 1 and facts.everything:
        whole = replace(file.accounts[0], total=facts.everything[-1].amount, currency="KRW")
        file = replace(file, accounts=(whole,))
    return file


@dataclass(slots=True)
class _Reader:
    statement: Statement
    sheet: Sheet
    broker: Broker
    book: NameBook
    sums: Sums
    repeated: Repeated
    accounts: Accounts = field(init=False)
    unmatched: list[Unmatched] = field(default_factory=list)
    roles: list[Role] = field(init=False)

    def __post_init__(self) -> None:
        self.roles = [role_of(self.sheet, row) for row in self.table.rows]

    @property
    def table(self) -> Table:
        return self.sheet.table

    def rows(self, role: Role) -> list[Row]:
        """The rows of one role."""
        return [row for row, own in zip(self.table.rows, self.roles, strict=True) if own is role]

    def read(self, facts: Facts) -> None:
        """Hand the rows to the statement; names that stand for nothing are kept in `unmatched`."""
        assets = self.rows(Role.HOLDING)
        self.accounts = Accounts(self.statement, self.table, facts, self.broker.kind, assets)
        self._read_days(assets, facts)
        self._note_other_quantities(assets)
        for row, role in zip(self.table.rows, self.roles, strict=True):
            if role is Role.HOLDING:
                refuse_extra(self.table, row)
                self._line(line_of(self.sheet, row), self.accounts.of(row))
            elif role is Role.TOTAL:
                label = next((cell for cell in row.cells if cell), "")
                self.sums.total(row, label, number_in(self.table, row, "value"))
            else:
                again = row.cells == self.table.grid.heading.cells
                what = " ".join(filter(None, row.cells))[:60]
                self.statement.skip(row, Kind.TOTAL, what, reason=_HEADING if again else _NOTE)

    def _read_days(self, rows: Sequence[Row], facts: Facts) -> None:
        """The day of the file: the latest of its rows, else the one around its table."""
        days: set[date] = set()
        if self.sheet.has("date"):
            days = {day for row in rows if (day := self.table.optional_date(row, "date"))}
        candidates = (*days, self.statement.as_of, None if days else facts.as_of)
        self.statement.as_of = max((day for day in candidates if day), default=None)
        self.statement.taken_at = facts.taken_at if self.statement.as_of == facts.as_of else None
        if len(days) > 1:
            self.statement.note(
                "several_days",
                f"the rows are of {len(days)} days, {min(days)} to {max(days)}: all count as of the last",
                f"행의 날짜가 {min(days)}부터 {max(days)}까지 {len(days)}가지입니다: 모두 마지막 날로 봅니다",
                warn=True,
            )

    def _line(self, line: Line, account: str) -> None:
        said = line.name or line.kind
        numbers = line.quantity, line.price, line.value
        named_cash = not line.code and is_cash(said, line.kind, *numbers) and not self._is_listed(line.name)
        if named_cash or cash_kind(line.code):
            self._cash(line, account, said or line.code)
            return
        home = self.broker.home
        abroad = line.currency not in (None, home) or (line.currency is None and is_abroad(line.kind))
        code = line.code or self._code_of(line, account, abroad=abroad)
        if code is not None:
            self._position(line, account, code, line.currency or ("USD" if abroad else home))

    def _is_listed(self, name: str) -> bool:
        return isinstance(self.book.find(name), Match)

    def _code_of(self, line: Line, account: str, *, abroad: bool) -> str | None:
        """The code that the row's name stands for; None when the row is left out, or its name is refused later."""
        match = self.book.find(line.name, foreign=abroad)
        if isinstance(match, Match):
            by = f" ({match.by} in {self.book.names.source})" if match.by else ""
            by_ko = f"({self.book.names.source}의 {match.by})" if match.by else ""
            what = Text(f"{line.name} in {{lines}} is taken as {match.code}{by}",
                        f"{{lines}}의 {line.name}을(를) {match.code}{by_ko}(으)로 봅니다")  # fmt: skip
            self.repeated.say("name_matched", match.code, what, line.row.line)
            return match.code
        kind = left_out(line.name, line.kind)
        if kind is None:
            self.unmatched.append(Unmatched(line.row, line.name, match))
            return None
        own = line.currency or self.broker.home
        self.statement.skip(line.row, kind, line.name, account=account, value=line.value, currency=own)
        self.sums.add(account, line.value, own)
        return None

    def _cash(self, line: Line, account: str, name: str) -> None:
        home, value = self.broker.home, line.value
        own = line.currency or currency_named(name) or ("USD" if is_abroad(name) else home)
        amount = value if value is not None else line.quantity
        if own != home and line.quantity is not None:
            amount = line.quantity  # beside it stands what it is worth in won
        if amount is None:
            amount = self.table.number(line.row, "value" if self.sheet.has("value") else "quantity")
        at_home = own != home and value is not None and value != amount
        self.sums.cash(line.row, account, name, amount, own, shown=(value, home) if at_home else (amount, own))

    def _position(self, line: Line, account: str, code: str, currency: str) -> None:
        table, row = self.table, line.row
        if currency == "KRW" and (bare := krx_code(code, line.name, self.book)) != code:
            what = Text(f"{code} in {{lines}} is taken as {bare}", f"{{lines}}의 {code}을(를) {bare}(으)로 봅니다")
            self.repeated.say("code_spelling", bare, what, row.line)
            code = bare
        quantity = table.number(row, "quantity") if line.quantity is None else line.quantity
        if currency == self.broker.home:
            for each in ("price", "value", "cost", "average cost"):
                if not table.text(row, each).replace(",", "").isdigit():
                    refuse_symbol(table, row, each, currency)
            price, cost = self._price(line, quantity), self._cost(row, quantity)
            worth = product(price, quantity) if line.value is None and price is not None else line.value
            amounts = Amounts(price, line.value, cost, (worth, currency))
        else:
            amounts = foreign_amounts(self.statement, table, line, quantity, currency, in_won=self.broker.won_abroad)
        held = self.statement.hold(row, account, code, quantity, currency, name=line.name, price=amounts.price,
                                   value=amounts.value, cost=amounts.cost)  # fmt: skip
        self.sums.add(account, *amounts.shown)
        if held is not None:
            self._say_more(row, held, line.name)

    def _price(self, line: Line, quantity: Decimal) -> Decimal | None:
        """The price. A minus before it tells that it fell, where the value proves that; else it is refused."""
        price = line.price
        if price is None or price >= 0:
            return price
        if line.value is None or not explains(-price, quantity, line.value, self.broker.home):
            raise bad_price(self.table, line.row, price)
        return -price

    def _cost(self, row: Row, quantity: Decimal) -> Decimal | None:
        """The total cost, else the cost of a share times the shares, rounded half up; None when it is not told."""
        cost = number_in(self.table, row, "cost")
        if cost is None:
            share = number_in(self.table, row, "average cost")
            cost = None if share is None else round_money(product(share, quantity), self.broker.home, Rounding.HALF_UP)
        return cost if cost is None or cost >= 0 else None

    def _say_more(self, row: Row, code: str, name: str) -> None:
        credit = self.table.text(row, "credit")
        if credit and not any(word in credit for word in ("현금", "보통", "일반", "자기")) and credit not in "-00":
            what = Text(f"{code} in {{lines}} is held on credit ({credit}): the loan is not in the file",
                        f"{{lines}}의 {code}은(는) 신용 잔고({credit})입니다: 대출금은 파일에 없습니다")  # fmt: skip
            self.repeated.say("bought_on_credit", code, what, row.line, "warning")
        listed = self.book.otherwise(code, name)
        if listed is not None:
            source = self.book.names.source
            what = Text(f"{code} is called {name} in {{lines}}, but {listed} in {source}",
                        f"{{lines}}에서 {code}의 이름은 {name}인데 {source}에는 {listed}입니다")  # fmt: skip
            self.repeated.say("code_and_name_disagree", code, what, row.line, "warning")

    def _note_other_quantities(self, rows: Sequence[Row]) -> None:
        """Says so when another column for the quantity tells another one (settled and executed balances differ)."""
        own = self.table.columns.get("quantity")
        for other in others_for(self.sheet, "quantity"):
            lines = [row.line for row in rows if own is not None and _differ(row, own, other)]
            if lines:
                heading = self.table.grid.heading.cells
                listed = ", ".join(map(str, lines))
                self.statement.note(
                    "other_quantity",
                    f"{heading[own or 0]} was read, though {heading[other]} differs in line {listed}",
                    f"{heading[own or 0]} 열을 읽었습니다. {heading[other]} 열은 {listed}행에서 다릅니다",
                    warn=True,
                )


def _differ(row: Row, first: int, second: int) -> bool:
    cells = [row.cells[i] if i < len(row.cells) else "" for i in (first, second)]
    return bool(cells[1]) and cells[0] != cells[1]
