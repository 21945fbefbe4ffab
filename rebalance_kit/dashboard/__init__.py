"""The desk in the browser: choose a portfolio, move weights, preview, submit. It proposes; a worker executes.

`rebalance_kit.dashboard(folder)` is the desk in a notebook: the module itself answers the call, so that the name means
the same before and after something has imported a room in here.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rebalance_kit.dashboard.app import Dashboard


class _Desk(ModuleType):
    def __call__(self, folder: str | Path | None = None) -> Dashboard:
        """The desk of a portfolio folder or a folder of them (default: `portfolios`, here or above), as a widget."""
        from rebalance_kit.dashboard.app import Dashboard

        return Dashboard(folder)


sys.modules[__name__].__class__ = _Desk
