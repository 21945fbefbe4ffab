"""The local KIS answers in the shapes of the sample replies that stand beside the project, where they do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from rebalance_kit.brokers.kis.rehearsal.market import Bar, Dividend, Product
from rebalance_kit.brokers.kis.rehearsal.start import Opening, Rehearsal, start
from rebalance_kit.brokers.kis.rehearsal.world import Environment
from tests.kis_calls import Desk
from tests.shared_data import SHARED

SAMPLES = SHARED.parent / "reference" / "kis_samples"
# Replies that only a fault or another state makes; their codes are asserted elsewhere.
STATE = (
    "inquire_daily_ccld_mock_lagging", "period_rights", "overseas_price_wrong_exchange", "overseas_ccnl_empty_object",
    "unsupported_in_mock",
)  # fmt: skip


def samples() -> list[Path]:
    """The samples of inquiries and quotes."""
    found = (path for path in sorted(SAMPLES.glob("*.json")) if path.stem not in STATE and "error" not in path.stem)
    return [path for path in found if json.loads(path.read_text(encoding="utf-8"))["_request"]["method"] == "GET"]


def spell(code: str, name: str, price: str, market: str = "KRX", **more: Any) -> Product:
    return Product(code, name, Decimal(price), market, **more)


def busy() -> Rehearsal:
    """A day with fills, a resting order, US holdings and a distribution: every list has a row."""
    bars = [Bar(date(2026, 9, 28 + n), Decimal(38_000 + 100 * n)) for n in range(3)]
    usd = [Bar(date(2026, 9, 28 + n), Decimal(243 + n)) for n in range(3)]
    paid = [Dividend(date(2026, 10, 1), Decimal(85), date(2026, 10, 6))]
    products = [
        spell("069500", "KODEX 200", "38500", history=bars, base=Decimal(38_210), dividends=paid),
        spell("QQQM", "INVESCO NASDAQ 100 ETF", "245.10", "NASD", history=usd, base=Decimal("243.90")),
    ]
    held = {"069500": (120, Decimal(4_334_450)), "QQQM": (12, Decimal("2656.20"))}
    opening = Opening(Decimal(5_000_000), Decimal("1520.33"), held)
    kis = start(products, opening, at="2026-10-01 10:15")
    for environment in kis.world.habits:
        desk = Desk(kis, environment)
        assert desk.order("BUY", "069500", 3, "38500")["rt_cd"] == "0"
        assert desk.order("BUY", "069500", 5, "38000")["rt_cd"] == "0"
    kis.clock.set("2026-10-01 23:31")
    for environment in kis.world.habits:
        desk = Desk(kis, environment, token=None)
        kis.clock.advance(70)
        assert desk.us_order("BUY", "QQQM", 3, "240.00", "NASD")["rt_cd"] == "0"
    kis.clock.set("2026-10-01 23:59")
    return kis


@pytest.fixture(scope="module")
def kis() -> Iterator[Rehearsal]:
    if not SAMPLES.is_dir():
        pytest.skip("no sample replies beside the project")
    with busy() as running:
        yield running


def keys(value: Any) -> Any:
    """The keys of a body, rows by their first."""
    if isinstance(value, dict):
        return {name: keys(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [keys(value[0])] if value else []
    return type(value).__name__


def covered(wanted: Any, given: Any, where: str = "") -> list[str]:
    """What a sample has and the reply has not; and the other way round."""
    if isinstance(wanted, dict) and isinstance(given, dict):
        missing = [f"{where}.{name} missing" for name in wanted if name not in given]
        extra = [f"{where}.{name} not in the sample" for name in given if name not in wanted]
        both = (covered(wanted[n], given[n], f"{where}.{n}") for n in wanted if n in given)
        return missing + extra + [fault for faults in both for fault in faults]
    if isinstance(wanted, list) and isinstance(given, list):
        return covered(wanted[0], given[0], where) if wanted and given else []
    return [] if wanted == given else [f"{where}: {given} instead of {wanted}"]


TOKENS: dict[Environment, str] = {}


def asked(sample: dict[str, Any], kis: Rehearsal) -> httpx.Response:
    """The request of a sample, made for the account here."""
    request = sample["_request"]
    environment: Environment = "mock" if request["env"] == "mock" else "real"
    desk = Desk(kis, environment, token=TOKENS.get(environment))
    query = request["query"] | (desk.account if "CANO" in request["query"] else {})
    reply = desk.raw("GET", request["path"], query, desk.headers(request["tr_id"]))
    TOKENS[environment] = desk.token or ""
    return reply


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.stem)
def test_a_reply_has_the_keys_of_its_sample(path: Path, kis: Rehearsal) -> None:
    sample = json.loads(path.read_text(encoding="utf-8"))
    reply = asked(sample, kis)
    assert reply.status_code == sample["_http"]["status"]
    wanted, given = keys(sample["body"]), keys(reply.json())
    if "empty" in path.stem:  # an account with holdings has the cursor keys that an empty one lacks
        wanted, given = ({k: v for k, v in body.items() if "ctx" not in k} for body in (wanted, given))
    assert covered(wanted, given) == []
    assert reply.headers.keys() >= {"tr_id", "tr_cont", "gt_uid", "date"}


def test_a_distribution_that_was_paid_looks_as_in_the_sample(kis: Rehearsal) -> None:
    sample = json.loads((SAMPLES / "period_rights.json").read_text(encoding="utf-8"))
    kis.clock.set("2026-10-07 09:30")
    TOKENS.clear()
    sample["_request"]["query"]["INQR_END_DT"] = "20261007"
    reply = asked(sample, kis).json()
    assert covered(keys(sample["body"]), keys(reply)) == []
    row = reply["output"][0]
    shares = int(row["cblc_qty"])
    assert (row["last_alct_amt"], row["tax_amt"]) == (str(85 * shares), str(int(85 * shares * 154 / 1000)))
    assert shares == 123, "bought shares count from the day they were bought"


@pytest.mark.parametrize(
    "stem", ["token_ok", "token_bad_appkey_403", "revoke_ok", "approval_ok", "hashkey_ok"],
)  # fmt: skip
def test_the_gate_answers_in_its_own_envelopes(stem: str, kis: Rehearsal) -> None:
    sample = json.loads((SAMPLES / f"{stem}.json").read_text(encoding="utf-8"))
    kis.clock.advance(70)
    desk = Desk(kis, "real")
    secret = {"secretkey": desk.keys["appsecret"]} if stem == "approval_ok" else {}
    body = sample["_request"]["json"] | (desk.keys if "bad" not in stem and stem != "hashkey_ok" else {}) | secret
    url = kis.url("real") + sample["_request"]["path"]
    reply = desk.http.post(url, json=body, headers=desk.keys)
    assert reply.status_code == sample["_http"]["status"]
    if stem == "hashkey_ok":
        assert reply.json()["BODY"] == body
    assert reply.json().keys() == sample["body"].keys()
    assert [type(value) for value in reply.json().values()] == [type(value) for value in sample["body"].values()]
