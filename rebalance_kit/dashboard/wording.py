"""The desk's own words, in both languages. What a rule says is written where it is decided, not here.

Plain words for people who never wrote a program: no jargon without an explanation beside it.
"""

from __future__ import annotations

from rebalance_kit.words import Language, Text

LOCKED = Text(
    "This desk is private: open the full address that `rebalance dashboard` printed when it started.",
    "이 화면은 잠겨 있습니다. `rebalance dashboard`를 시작할 때 출력된 주소 전체를 그대로 열어 주세요.",
)

# ---- the frame ----
TITLE = Text("Rebalance", "리밸런싱")
PAPER = Text("PAPER", "모의계좌")
PAPER_MORE = Text("No real money moves here.", "실제 돈은 움직이지 않습니다.")
PORTFOLIO = Text("Portfolio", "포트폴리오")
ACCOUNT = Text("Account", "계좌")
ALL_ACCOUNTS = Text("All accounts", "모든 계좌")
BROKEN = Text(
    "Something went wrong in the program, and nothing was sent. The details are in {log}.",
    "프로그램에 문제가 생겼습니다. 주문은 나가지 않았습니다. 자세한 내용은 {log}에 있습니다.",
)
LOST = Text("The desk no longer answers", "화면이 프로그램과 끊어졌습니다")
LOST_MORE = Text(
    "What you typed is kept, and nothing is sent by itself. Orders that you had already submitted are listed under"
    " History. Reload the page; if that does not help, start `rebalance dashboard` again.",
    "입력한 내용은 저장되어 있고, 저절로 나가는 주문은 없습니다. 이미 낸 주문은 기록에서 확인할 수 있습니다. 화면을"
    " 새로 고쳐 주세요. 그래도 안 되면 `rebalance dashboard`를 다시 시작해 주세요.",
)
RELOAD = Text("Reload", "새로 고침")

# ---- today ----
WORTH = Text("Worth {value} on {date}", "{date} 기준 {value}")
DUE = Text("A rebalance is due", "리밸런싱할 때입니다")
NOT_DUE = Text("No rebalance is due", "리밸런싱할 필요가 없습니다")
CASH_HELD = Text("of which cash {cash}", "그중 현금 {cash}")
NEXT_DATE = Text("Next scheduled date: {date}", "다음 정기 점검일: {date}")
DELAYED = Text("Delayed until {date}", "{date}까지 미룸")
NOTES = Text("Notes ({count})", "참고 사항 ({count})")

# ---- drift ----
DRIFT_TITLE = Text("How far from target", "목표와의 차이")
DRIFT_POLICY = Text("Current weight minus target weight, in points.", "현재 비중에서 목표 비중을 뺀 값입니다(%p).")
DRIFT_WHAT_IF = Text(
    "What if: measured against the weights that you are trying out.",
    "가정: 지금 시험해 보는 비중과 비교한 값입니다.",
)

# ---- weights ----
WEIGHTS_TITLE = Text("Try other target weights", "목표 비중 바꿔 보기")
WHAT_IF = Text("The policy file stays as it is.", "정책 파일은 바뀌지 않습니다.")
NOW = Text("now {weight}", "현재 {weight}")
CASH = Text("Cash", "현금")
CASH_FIXED = Text("set in the policy", "정책에서 정한 값")

# ---- money ----
MONEY_TITLE = Text("New money", "입금과 출금")
MONEY_MORE = Text(
    "Money put in only buys, money taken out only sells. Leave it empty for a plain rebalance.",
    "입금하면 사기만 하고 출금하면 팔기만 합니다. 비워 두면 일반 리밸런싱입니다.",
)
PUT_IN = Text("Put in", "입금")
TAKE_OUT = Text("Take out", "출금")
AMOUNT = Text("Amount", "금액")
FORCE = Text("Trade even though nothing is due", "때가 아니어도 거래하기")
PREVIEW = Text("Preview orders", "주문 미리 보기")

