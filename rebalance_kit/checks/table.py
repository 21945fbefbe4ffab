"""The pre-trade rules by name: code, what each asks, its default, and what a broken one does.

The numbers are those of the rule list that this table implements; a number that is missing belongs to a broker, a
planner or a tax estimate that is not here yet. `rule_table()` is the page a person reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from rebalance_kit.words import Finding, Language, Text


class Consequence(StrEnum):
    """What a broken rule does: it blocks, or it asks a person to type the plan's id knowing of it."""

    BLOCK = "block"
    ACKNOWLEDGE = "acknowledge"


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """One row of the table. `default` is the limit where the policy does not state one."""

    code: str
    asks: Text
    default: Text
    consequence: Consequence


def _row(
    code: str,
    en: str,
    ko: str,
    *,
    default: tuple[str, str] = ("-", "-"),
    consequence: Consequence = Consequence.BLOCK,
) -> RuleInfo:
    return RuleInfo(code, Text(en, ko), Text(*default), consequence)


class Rule(Enum):
    """Every rule. The name in lower case is the rule's name in findings and errors."""

    MODE = _row("R01", "the run names its mode, and it is the broker's", "실행 모드를 명시하고 증권사 모드와 같다")
    ACCOUNT = _row("R02", "every order is for the broker's account", "모든 주문이 증권사의 그 계좌를 향한다")
    KILL_SWITCH = _row("R03", "the kill switch is off", "긴급 정지가 꺼져 있다")
    APPROVED = _row(
        "R04",
        "the policy is the approved one and the typed id is the plan's",
        "승인된 정책이고 입력한 번호가 계획 번호와 같다",
    )
    COOLDOWN = _row(
        "R05",
        "real money follows a policy only after its cooldown",
        "실제 주문은 승인 뒤 대기 기간이 지난 정책만 따른다",
        default=("governance.cooldown_days: 7", "governance.cooldown_days: 7일"),
    )
    SNAPSHOT = _row(
        "R06",
        "the broker holds what the plan was made from",
        "증권사 잔고가 계획의 근거와 같다",
        default=("exactly", "정확히 일치"),
    )
    SESSION = _row(
        "R07",
        "the exchange of what is traded is open",
        "거래할 종목의 거래소가 열려 있다",
        default=("30 s after the opening to 15 min before the close", "개장 30초 뒤부터 마감 15분 전까지"),
    )
    PRICE_AGE = _row(
        "R08",
        "no price is older than the policy allows",
        "정책이 허용한 것보다 오래된 가격이 없다",
        default=("prices.max_age", "prices.max_age"),
    )
    FAT_FINGER = _row(
        "R09",
        "limits are near the last price, and it did not jump",
        "지정가가 최근 가격에 가깝고 가격이 급변하지 않았다",
        default=("3 %; a jump of 15 % is acknowledged", "3 %, 15 % 급변은 확인"),
    )
    NEEDS_TRADE = _row(
        "R10",
        "something is past its band and every order follows its goal",
        "기준을 벗어난 것이 있고 모든 주문이 목표 방향이다",
        default=("policy", "정책"),
    )
    LANDS = _row(
        "R11",
        "each asset lands at the plan's own goal",
        "각 종목이 계획의 목표에 도달한다",
        default=("1 point or one share", "1 %p 또는 1주"),
    )
    DRIFT_FALLS = _row(
        "R12",
        "the total distance to the goal falls",
        "목표까지의 거리 합이 줄어든다",
        default=("one asset may grow by less than a share", "한 종목은 1주 미만 늘 수 있음"),
    )
    NO_OVERSELL = _row("R13", "no more is sold than may be sold", "매도 가능 수량을 넘지 않는다")
    CASH = _row(
        "R14",
        "cash after every order stays above the buffer",
        "모든 주문 뒤 현금이 남겨 둘 금액 이상이다",
        default=("0", "0"),
    )
    MIN_TRADE = _row(
        "R15",
        "no order is below the minimum, unless it sells out",
        "전량 매도가 아니면 최소 거래 금액 이상이다",
        default=("policy", "정책"),
    )
    MAX_ORDER = _row(
        "R16",
        "no order is too large a share of the account",
        "한 주문이 계좌의 일정 비율을 넘지 않는다",
        default=("10 % of the account", "계좌의 10 %"),
    )
    TURNOVER = _row(
        "R17",
        "the run does not turn over too much",
        "거래 총액과 주문 수가 한도 안이다",
        default=("30 % of the account, 40 orders", "계좌의 30 %, 주문 40건"),
    )
    UNIVERSE = _row(
        "R18", "every order is for an asset that the policy lets it trade", "정책이 거래를 허용한 종목만 거래한다"
    )
    ONE_SIDE = _row(
        "R19",
        "nothing is bought and sold, now or within days",
        "같은 종목을 사고팔지 않고 며칠 안에 되돌리지 않는다",
        default=("5 days", "5일"),
        consequence=Consequence.ACKNOWLEDGE,
    )
    OPEN_ORDERS = _row(
        "R20",
        "nothing is open or unknown, and nobody else trades the account",
        "미체결·미확인 주문이 없고 다른 프로그램이 거래하지 않는다",
    )
    ONCE = _row(
        "R21",
        "the policy was not executed in this session already",
        "이 날짜에 같은 정책을 이미 실행하지 않았다",
        default=("unless --again", "--again이면 예외"),
    )
    CURRENCY = _row(
        "R22", "currencies and rates of order, price and policy agree", "주문, 가격, 정책의 통화와 환율이 같다"
    )
    EX_DATE = _row(
        "R23",
        "no rebalance near an ex-dividend day, where the policy asks for that",
        "정책이 정하면 배당락일 근처에서 리밸런싱하지 않는다",
        default=("constraints.ex_dividend_days: 7", "constraints.ex_dividend_days: 7일"),
    )
    DATA_TOTAL = _row(
        "R24",
        "the broker's holdings add up to the plan's total",
        "증권사 잔고의 합이 계획의 총액과 같다",
        default=("0.1 %", "0.1 %"),
    )
    EXCHANGE = _row(
        "R29",
        "the broker can exchange currencies, and rates and costs are those of the plan's inputs",
        "증권사에서 환전할 수 있고 환율과 비용이 계획의 근거와 같다",
    )
    CLOCK = _row(
        "R26",
        "this computer's clock is the broker's",
        "컴퓨터 시계가 증권사 시계와 같다",
        default=("5 seconds", "5초"),
    )
    TAX = _row(
        "R27",
        "whether the plan begins to owe tax this year",
        "이 계획으로 올해 세금이 생기기 시작하는지",
        default=("the yearly deduction", "연간 공제"),
        consequence=Consequence.ACKNOWLEDGE,
    )
    CERTIFICATE = _row("R28", "the plan's certificate is valid", "계획의 검산이 유효하다")

    @property
    def code(self) -> str:
        return self.value.code


