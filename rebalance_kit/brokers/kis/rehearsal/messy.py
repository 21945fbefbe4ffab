"""The service's untidy habits: order numbers in three forms, filler rows, padded numbers, a row without its list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rebalance_kit.brokers.kis.rehearsal.wire import Call, Reply, Row


def odno(call: Call, number: int) -> str:
    """An order number in a list: the mock service pads it with blanks, the real one with zeros."""
    form = call.effects.number_form or ("blank" if call.mock else "zero")
    return {"blank": f"{number:>10}", "zero": f"{number:010d}", "plain": str(number)}[form]


def original_odno(call: Call, number: int | None) -> str:
    """The number of the original; an order that is one itself has blanks or zeros there."""
    if number is None:
        return " " * 10 if call.mock else "0" * 10
    return odno(call, number)


def listed(call: Call, rows: Sequence[Row]) -> list[Row]:
    """Rows as a fault wants them: twice, in another order, with a blank one at the end."""
    shown, effect = list(rows), call.effects.rows
    if effect == "twice":
        shown = [row for row in shown for _ in range(2)]
    elif effect == "shuffled":
        shown = shown[1::2] + shown[::2]
    elif effect == "filler" and shown:
        shown.append(dict.fromkeys(shown[0], ""))
    return shown


def made_messy(call: Call, reply: Reply) -> Reply:
    """A finished reply with what a fault changes in it."""
    if call.effects.rows == "object":
        for name, value in reply.body.items():
            if name.startswith("output") and isinstance(value, list) and len(value) == 1:
                reply.body[name] = value[0]
    for path, value in call.effects.overwrite:
        overwrite(reply.body, path.split("."), value)
    if call.effects.padded:
        reply.body = {k: _padded(v) if k.startswith("output") else v for k, v in reply.body.items()}
    return reply


def overwrite(node: Any, path: list[str], value: Any) -> None:
    """Put a value at a path such as output1.0.tot_ccld_qty (`*`: every row); a path that is not there changes
    nothing."""
    head, rest = path[0], path[1:]
    if isinstance(node, list):
        chosen = range(len(node)) if head == "*" else [int(head)] if head.isdigit() and int(head) < len(node) else []
        for index in chosen:
            if rest:
                overwrite(node[index], rest, value)
            else:
                node[index] = value
    elif isinstance(node, dict) and (head in node or not rest):
        if rest:
            overwrite(node[head], rest, value)
        elif value is None:
            node.pop(head, None)
        else:
            node[head] = value


def _padded(node: Any) -> Any:
    """Numbers with leading blanks and words with trailing ones."""
    if isinstance(node, dict):
        return {key: _padded(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_padded(value) for value in node]
    if isinstance(node, str) and node:
        return f"{node:>12}" if node.lstrip("-+").replace(".", "", 1).isdigit() else node + "    "
    return node
