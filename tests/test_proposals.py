"""The narrow door for JSON that somebody else wrote: orders, and decisions about targets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebalance_kit.orders import Side
from rebalance_kit.policy.loading import policy_from_text
from rebalance_kit.policy.model import Policy
from rebalance_kit.proposals.decision import decision_of
from rebalance_kit.proposals.door import LARGEST, ProposalError, read_json
from rebalance_kit.proposals.orders import Proposal, read_proposal, read_proposal_file

ON = date(2026, 4, 1)


def read(document: object, side: Side | None = None) -> Proposal:
    return read_proposal(json.dumps(document), "plan.json", side)


def refused(document: object, side: Side | None = None) -> str:
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(ProposalError) as caught:
        read_proposal(text, "plan.json", side)
    assert caught.value.exit_code == 2
    assert caught.value.message("ko") != caught.value.message("en")
    return caught.value.message("en")


def order(**changes: Any) -> dict[str, Any]:
    return {"ticker": "069500", "side": "SELL", "quantity": 10, "reason": "too much"} | changes


# ---- orders ----


def test_both_shapes_of_document_004_say_the_same() -> None:
    wrapped = {
        "sell_orders": [{"ticker": "069500", "name": "KODEX 200", "quantity": 10, "reason": "too much"}],
        "buy_orders": [{"ticker": "305080", "name": "TIGER", "quantity": 3, "reason": "too little"}],
    }
    bare = [order(), order(ticker="305080", side="BUY", quantity=3)]
    assert [(w.code, w.side, w.quantity) for w in read(wrapped).wishes] == [
        ("069500", Side.SELL, Decimal(10)),
        ("305080", Side.BUY, Decimal(3)),
    ]
    assert read(wrapped).digest == read(bare).digest


def test_a_bare_list_takes_the_side_that_it_was_asked_for() -> None:
    (wish,) = read([{"ticker": "069500", "quantity": 10, "reason": ""}], Side.SELL).wishes
    assert wish.side is Side.SELL


def test_a_proposal_without_orders_is_one() -> None:
    assert read([]).wishes == ()
    assert read({"sell_orders": []}).wishes == ()


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([{"ticker": "069500", "quantity": 10}], "[0].side"),
        ([order(side="HOLD")], '"BUY" or "SELL"'),
        ([order(ticker=69500)], '"069500"'),
        ([order(ticker="")], "[0].ticker"),
        ([order(ticker="069500\n")], "[0].ticker"),
        ([order(code="305080")], "[0].code"),
        ([order(quantity=0)], "above zero"),
        ([order(quantity=-3)], "above zero"),
        ([order(quantity=True)], "above zero"),
        ([order(quantity="ten")], "above zero"),
        ([order(quantity="1e3")], "above zero"),
        ([order(quantity=10**13)], "above zero"),
        ([order(quantity=None)], "above zero"),
        ([order(quantiy=3)], "did you mean quantity"),
        ([order(reason="\u0000")], "printable"),
        ([order(reason="x" * 501)], "500"),
        ([order(), order(side="BUY")], "stands twice"),
        ({"sell_orders": [order(side="BUY")]}, '"SELL"'),
        ({"sells": []}, "did you mean sell_orders"),
        ({}, "sell_orders"),
        ("[1", "column"),
        ("```json\n[]\n```", "without comments, fences"),
        ("[] []", "one JSON document"),
        ('[{"ticker": "069500", "quantity": NaN}]', "ordinary size"),
        ('[{"ticker": "069500", "quantity": 1e999}]', "ordinary size"),
        ('[{"ticker": "069500", "quantity": ' + "9" * 400 + "}]", "ordinary size"),
        ('[{"ticker": "A", "ticker": "B"}]', "twice"),
        ("[" * 5_000, "deeper"),
        ("7", "object in braces"),
        ("null", "object in braces"),
        (json.dumps([order(reason="x" * 400)] * 60), f"{LARGEST:,}"),
    ],
)
def test_what_is_not_a_proposal_is_refused_with_its_place(document: object, told: str) -> None:
    assert told in refused(document)


def test_a_file_that_is_missing_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProposalError, match="cannot be read"):
        read_proposal_file(tmp_path / "none.json")
    (tmp_path / "plan.json").write_bytes(b"\xff\xfe[")
    with pytest.raises(ProposalError, match="UTF-8"):
        read_proposal_file(tmp_path / "plan.json")


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["069500"])
_KEYS = st.sampled_from(["ticker", "code", "side", "quantity", "reason", "sell_orders", "buy_orders", "x"])
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5), max_leaves=20
)


@given(_JSON)
def test_any_json_is_read_or_refused_in_a_sentence(document: object) -> None:
    try:
        proposal = read_proposal(json.dumps(document), "plan.json")
    except ProposalError as error:
        told = error.message("en")
    else:
        told = "" if all(wish.quantity > 0 for wish in proposal.wishes) else "a quantity that is none"
    assert not told or told.startswith("plan.json")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    with suppress(ProposalError):  # anything else would fail
        read_json(text, "plan.json")


# ---- decisions about targets ----


@pytest.fixture(scope="module")
def policy() -> Policy:
    return policy_from_text(
        """