@dataclass(frozen=True, slots=True)
class Broken:
    """One broken rule: what is wrong, with the value and the limit, and what to do. `asset` is a code or None."""

    rule: Rule
    wrong: Text
    fix: Text
    asset: str | None = None
    acknowledge: bool = False

    @property
    def blocks(self) -> bool:
        """Whether it blocks, rather than being acknowledged by typing the plan's id."""
        return self.rule.value.consequence is Consequence.BLOCK and not self.acknowledge

    @property
    def says(self) -> Text:
        """The rule's code and what is wrong."""
        return Text(f"{self.rule.code} {self.wrong.en}", f"{self.rule.code} {self.wrong.ko}")

    def finding(self) -> Finding:
        """The broken rule as a finding of the run."""
        message = Text(f"{self.says.en}: {self.fix.en}", f"{self.says.ko}. {self.fix.ko}")
        return Finding(self.rule.name.lower(), "error" if self.blocks else "warning", message, self.asset)


def rule_table(language: Language = "en") -> str:
    """The rules as a Markdown table."""
    head = Text("| Code | Name | Rule | Default | Broken |", "| 코드 | 이름 | 규칙 | 기본값 | 어기면 |").of(language)
    rows = [
        f"| {rule.code} | {rule.name.lower()} | {rule.value.asks.of(language)} | {rule.value.default.of(language)} |"
        f" {rule.value.consequence.value} |"
        for rule in Rule
    ]
    return "\n".join((head, "|---|---|---|---|---|", *rows)) + "\n"
