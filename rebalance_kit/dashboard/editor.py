"""The weights editor as a widget: the page keeps the sum at 100 % and sends one whole list, which Python checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypedDict

import anywidget
import traitlets

from rebalance_kit.dashboard.heart import asset


class Row(TypedDict):
    """One row of the editor. `policy` is the rule's own weight in basis points; a `fixed` row cannot be unlocked."""

    code: str
    name: str
    group: str
    facts: str
    policy: int
    fixed: bool


class Editor(anywidget.AnyWidget):
    """`on_edit(weights, locks)` gets what a page sent, unchecked; `on_reset()` the wish for the policy's weights.

    `state` is what Python holds. `view` and `number` say which page's which list it answers; a page that reads another
    name there takes the weights over as they are.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    rows: traitlets.List[Row] = traitlets.List().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)

    def __init__(self, on_edit: Callable[[object, object], bool], on_reset: Callable[[], object]) -> None:
        super().__init__(state=_state((), (), "desk", 0))
        self._on_edit = on_edit
        self._on_reset = on_reset
        self._answers = 0
        self.on_msg(self._hear)

    @traitlets.default("_esm")
    def _read_esm(self) -> str:
        return asset("editor.js")

    def show(self, weights: Sequence[int], locks: Sequence[bool]) -> None:
        """Make every page show these weights."""
        self._answers += 1
        self.state = _state(weights, locks, "desk", self._answers)

    def _hear(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        match message:
            case {"kind": "weights", "view": str(view), "number": int(number), "weights": weights, "locks": locks}:
                if self._on_edit(weights, locks):
                    self.state = _state(weights, locks, view, number)
            case {"kind": "reset"}:
                self._on_reset()


def _state(weights: Sequence[int], locks: Sequence[bool], view: str, number: int) -> dict[str, object]:
    return {"weights": list(weights), "locks": list(locks), "view": view, "number": number}
