"""The words that tables and charts share, in both languages; sentences belong to the room that decides them."""

from __future__ import annotations

from rebalance_kit.words import Text

ASSET = Text("Asset", "종목")
CODE = Text("Code", "코드")
QUANTITY = Text("Shares", "수량")
VALUE = Text("Value", "평가액")
NOW = Text("Now", "현재")
BEFORE = Text("Before", "거래 전")
AFTER = Text("After", "거래 후")
TARGET = Text("Target", "목표")
DRIFT = Text("Drift", "편차")
BAND = Text("Band", "허용 범위")
BAND_EDGE = Text("edge of its band", "허용 범위 경계")
OUTSIDE = Text("outside its band", "허용 범위 밖")
WITHIN = Text("within its band", "허용 범위 안")
POINTS = Text("points", "%p")
NOT_IN_POLICY = Text("not in the policy", "정책에 없는 종목")
CASH = Text("Cash", "현금")
DIVIDENDS = Text("Dividends, not counted", "배당금 (비중에서 제외)")
ACCOUNT = Text("Account", "계좌")
ACCOUNTS = Text("account {name}", "{name} 계좌")
TOTAL = Text("Total", "합계")

SIDE = Text("Side", "구분")
SIDES = {"BUY": Text("BUY", "매수"), "SELL": Text("SELL", "매도")}
LIMIT = Text("Limit", "지정가")
MARKET = Text("market", "시장가")
AMOUNT = Text("Amount", "금액")
COSTS = Text("Costs", "비용")
TURNOVER = Text("Bought and sold", "총 매매 금액")
COMMISSION = Text("Commission", "예상 수수료")
SLIPPAGE = Text("Slippage", "예상 슬리피지")
FX_COST = Text("Exchange cost", "환전 비용")
TAX = Text("Tax", "예상 세금")
NOT_ESTIMATED = Text("not estimated", "추정하지 않음")
LARGEST_DRIFT = Text("Largest drift", "최대 편차")

DRIFT_TITLE = Text("Drift from target, in points of weight", "목표 대비 편차 (%p)")
CASH_TITLE = Text("Where the money goes, rule by rule", "규칙별 배분")
SAVINGS_TITLE = Text("Largest drift month by month, rule by rule", "월별 최대 편차, 규칙별")
MONTHS = Text("months", "개월")
HARVEST_TITLE = Text("What can be harvested, lot by lot", "로트별 손익 실현")
DEDUCTION_LEFT = Text("{left} of this year's {all} is left", "올해 공제 {all} 중 {left} 남음")
GAIN = Text("gain", "이익")
LOSS = Text("loss", "손실")
TO_HARVEST = Text("to harvest", "실현 대상")
DAYS = Text("long in {days} d", "장기까지 {days}일")
WEIGHTS_TITLE = Text("Weights before and after, against target", "거래 전후 비중과 목표")

DUE = Text("A rebalance is due ({trigger}).", "리밸런싱이 필요합니다 ({trigger}).")
NOT_DUE = Text("Nothing is due.", "리밸런싱이 필요하지 않습니다.")
NEXT_DATE = Text("Look again on {date}.", "다음 확인일: {date}")
DELAYED = Text("Delayed until {date}.", "{date}까지 미룹니다.")
TRIGGERS = {
    "scheduled": Text("scheduled", "정기"),
    "drift": Text("drift", "종목 편차"),
    "group_drift": Text("group drift", "그룹 편차"),
    "max_interval": Text("longest interval", "최대 간격"),
    "cash_flow": Text("cash flow", "입출금"),
    "no_trade_zone": Text("no-trade zone", "무거래 구간"),
    "manual": Text("on request", "수동"),
    "none": Text("none", "없음"),
}
SEVERITIES = {
    "info": Text("note", "참고"),
    "warning": Text("warning", "주의"),
    "error": Text("error", "오류"),
}


def printable(text: str) -> str:
    """`text` without control characters: a name from a file must not steer a terminal or break XML."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "" for char in text)
