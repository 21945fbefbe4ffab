"""The words that tables and charts share, in both languages; sentences belong to the room that decides them."""

from __future__ import annotations

from rebalance_kit.words import Text

ASSET = Text("Asset", "종목")
CODE = Text("Code", "코드")
GROUP = Text("Group", "그룹")
GROUPS = Text("Groups", "그룹")
QUANTITY = Text("Shares", "수량")
VALUE = Text("Value", "평가금액")
NOW = Text("Now", "현재")
BEFORE = Text("Before", "거래 전")
AFTER = Text("After", "거래 후")
TARGET = Text("Target", "목표")
DRIFT = Text("Drift", "편차")
BAND = Text("Band", "허용 범위")
BAND_EDGE = Text("edge of its band", "허용 범위 경계")
CASH = Text("Cash", "현금")
DIVIDENDS = Text("Dividends (not counted)", "배당금 (제외)")
ACCOUNT = Text("Account", "계좌")
TOTAL = Text("Total", "합계")
SIDE = Text("Side", "구분")
BUY = Text("BUY", "매수")
SELL = Text("SELL", "매도")
LIMIT = Text("Limit", "지정가")
MARKET = Text("market", "시장가")
AMOUNT = Text("Amount", "금액")
COSTS = Text("Costs", "비용")
ABOVE = Text("above", "초과")
BELOW = Text("below", "미달")
OUTSIDE = Text("outside its band", "허용 범위 밖")
WITHIN = Text("within its band", "허용 범위 안")
NO_PRICE = Text("no price", "가격 없음")
POINTS = Text("points", "%p")
DRIFT_TITLE = Text("Drift from target, in points of weight", "목표 대비 편차 (%p)")
WEIGHTS_TITLE = Text("Weights before and after, against target", "거래 전후 비중과 목표")
CASH_TITLE = Text("Where the money goes, rule by rule", "규칙별 배분")

RULE_NAMES = {
    "proportional": Text("proportional", "부족분 비례"),
    "water_filling": Text("water-filling", "물 채우기"),
    "least_squares": Text("least squares", "최소 제곱"),
}
