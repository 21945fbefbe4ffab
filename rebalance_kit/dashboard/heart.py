"""The desk's pulse: says when a page opens, how wide it is, and covers it when the kernel no longer answers."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

PERIOD = 2.5  # seconds between two beats: two open questions cover the page after at most 7.5


def asset(name: str) -> str:
    """The text of a front-end file that lies beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


class Heart(anywidget.AnyWidget):
    """`on_open` is called with each page's width and languages, `on_width` when a page changes its width."""

    _esm = traitlets.Unicode().tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    period = traitlets.Float(PERIOD).tag(sync=True)

    def __init__(
        self, on_open: Callable[[int, list[str]], object], on_width: Callable[[int], object], words: dict[str, str]
    ) -> None:
        super().__init__(words=words)
        self._on_open = on_open
        self._on_width = on_width
        self.on_msg(self._hear)

    @traitlets.default("_esm")
    def _read_esm(self) -> str:
        return asset("heart.js")

    def _hear(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        match message:
            case {"kind": "pulse", "number": int(number)}:
                self.send({"kind": "pulse", "number": number})
            case {"kind": "open", "width": int(width), "languages": list(languages)}:
                self._on_open(width, [str(language) for language in languages])
            case {"kind": "width", "width": int(width)}:
                self._on_width(width)
