"""The JSON that other programs rely on, key by key, and a check that a document has that shape.

A shape is a type, a pattern for a string, a tuple of alternatives, a list of one shape, or a mapping of required keys;
more keys than those are welcome.
"""

from __future__ import annotations

import re
from typing import Any

NUMBER = re.compile(r"-?\d+(\.\d+)?")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
CODE = re.compile(r"[A-Z0-9./-]{1,12}")
FINDING = {"rule": re.compile(r"[a-z][a-z0-9_]*"), "severity": re.compile("info|warning|error"), "message": str}
TRIGGERS = "scheduled|drift|group_drift|max_interval|cash_flow|no_trade_zone|manual|none"

DECISION = {
    "rebalance": bool,
    "trigger": re.compile(TRIGGERS),
    "reasons": [str],
    "next_date": (DATE, None),
    "delayed_until": (DATE, None),
}
DRIFT = {
    "portfolio": str,
    "as_of": DATE,
    "base_currency": re.compile("[A-Z]{3}"),
    "total_value": NUMBER,
    "cash": [{"account": str, "currency": re.compile("[A-Z]{3}"), "amount": NUMBER}],
    "fx": [{"pair": re.compile("[A-Z]{3}/[A-Z]{3}"), "rate": NUMBER, "as_of": DATE, "source": str}],
    "assets": [
        {
            "code": CODE,
            "name": str,
            "group": (str, None),
            "quantity": int,
            "price": (NUMBER, None),
            "value": NUMBER,
            "current_weight": NUMBER,
            "target_weight": NUMBER,
            "drift": NUMBER,
            "relative_drift": (NUMBER, None),
            "lower": NUMBER,
            "upper": NUMBER,
            "breached": bool,
        }
    ],
    "groups": [{"name": str, "current_weight": NUMBER, "target_weight": NUMBER, "drift": NUMBER, "breached": bool}],
    "decision": DECISION,
    "findings": [FINDING],
}
ORDER = {
    "account": str,
    "code": CODE,
    "name": str,
    "side": re.compile("BUY|SELL"),
    "quantity": int,
    "limit_price": (NUMBER, None),
    "reference_price": NUMBER,
    "amount": NUMBER,
    "commission": NUMBER,
    "slippage": NUMBER,
    "tax": (NUMBER, None),
    "benefit": (NUMBER, None),
    "lots": [{"lot_id": str, "quantity": int}],
    "reason": str,
}
BENEFIT = {
    "horizon_months": int,
    "risk_aversion": NUMBER,
    "risk_aversion_from": re.compile("policy|targets|assumed"),
    "covariance_from": re.compile("policy|prices"),
    "history": ([DATE], None),
    "returns": (int, None),
    "yearly_before": NUMBER,
    "yearly_after": NUMBER,
    "benefit": NUMBER,
    "cost": NUMBER,
    "tax": (NUMBER, None),
    "pays": bool,
    "payback_months": (NUMBER, None),
}
CURRENCY = re.compile("[A-Z]{3}")
EXCHANGE = {
    "account": str,
    "sold_currency": CURRENCY,
    "sold": NUMBER,
    "bought_currency": CURRENCY,
    "bought": NUMBER,
    "rate": NUMBER,
    "cost": NUMBER,
}
YEAR = {"realised_gain": NUMBER, "financial_income": NUMBER, "tax": NUMBER}
IGNORING_TAX = {
    "tax": NUMBER,
    "commission": NUMBER,
    "slippage": NUMBER,
    "fx_cost": NUMBER,
    "cost": NUMBER,
    "orders": int,
    "nearer": NUMBER,
    "same": bool,
}
TAX = {
    "statement": str,
    "rules_dated": DATE,
    "year_to_date_before": YEAR,
    "year_to_date_after": YEAR,
    "withheld": NUMBER,
    "ignoring_tax": (IGNORING_TAX, None),
    "rules": [str],
}
PLAN = DRIFT | {
    "plan_id": re.compile("[0-9a-f]{12,64}"),
    "method": str,
    "cash_rule": (str, None),
    "goal": [{"code": CODE, "value": NUMBER, "amount": NUMBER, "below_minimum": bool}],
    "orders": [ORDER],
    "exchanges": [EXCHANGE],
    "summary": {
        "turnover": NUMBER,
        "commission": NUMBER,
        "slippage": NUMBER,
        "fx_cost": NUMBER,
        "tax": (NUMBER, None),
        "benefit": (NUMBER, None),
        "cash_before": NUMBER,
        "cash_after": NUMBER,
        "max_drift_before": NUMBER,
        "max_drift_after": NUMBER,
    },
    "benefit": (BENEFIT, None),
    "tax": (TAX, None),
    "after": [{"code": CODE, "quantity": int, "value": NUMBER, "weight": NUMBER, "drift": NUMBER}],
    "optimality": {"status": re.compile("optimal|gap"), "gap_bp": (int, float)},
    "certificate": {"valid": bool, "checks": [{"name": str, "holds": bool, "detail": str}]},
}
EXECUTION = {
    "client_order_id": str,
    "broker_order_id": (str, None),
    "code": CODE,
    "side": re.compile("BUY|SELL"),
    "ordered": int,
    "filled": int,
    "average_price": (NUMBER, None),
    "state": str,
}
RUN_PART = {
    "run_id": (str, None),
    "status": re.compile("SUCCESS|PARTIAL|FAILED|DRY_RUN|NOT_NEEDED|UNKNOWN"),
    "stopped_after": (re.compile("drift|plan|check|sell|buy"), None),
    "executions": [EXECUTION],
    "exchanged": [EXCHANGE | {"state": re.compile("PENDING|DONE|REFUSED")}],
}
RUN = PLAN | RUN_PART
HISTORY = {"runs": [RUN_PART]}
CASH = {
    "amount": NUMBER,
    "rules": [
        {
            "name": re.compile("proportional|water_filling|least_squares"),
            "allocations": [{"code": CODE, "amount": NUMBER}],
            "whole_shares": [{"account": str, "code": CODE, "quantity": int, "amount": NUMBER}],
            "left_over": NUMBER,
            "worst_relative_gap": NUMBER,
        }
    ],
    "smallest_no_sell_deposit": (NUMBER, None),
}