portfolio:
  allocation:
    stocks:
      assets: [{code: '360750', target: 0.35, min: 0.1, max: 0.5}, {code: '069500', target: 0.25}]
    bonds:
      assets: [{code: '305080', target: 0.35}]
  rebalancing: {cash: {target: 0.05}}
""",
        "portfolio.yaml",
    )


def decided(**changes: Any) -> dict[str, Any]:
    return {
        "date": "2026-03-31",
        "asset_classes": {"stocks": "0.5", "bonds": "0.45"},
        "assets": {"stocks": {"360750": "0.8", "069500": "0.2"}, "bonds": {"305080": 1}},
        "reason": "rates",
    } | changes


def targets(policy: Policy, document: Mapping[str, Any]) -> dict[str, str]:
    text = read_json(json.dumps(document), "mp.json")
    return {code: str(weight.normalize()) for code, weight in decision_of(text, policy, ON, "mp.json").targets.items()}


def test_shares_of_a_class_are_multiplied_exactly(policy: Policy) -> None:
    assert targets(policy, decided()) == {"360750": "0.4", "069500": "0.1", "305080": "0.45"}


def test_shares_of_the_portfolio_are_taken_as_they_are(policy: Policy) -> None:
    whole = {"stocks": {"360750": 0.4, "069500": 0.1}, "bonds": {"305080": 0.45}}
    assert targets(policy, decided(assets=whole)) == targets(policy, decided())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"date": "2026-04-02"}, "up to 2026-04-01"),
        ({"date": None}, "date"),
        ({"asset_classes": {"stocks": 0.5, "bonds": 0.5}}, "sum to 1.05"),
        ({"assets": {"stocks": {"360750": 0.8, "069500": 0.1}, "bonds": {"305080": 1}}}, "sum to 0.9"),
        ({"assets": {"stocks": {"360750": 0.8, "6950": 0.2}, "bonds": {"305080": 1}}}, "did you mean 069500"),
        ({"assets": {"stocks": {"360750": 0.8, "305080": 0.2}, "bonds": {"305080": 1}}}, "two classes"),
        ({"assets": {"stocks": {"360750": 0.08, "069500": 0.92}, "bonds": {"305080": 1}}}, "its min 0.1"),
        ({"assets": {"stocks": {"360750": 1}, "bond": {"305080": 1}}}, "did you mean bonds"),
        ({"asset_classes": {"stocks": -0.5, "bonds": 0.45}}, "from 0 to 1"),
        ({"asset_classes": {"stocks": "half", "bonds": 0.45}}, "from 0 to 1"),
        ({"when": "now"}, "when"),
    ],
)
def test_a_decision_is_checked_like_a_policy(policy: Policy, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ProposalError) as caught:
        targets(policy, decided(**changes))
    assert told in caught.value.message("en")
