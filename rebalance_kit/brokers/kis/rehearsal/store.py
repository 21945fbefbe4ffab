"""A rehearsal that goes on another day: the accounts, prices, numbers and the time in a JSON file.

Written after every order and at the end, in one piece; read when a rehearsal starts with the same file. What a fault
script had in mind for an order is not kept: it meets the market instead.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from rebalance_kit.brokers.kis.rehearsal.ledger import Account
from rebalance_kit.brokers.kis.rehearsal.market import Product
from rebalance_kit.brokers.kis.rehearsal.matching import Exchange
from rebalance_kit.brokers.kis.rehearsal.world import World
from rebalance_kit.errors import UsageError
from rebalance_kit.words import Text

_VERSION = 1


def save(world: World, path: Path) -> None:
    """Write everything that a later start needs. OSError when the file cannot be written."""
    accounts = [
        {"environment": environment, "account": _encode(account)}
        for (environment, _, _), account in world.accounts.items()
    ]
    kept = {
        "version": _VERSION,
        "now": world.clock.now().isoformat(),
        "accounts": accounts,
        "products": [_encode(product) for product in world.market.products.values()],
        "numbers": [[*key[:2], key[2].isoformat(), number] for key, number in world.numbers.items()],
    }
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    beside.replace(path)


def load(world: World, exchange: Exchange, path: Path) -> None:
    """Put a world back to what a file says; orders that were live go on. UsageError for a file of another making."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["version"] != _VERSION:
            raise KeyError("version")
        products = [_decode(Product, product) for product in kept["products"]]
        accounts = [(one["environment"], _decode(Account, one["account"])) for one in kept["accounts"]]
        numbers = {(env, group, date.fromisoformat(day)): number for env, group, day, number in kept["numbers"]}
        now = datetime.fromisoformat(kept["now"])
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise _not_ours(path) from error
    world.market.products = {product.code: product for product in products}
    world.accounts = {(environment, account.number, account.product): account for environment, account in accounts}
    world.numbers.update(numbers)
    world.clock.set(now)
    for environment, account in accounts:
        for order in account.live():
            exchange.go_on(environment, account, order)


def _encode(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encode(item) for item in value]
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _decode(kind: Any, value: Any) -> Any:
    """A value of a type from its JSON: dataclasses, lists and dictionaries of them, exact numbers, dates."""
    inner = get_args(kind)
    if NoneType in inner:
        return None if value is None else _decode(next(arg for arg in inner if arg is not NoneType), value)
    if get_origin(kind) is list:
        return [_decode(inner[0], item) for item in value]
    if get_origin(kind) is dict:
        return {key: _decode(inner[1], item) for key, item in value.items()}
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{field.name: _decode(hints[field.name], value[field.name]) for field in fields(kind)})
    if kind is Decimal:
        return Decimal(value)
    return kind.fromisoformat(value) if kind in (date, datetime) else value


def _not_ours(path: Path) -> UsageError:
    return UsageError(
        "not_a_rehearsal",
        where=path.name,
        wrong=Text("this is not the record of a rehearsal", "리허설 기록이 아닙니다"),
        expected=Text("a file that a rehearsal wrote, or none yet", "리허설이 쓴 파일이거나 아직 없는 파일"),
        fix=Text("choose another file", "다른 파일을 골라 주세요"),
    )