SAVINGS = {
    "amount": NUMBER,
    "months": int,
    "base_currency": re.compile("[A-Z]{3}"),
    "max_drift_before": NUMBER,
    "smallest_no_sell_deposit": (NUMBER, None),
    "months_to_restore": (int, None),
    "rules": [
        {
            "name": re.compile("proportional|water_filling|least_squares"),
            "restored_after": (int, None),
            "deposited": NUMBER,
            "invested": NUMBER,
            "left_over": NUMBER,
            "months": [
                {
                    "month": int,
                    "deposit": NUMBER,
                    "to_invest": NUMBER,
                    "allocations": [{"code": CODE, "amount": NUMBER}],
                    "whole_shares": [{"account": str, "code": CODE, "quantity": int, "amount": NUMBER}],
                    "worst_relative_gap": (NUMBER, None),
                    "left_over": NUMBER,
                    "total_value": NUMBER,
                    "max_drift": NUMBER,
                }
            ],
            "after": [{"code": CODE, "quantity": int, "value": NUMBER, "weight": NUMBER, "drift": NUMBER}],
        }
    ],
    "statement": str,
}


def faults(value: Any, shape: Any, where: str = "$") -> list[str]:
    """Where `value` departs from `shape`; empty when it fits."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is no object"]
        missing = [f"{where}.{key} is missing" for key in shape if key not in value]
        return missing + [
            fault for key in shape if key in value for fault in faults(value[key], shape[key], f"{where}.{key}")
        ]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [fault for i, item in enumerate(value) for fault in faults(item, shape[0], f"{where}[{i}]")]
    if isinstance(shape, tuple) and any(isinstance(one, dict | list) for one in shape):
        return min((faults(value, one, where) for one in shape), key=len)
    return [] if _fits(value, shape) else [f"{where}: {value!r} does not fit {shape!r}"]


def _fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, tuple):
        return any(_fits(value, one) for one in shape)
    if shape is None:
        return value is None
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    return type(value) is shape
