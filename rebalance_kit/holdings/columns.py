"""The columns of a holdings table, the codes that stand for cash, and the rows that are totals."""

from __future__ import annotations

from functools import lru_cache

from rebalance_kit.holdings.model import CashKind
from rebalance_kit.prices.reading import CODE_NAMES, CURRENCY_NAMES, DATE_NAMES, PRICE_NAMES
from rebalance_kit.textfile.table import Layout
from rebalance_kit.words import Text

ACCOUNT_NAMES = ("account", "계좌", "계좌번호", "계좌명", "account number", "account name", "account id")
QUANTITY_NAMES = ("quantity", "수량", "보유수량", "잔고수량", "보유량", "보유주수", "결제보유수량",
                  "shares", "qty", "units", "position")  # fmt: skip
TOTAL_COST_NAMES = ("cost", "매입금액", "매수금액", "매입원금", "취득금액", "취득가액", "cost basis", "total cost",
                    "cost basis total", "total cost basis", "book value")  # fmt: skip
SHARE_COST_NAMES = ("average cost", "평균단가", "평균매수가", "평균매입가", "매입평균가", "매입평균단가",
                    "평균매입단가", "매입단가", "매수단가", "평단가", "취득단가", "avg cost", "average price",
                    "avg price", "cost/share", "cost per share", "average cost basis", "unit cost",
                    "purchase price")  # fmt: skip
VALUE_NAMES = ("value", "평가금액", "평가액", "market value", "current value", "total value", "mkt value")

# Names that some programs use, and others for something beside the column that is meant.
LESSER_NAMES: dict[str, tuple[str, ...]] = {
    "quantity": ("보유주식수", "주식수", "보유잔고", "체결잔고", "체결잔고수량", "잔고", "결제잔고", "결제잔고수량",
                 "잔고량", "현재수량", "현재고", "보유좌수", "잔고좌수", "no. of shares", "number of shares"),
    "cost": ("총매입금액", "매입금", "매입원가", "취득원가", "투자원금", "장부금액", "book cost"),
    "average cost": ("매입가", "매수가", "매수평균가", "매수평균단가", "평균매수단가", "매입평균가격", "평균매입가격",
                     "평균가", "평단", "장부단가", "average cost price"),
    "value": ("평가금", "현재평가금액", "잔고평가금액", "시가평가금액", "평가가액", "잔고금액"),
    "code": ("상품번호", "상품코드", "심볼"),
    "name": ("종목명칭", "종목이름", "펀드명"),
}  # fmt: skip


HOLDINGS = Layout(
    fields={
        "code": CODE_NAMES,
        "quantity": QUANTITY_NAMES,
        "account": ACCOUNT_NAMES,
        "name": (
            "name",
            "종목명",
            "상품명",
            "종목",
            "자산명",
            "description",
            "security name",
            "investment name",
            "security",
        ),
        "price": PRICE_NAMES,
        "value": VALUE_NAMES,
        "cost": TOTAL_COST_NAMES,
        "average cost": SHARE_COST_NAMES,
        "currency": CURRENCY_NAMES,
        "date": DATE_NAMES,
    },
    required=("code", "quantity"),
    numbers=frozenset({"quantity", "price", "value", "cost", "average cost"}),
    wanted=Text(
        "at least the headings code and quantity (or 종목코드 and 보유수량), and where known account, name, price,"
        " currency, cost, date",
        "적어도 code와 quantity(또는 종목코드와 보유수량) 제목, 알면 account, name, price, currency, cost, date",
    ),
    lesser=LESSER_NAMES,
)

CASH_CODES: dict[str, CashKind] = {
    "cash": "cash",
    "현금": "cash",
    "예수금": "cash",
    "dividends": "dividends",
    "배당금": "dividends",
}

_TOTALS = frozenset(
    {"합계", "총계", "소계", "총합계", "계", "총합", "total", "totals", "grandtotal", "subtotal", "accounttotal", "sum"}
)


@lru_cache(maxsize=4096)
def is_total(cell: str) -> bool:
    """Whether a cell says that its row adds up the others."""
    return "".join(cell.casefold().split()).rstrip(":") in _TOTALS


@lru_cache(maxsize=4096)
def cash_kind(cell: str) -> CashKind | None:
    """The kind of cash a code cell stands for, None for an asset."""
    return CASH_CODES.get(cell.casefold())