# ---- preview ----
PREVIEW_TITLE = Text("Orders to read", "주문 미리 보기")
PLANNING = Text("Looking for the best plan…", "가장 좋은 계획을 찾는 중입니다…")
NO_ORDERS_DUE = Text(
    "Nothing is due, so no order would be placed. These would be the trades:",
    "아직 때가 아니어서 주문을 내지 않습니다. 거래한다면 다음과 같습니다.",
)
NO_ORDERS = Text("There is nothing to trade.", "거래할 것이 없습니다.")
HOW_TO_FORCE = Text(
    "To place them now, tick “{force}” and preview again.",
    "지금 거래하려면 ‘{force}’를 선택하고 다시 미리 보기를 눌러 주세요.",
)
SHARES = Text("Shares", "수량")
LIMIT = Text("Limit", "지정가")
ORDER_AMOUNT = Text("Amount", "금액")
COMMISSION = Text("Commission", "수수료")
SLIPPAGE = Text("Slippage", "슬리피지")
SLIPPAGE_MORE = Text(
    "what a worse price than today's is expected to cost", "지금 가격보다 불리하게 체결될 때 드는 비용의 추정값"
)
REASON = Text("Reason", "이유")
SIDE = Text("Side", "구분")
ASSET = Text("Asset", "종목")
BUY = Text("Buy", "매수")
SELL = Text("Sell", "매도")
MARKET = Text("market", "시장가")
FX_COST = Text("Exchange cost", "환전 비용")
EXCHANGE_STATES = {
    "PENDING": Text("not yet", "대기"),
    "DONE": Text("done", "완료"),
    "REFUSED": Text("not made", "환전 안 됨"),
}
TURNOVER = Text("Traded in all", "총 거래 금액")
CASH_PATH = Text("Cash", "현금")
DRIFT_PATH = Text("Largest drift", "가장 큰 차이")
TAX = Text("Tax", "세금")
UNKNOWN = Text("not estimated", "추정하지 않음")
OPTIMAL = Text(
    "No other whole-share plan comes closer to the goal.", "정수 주식으로 목표에 이보다 가까운 계획은 없습니다."
)
GAP = Text(
    "The best possible plan is at most {gap} hundredths of a percent of the portfolio better.",
    "가능한 가장 좋은 계획과의 차이는 평가금액의 {gap}bp(0.01%) 이내입니다.",
)
CERTIFIED = Text("Checked again independently: {count} of {count} facts hold", "독립 검산: {count}개 항목 모두 성립")
NOT_CERTIFIED = Text(
    "Checked again independently: {bad} of {count} facts do not hold, so this cannot be submitted",
    "독립 검산: {count}개 중 {bad}개가 성립하지 않아 주문할 수 없습니다",
)
PLAN_ID = Text("Plan {id}", "계획 {id}")
READ = Text(
    "I have read every order above ({count}) and want them in the paper account",
    "위 주문 {count}건을 읽었고 모의계좌에 내겠습니다",
)
SUBMIT = Text("Submit to the paper account", "모의계좌에 주문 내기")
SENT = Text("Submitted. Waiting for the account…", "주문을 냈습니다. 계좌의 응답을 기다리는 중입니다…")
STILL_WAITING = Text(
    "The orders are submitted, but the worker has not answered for {seconds} seconds. Do not submit again; is"
    " `rebalance dashboard` still running?",
    "주문은 접수되었지만 실행기가 {seconds}초째 응답하지 않습니다. 다시 내지 말고 `rebalance dashboard`가 아직"
    " 실행 중인지 확인해 주세요.",
)

