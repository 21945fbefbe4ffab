"""The other door, for tests and for whoever runs a rehearsal: `/rehearsal/...` with the header `x-rehearsal`.

GET  state | calls
POST clock     {"set": "2026-03-04T10:00", "advance": 5, "speed": 1}
POST faults    [...]            the script, instead of the one before
POST price     {"code": "069500", "price": "38500"}
POST product   {"code": "069500", "halted": true, "nav": "38512.3", "depth": 100}
POST order     {"environment": "mock", "code": "069500", "side": "SELL", "quantity": 3, "price": "38500"}
               an order by phone
POST tokens    {}               every token expires
POST habits    {"environment": "mock", "lag": 0}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from rebalance_kit.brokers.kis.rehearsal.ledger import BUY, SELL, Account, Order
from rebalance_kit.brokers.kis.rehearsal.orders import placed_elsewhere
from rebalance_kit.brokers.kis.rehearsal.service import Service
from rebalance_kit.brokers.kis.rehearsal.wire import Call
from rebalance_kit.brokers.kis.rehearsal.world import Habits
from rebalance_kit.errors import UsageError

PREFIX = "/rehearsal/"


def _decimal(value: object) -> Decimal:
    return Decimal(str(value))


_PRODUCT: dict[str, Callable[[Any], object]] = {
    "halted": bool, "nav": _decimal, "depth": int, "spread": int, "base": _decimal,
}  # fmt: skip


def handle(service: Service, method: str, what: str, body: Any) -> tuple[int, Any]:
    """HTTP status and JSON of an admin request."""
    try:
        with service.world.lock:
            service.world.catch_up()
            return 200, _answer(service, method, what, body)
    except UsageError as error:
        return 400, {"error": error.message("en")}
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        return 400, {"error": f"{what}: {error!r}"}


def _answer(service: Service, method: str, what: str, body: Any) -> Any:
    world = service.world
    if method == "GET" and what == "state":
        return state(service)
    if method == "GET" and what == "calls":
        return [
            {"at": s.at.isoformat(), "environment": s.environment, "method": s.method, "path": s.path, "tr_id": s.tr_id,
             "tr_cont": s.tr_cont, "faults": list(s.faults), "msg_cd": s.msg_cd}
            for s in service.seen
        ]  # fmt: skip
    if method == "POST" and what == "clock":
        if "set" in body or "speed" in body:
            world.clock.set(body.get("set", world.clock.now()), body.get("speed"))
        world.clock.advance(float(body.get("advance", 0)))
        world.catch_up()
    elif method == "POST" and what == "faults":
        service.faults.load(body)
    elif method == "POST" and what == "price":
        world.move_price(body["code"], Decimal(str(body["price"])))
    elif method == "POST" and what == "product":
        product = world.market.products[body["code"]]
        for name, value in body.items():
            if name != "code":
                setattr(product, name, _PRODUCT[name](value))
    elif method == "POST" and what == "order":
        return {"number": phone_order(service, **body).number}
    elif method == "POST" and what == "tokens":
        service.gate.kill_tokens()
    elif method == "POST" and what == "habits":
        _change_habits(world.habits[body["environment"]], body)
    else:
        raise KeyError(f"{method} {what}")
    return {"now": world.clock.now().isoformat()}


def phone_order(service: Service, environment: Any, code: str, side: str, quantity: int, price: Any = "0") -> Order:
    """An order that a person places elsewhere: it is in the list, with another channel."""
    world = service.world
    with world.lock:
        now = world.catch_up()
        account = world.account(environment)
        call = Call(world, service.exchange, environment, account, "", {}, {}, now)
        return placed_elsewhere(call, code, BUY if side == "BUY" else SELL, quantity, Decimal(str(price)), now)


def _change_habits(habits: Habits, body: dict[str, Any]) -> None:
    known = {f.name for f in fields(habits)}
    for name, value in body.items():
        if name != "environment":
            if name not in known:
                raise KeyError(name)
            kept = getattr(habits, name)
            setattr(habits, name, Decimal(str(value)) if isinstance(kept, Decimal) else value)


def state(service: Service) -> dict[str, Any]:
    """Everything that a comparison needs, amounts as text."""
    world = service.world
    accounts = [
        {"environment": environment, "number": f"{number}-{product}", **_account(account, world.clock.now().date())}
        for (environment, number, product), account in world.accounts.items()
    ]
    prices = {code: str(product.price) for code, product in world.market.products.items()}
    return {
        "now": world.clock.now().isoformat(), "accounts": accounts, "prices": prices, "rate": str(world.market.rate),
        "tokens_issued": sum(service.gate.issues.values()),
    }  # fmt: skip


def _account(account: Account, today: date) -> dict[str, Any]:
    return {
        "cash": {c: {"D+0": str(account.cash(c, today)), "D+2": str(account.cash(c))} for c in ("KRW", "USD")},
        "holdings": {h.code: h.quantity for h in account.holdings.values() if h.quantity},
        "orders": [
            {"day": o.day.isoformat(), "number": o.number, "branch": o.branch, "code": o.code,
             "side": "BUY" if o.buys else "SELL", "quantity": o.quantity, "price": str(o.price), "kind": o.kind,
             "original": o.original, "filled": o.filled, "amount": str(o.amount), "fee": str(o.fee), "tax": str(o.tax),
             "cancelled": o.cancelled, "rejected": o.rejected, "remaining": o.remaining, "channel": o.channel}
            for o in account.orders
        ],
    }  # fmt: skip
