"""The Korean rules of 2025 and 2026 as dated records, each under its source.

Abolished or never enacted, and so not here: the financial investment income tax (금투세; abolished by vote of the
National Assembly on 2024-12-10) and the "five years of carry-forward" that some blogs report for overseas shares.
Nor is the separate taxation of high dividends from 2026: it does not cover distributions of ETFs (newspim 2026-02-19).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from rebalance_kit.tax.records import Confidence, Rule, steps
from rebalance_kit.words import Text

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW
_2025 = date(2025, 1, 1)
ISA_BILL = "kr_bill_isa_2026"
RIA_BILL = "kr_bill_ria_2026"


def _rule(
    name: str,
    value: str,
    en: str,
    ko: str,
    source: str,
    confidence: Confidence,
    start: date = _2025,
    until: date | None = None,
    bill: str | None = None,
) -> Rule:
    return Rule(name, Text(en, ko), Decimal(value), start, source, confidence, until, bill)


_KODEX = "KODEX FAQ (m.kodex.com/retFaqBoard.do); Income Tax Act (소득세법) art. 129"
_OVERSEAS = "Income Tax Act (소득세법) art. 118-2 ff.; intn.co.kr 2022-06-20 on the tax office's ruling"
_ISA = "Restriction of Special Taxation Act (조특법) art. 91-18"
_ISA_PLAN = "government plan for 2026, not enacted when last read"
_PENSION = "Income Tax Act (소득세법) art. 20-3, 59-3, 64-4; secondary sources"
_RIA = "bill read on 2026-02-27 (segye 2026-02-28, krnews21)"

CLASSES = (
    _rule("kr_withholding_national", "0.14", "withheld from dividends and from gains of kr_other ETFs",
          "배당과 기타 ETF 매매차익의 원천징수 세율(국세)", _KODEX, HIGH),
    _rule("kr_withholding_local_share", "0.10", "local income tax as a share of the tax withheld",
          "원천징수 국세 대비 지방소득세 비율", "Local Tax Act (지방세법) art. 103-13", HIGH),
    _rule("kr_withholding_unit", "10", "withheld tax is cut to multiples of this many won, national then local",
          "원천징수 세액을 자르는 단위(원), 국세 다음 지방세", "from memory; National Funds Management Act art. 47",
          LOW),
    _rule("kr_overseas_rate", "0.22", "tax on overseas gains, local tax included",
          "해외주식 양도소득세율(지방세 포함)", _OVERSEAS, HIGH),
    _rule("kr_overseas_deduction", "2500000", "yearly deduction from overseas gains",
          "해외주식 양도소득 연간 기본공제", _OVERSEAS, HIGH),
    _rule("kr_overseas_dividend_withholding", "0.15", "withheld in the US from distributions",
          "미국 배당 원천징수 세율", "Korea-US tax treaty; document 000", HIGH),
    _rule("kr_ptp_withholding", "0.10", "share of the proceeds withheld by the US when a PTP is sold, even at a loss",
          "미국 PTP 매도 대금의 원천징수 비율(손실이어도)", "IRC 1446(f); economist.co.kr 2022-12-02", HIGH,
          start=date(2023, 1, 1)),
    _rule("kr_redemption_loss_counts", "0",
          "1: the loss of an overseas ETF that is liquidated counts; 0: it does not, only a sale before the delisting",
          "상장폐지 상환 손실을 통산하면 1, 아니면 0(상장폐지 전에 팔아야 통산)",
          "tax office answer 서면-2025-국제세원-4600, 2025-03-07", HIGH),
    _rule("kr_etf_transaction_tax", "0", "securities transaction tax on ETFs",
          "ETF 증권거래세", "eugenefn.com ETF page, KODEX and TIGER pages", MEDIUM),
    _rule("kr_settlement_lag_days", "1", "days after settlement in the US until the Korean broker's settlement date",
          "미국 결제일부터 국내 증권사 결제일까지의 일수", "fits the last safe day of 2025 (29 December)", MEDIUM,
          start=date(2000, 1, 1)),
)  # fmt: skip

FINANCIAL_INCOME = (
    _rule("kr_financial_threshold", "20000000", "financial income above this is taxed with other income",
          "이 금액을 넘는 금융소득은 종합과세", "Income Tax Act (소득세법) art. 14, 62", MEDIUM),
    _rule("kr_local_income_share", "0.10", "local income tax as a share of income tax",
          "소득세 대비 지방소득세 비율", "Local Tax Act (지방세법) art. 92", MEDIUM),
    *steps(
        "kr_income",
        Text("income tax", "종합소득세"),
        (
            ("0", "0.06"), ("14000000", "0.15"), ("50000000", "0.24"), ("88000000", "0.35"),
            ("150000000", "0.38"), ("300000000", "0.40"), ("500000000", "0.42"), ("1000000000", "0.45"),
        ),
        date(2023, 1, 1),
        "Income Tax Act (소득세법) art. 55, from memory",
        LOW,
    ),
)  # fmt: skip

ACCOUNTS = (
    _rule("kr_isa_exempt", "2000000", "exempt part of an ISA's net income, general", "ISA 비과세 한도(일반형)",
          _ISA, HIGH),
    _rule("kr_isa_exempt_low_income", "4000000", "exempt part of an ISA's net income, low income",
          "ISA 비과세 한도(서민형)", _ISA, HIGH),
    _rule("kr_isa_rate", "0.099", "tax on an ISA's net income above the exempt part, local tax included",
          "ISA 비과세 초과분 분리과세율(지방세 포함)", _ISA, HIGH),
    _rule("kr_isa_year_cap", "20000000", "paid into an ISA in a year", "ISA 연간 납입 한도", _ISA, HIGH),
    _rule("kr_isa_total_cap", "100000000", "paid into an ISA in all", "ISA 총 납입 한도", _ISA, HIGH),
    _rule("kr_isa_years", "3", "years that an ISA must be kept", "ISA 의무 가입 기간(년)", _ISA, HIGH),
    _rule("kr_isa_equity_loss_counts", "1",
          "1: losses of domestic-stock ETFs reduce an ISA's net income (gains are exempt)",
          "1이면 국내주식형 ETF 손실을 ISA 순이익에서 차감(이익은 비과세)", "several blogs", MEDIUM),
    _rule("kr_pension_exit_under_70", "0.055", "tax on a pension paid out before 70", "70세 미만 연금 수령 세율",
          _PENSION, MEDIUM),
    _rule("kr_pension_exit_under_80", "0.044", "tax on a pension paid out from 70 to 79", "70대 연금 수령 세율",
          _PENSION, MEDIUM),
    _rule("kr_pension_exit_from_80", "0.033", "tax on a pension paid out from 80", "80세 이상 연금 수령 세율",
          _PENSION, MEDIUM),
    _rule("kr_pension_year_limit", "15000000", "pension of a year above which 16.5 % or the global rate applies",
          "16.5 % 또는 종합과세를 택하는 연간 연금 수령액", _PENSION, MEDIUM),
    _rule("kr_pension_flat_rate", "0.165", "tax on an early exit, and on choice above the year's limit",
          "중도 해지, 연간 한도 초과 선택 시 세율", _PENSION, MEDIUM),
    _rule("kr_pension_paid_cap", "18000000", "paid into pension accounts in a year", "연금계좌 연간 납입 한도",
          _PENSION, MEDIUM),
    _rule("kr_pension_credit_cap", "9000000", "payments of a year that earn a tax credit (IRP included)",
          "연간 세액공제 대상 납입액(IRP 포함)", _PENSION, MEDIUM),
    _rule("kr_pension_credit_cap_savings", "6000000", "of which into a pension savings account (연금저축)",
          "그중 연금저축 한도", _PENSION, MEDIUM),
)  # fmt: skip

BILLS = (
    _rule(ISA_BILL, "0", "1 switches on the planned larger ISA", "1이면 ISA 확대 계획안을 적용", _ISA_PLAN, LOW),
    _rule("kr_isa_exempt", "5000000", "planned exempt part, general", "계획안의 비과세 한도(일반형)", _ISA_PLAN, LOW,
          start=date(2026, 1, 1), bill=ISA_BILL),
    _rule("kr_isa_exempt_low_income", "10000000", "planned exempt part, low income", "계획안의 비과세 한도(서민형)",
          _ISA_PLAN, LOW, start=date(2026, 1, 1), bill=ISA_BILL),
    _rule("kr_isa_year_cap", "40000000", "planned yearly cap", "계획안의 연간 납입 한도", _ISA_PLAN, LOW,
          start=date(2026, 1, 1), bill=ISA_BILL),
    _rule("kr_isa_total_cap", "200000000", "planned total cap", "계획안의 총 납입 한도", _ISA_PLAN, LOW,
          start=date(2026, 1, 1), bill=ISA_BILL),
    _rule(RIA_BILL, "0", "1 switches on the planned account for returning overseas investments (RIA)",
          "1이면 국내시장 복귀계좌(RIA) 법안을 적용", _RIA, LOW, start=date(2026, 1, 1), until=date(2026, 12, 31)),
    _rule("kr_ria_sale_cap", "50000000", "sale of overseas shares that may move into a RIA",
          "RIA로 옮기는 매도 금액 한도",
          _RIA, LOW, start=date(2026, 1, 1), until=date(2026, 12, 31), bill=RIA_BILL),
    _rule("kr_ria_exempt_share", "0.5",
          "exempt part of the gain, at its lowest (the bill says 100, 80 or 50 % by date)",
          "비과세 비율(법안은 시기에 따라 100, 80, 50 %), 가장 낮은 값", _RIA, LOW,
          start=date(2026, 1, 1), until=date(2026, 12, 31), bill=RIA_BILL),
)  # fmt: skip

KOREA = (*CLASSES, *FINANCIAL_INCOME, *ACCOUNTS, *BILLS)