# ---- receipt and history ----
RECEIPT_TITLE = Text("Receipt", "주문 결과")
HISTORY_TITLE = Text("History", "기록")
NO_HISTORY = Text("No run yet.", "아직 기록이 없습니다.")
STATUS = {
    "SUCCESS": Text("Done: every order was filled.", "완료했습니다. 모든 주문이 체결되었습니다."),
    "PARTIAL": Text("Some orders were filled and some were not.", "일부 주문만 체결되었습니다."),
    "FAILED": Text("No order was filled.", "체결된 주문이 없습니다."),
    "UNKNOWN": Text(
        "It is not known what became of some orders; nothing is sent again until that is known.",
        "일부 주문의 결과를 아직 모릅니다. 확인되기 전에는 다시 주문하지 않습니다.",
    ),
    "DRY_RUN": Text("A rehearsal: nothing was sent.", "연습 실행이라 주문을 내지 않았습니다."),
    "NOT_NEEDED": Text("There was nothing to trade.", "거래할 것이 없었습니다."),
}
STATUS_SHORT = {
    "SUCCESS": Text("Done", "완료"),
    "PARTIAL": Text("Partly done", "일부 체결"),
    "FAILED": Text("Nothing filled", "체결 없음"),
    "UNKNOWN": Text("Not known", "확인 필요"),
    "DRY_RUN": Text("Rehearsal", "연습"),
    "NOT_NEEDED": Text("Nothing to do", "거래 없음"),
}
REPEATED = Text(
    "This plan had been submitted before; nothing was sent twice.",
    "이미 낸 계획입니다. 두 번 주문하지 않았습니다.",
)
STATES = {
    "SENDING": Text("sending", "전송 중"),
    "UNKNOWN": Text("not known", "확인 필요"),
    "ACKED": Text("accepted", "접수"),
    "PARTIAL": Text("partly filled", "일부 체결"),
    "FILLED": Text("filled", "체결"),
    "CANCELLED": Text("cancelled", "취소"),
    "REJECTED": Text("rejected", "거부"),
    "ABSENT": Text("never arrived", "접수되지 않음"),
}
TOTAL_AFTER = Text("Worth afterwards", "이후 평가금액")
FILLED = Text("Filled", "체결")
AVERAGE = Text("Average price", "평균 체결가")
STATE = Text("State", "상태")
WHEN = Text("When", "일시")
RUN = Text("Run", "실행")
RESULT = Text("Result", "결과")
ORDERS = Text("Orders", "주문")

# ---- the editor's words, filled in by the page ----
EDITOR = {
    "title": Text("Target weights", "목표 비중"),
    "slider": Text("{name}: weight", "{name} 비중"),
    "number": Text("{name}: weight in percent", "{name} 비중(%)"),
    "lock": Text("Lock {name}", "{name} 잠그기"),
    "locks": Text("Keep this weight while others move", "다른 비중을 움직여도 그대로 두기"),
    "unlock": Text("Unlock", "잠금 풀기"),
    "fixed": Text("This weight is set in the policy", "정책에서 정한 비중입니다"),
    "target": Text("Policy: {weight}%", "정책: {weight}%"),
    "sum": Text("Sum", "합계"),
    "reset": Text("Back to the policy", "정책 비중으로"),
    "rule": Text(
        "Move one weight and the others share the difference in proportion to their weights, so the sum stays at"
        " 100.00%. A locked weight stays.",
        "한 비중을 움직이면 나머지가 각자의 비중에 비례해 차이를 나누므로 합계는 항상 100.00%입니다. 잠근 비중은"
        " 그대로 있습니다.",
    ),
    "keys": Text(
        "Arrow keys move 0.1 points, with Shift 0.01, Page Up and Page Down 1.",
        "화살표 키는 0.1%p, Shift와 함께는 0.01%p, Page Up과 Page Down은 1%p씩 움직입니다.",
    ),
    "stuck": Text(
        "Every other row is locked, so this weight cannot change. Unlock a row.",
        "다른 종목이 모두 잠겨 있어 이 비중을 바꿀 수 없습니다. 한 종목의 잠금을 풀어 주세요.",
    ),
    "limit": Text(
        "The locked rows leave room up to {weight}% here.", "잠긴 종목 때문에 여기서는 {weight}%까지 가능합니다."
    ),
    "unreadable": Text(
        "Write a percentage between 0 and 100, such as 35 or 35.25.",
        "35나 35.25처럼 0에서 100 사이의 비율을 적어 주세요.",
    ),
    "busy": Text("Orders are being placed: weights stay until the receipt.", "주문 중에는 비중을 바꿀 수 없습니다."),
}


def editor_words(language: Language) -> dict[str, str]:
    """What the weights editor says."""
    return {key: text.of(language) for key, text in EDITOR.items()}


def heart_words(language: Language) -> dict[str, str]:
    """What the page says when the kernel is gone."""
    return {
        "lang": language,
        "lost": LOST.of(language),
        "lost_more": LOST_MORE.of(language),
        "reload": RELOAD.of(language),
    }
