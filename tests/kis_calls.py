"""Plain HTTP calls to a local KIS, for tests: no client of ours in between.

with start() as kis:
    desk = Desk(kis, "real")
    desk.get("inquire-balance")["output1"]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

from rebalance_kit.brokers.kis.rehearsal.market import Product
from rebalance_kit.brokers.kis.rehearsal.start import Opening, Rehearsal
from rebalance_kit.brokers.kis.rehearsal.table import SERVICES, Service
from rebalance_kit.brokers.kis.rehearsal.world import Environment

ETF = "069500"  # 40,000 won: ask 40,000, bid 39,995, limits 52,000 and 28,000
DATES = {"INQR_STRT_DT": "20260304", "INQR_END_DT": "20260304"}
LIMIT = {"ORD_DVSN": "00", "CNDT_PRIC": "", "EXCG_ID_DVSN_CD": "KRX", "SLL_TYPE": ""}


@dataclass
class Desk:
    """One customer of one environment. Every call moves a standing clock by a second, as a patient client would."""

    kis: Rehearsal
    environment: Environment = "mock"
    token: str | None = None
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=5))

    def __post_init__(self) -> None:
        self.settings = self.kis.settings(self.environment)
        self.number, self.product = self.settings["KIS_ACCOUNT"].split("-")

    @property
    def keys(self) -> dict[str, str]:
        return {"appkey": self.settings["KIS_APP_KEY"], "appsecret": self.settings["KIS_APP_SECRET"]}

    @property
    def account(self) -> dict[str, str]:
        return {"CANO": self.number, "ACNT_PRDT_CD": self.product}

    def ask_token(self) -> httpx.Response:
        body = {"grant_type": "client_credentials", **self.keys}
        return self.http.post(self.kis.url(self.environment) + "/oauth2/tokenP", json=body)

    def headers(self, tr_id: str, **more: str) -> dict[str, str]:
        if self.token is None:
            self.token = self.ask_token().json()["access_token"]
        return {"authorization": f"Bearer {self.token}", **self.keys, "tr_id": tr_id, "custtype": "P", **more}

    def raw(
        self,
        method: str,
        path: str,
        fields: Mapping[str, Any],
        headers: Mapping[str, str],
        content: bytes | None = None,
    ) -> httpx.Response:
        """A request as given, after a second."""
        self.kis.clock.advance(1)
        url = self.kis.url(self.environment) + path
        if method == "GET":
            return self.http.get(url, params=dict(fields), headers=dict(headers))
        if content is not None:
            return self.http.post(url, content=content, headers=dict(headers))
        return self.http.post(url, json=dict(fields), headers=dict(headers))

    def send(self, last: str, fields: Mapping[str, str] | None = None, *, n: int = 0, cont: str = "") -> httpx.Response:
        """A call of the service whose path ends so; the `n`th of those with the same path (sell is 1)."""
        service = service_of(last, n)
        tr_id = service.tr_id(self.environment) or "V" + service.real[1:]
        account = self.account if service.account else {}
        headers = self.headers(tr_id, tr_cont=cont) if cont else self.headers(tr_id)
        return self.raw(service.method, service.path, {**account, **(fields or {})}, headers)

    def get(self, last: str, fields: Mapping[str, str] | None = None, **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.send(last, fields, **options).json()
        return found

    def order(self, side: str, code: str, quantity: int, price: str = "0", **changes: str) -> dict[str, Any]:
        """A domestic order; without a price at the market."""
        body = {**LIMIT, "PDNO": code, "ORD_QTY": str(quantity), "ORD_UNPR": price, **changes}
        if price == "0" and "ORD_DVSN" not in changes:
            body["ORD_DVSN"] = "01"
        return self.get("order-cash", body, n=1 if side == "SELL" else 0)

    def change(self, kind: str, number: str, price: str = "0", **changes: str) -> dict[str, Any]:
        """Revise (01) or cancel (02) all that is left of a domestic order."""
        branch = {"real": "06010", "mock": "00950"}[self.environment]
        body = {**LIMIT, "KRX_FWDG_ORD_ORGNO": branch, "ORGN_ODNO": number, "RVSE_CNCL_DVSN_CD": kind, "ORD_QTY": "0",
                "ORD_UNPR": price, "QTY_ALL_ORD_YN": "Y", **changes}  # fmt: skip
        return self.get("order-rvsecncl", body)

    def us_order(self, side: str, code: str, quantity: int, price: str, exchange: str) -> dict[str, Any]:
        body = {"OVRS_EXCG_CD": exchange, "PDNO": code, "ORD_QTY": str(quantity), "OVRS_ORD_UNPR": price,
                "CTAC_TLNO": "", "MGCO_APTM_ODNO": "", "SLL_TYPE": "", "ORD_SVR_DVSN_CD": "0",
                "ORD_DVSN": "00"}  # fmt: skip
        return self.get("trading/order", body, n=1 if side == "SELL" else 0)

    def rows(self, last: str = "inquire-daily-ccld", **fields: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.get(last, DATES | fields)["output1"]
        return found


def service_of(last: str, n: int = 0) -> Service:
    """The nth service whose path ends so, domestic ones first."""
    return [s for s in SERVICES if s.path.endswith(f"/{last}")][n]


def etfs(count: int) -> list[Product]:
    return [Product(f"{900_001 + n}", f"가상ETF{n:03d}", Decimal(10_000)) for n in range(count)]


def opened(won: int = 1_000_000, **holdings: int) -> Opening:
    held = {code.lstrip("_"): (shares, Decimal(30_000 * shares)) for code, shares in holdings.items()}
    return Opening(Decimal(won), Decimal("1520.33"), held)
