"""What a run works with: everything that the engine does not decide is given to it here, the clock included."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rebalance_kit.brokers.base import Broker
from rebalance_kit.holdings.model import Holdings
from rebalance_kit.planner.plan import Plan
from rebalance_kit.policy.model import Policy
from rebalance_kit.prices.model import PriceBook
from rebalance_kit.words import Text

log = logging.getLogger("rebalance_kit.execution")
log.addHandler(logging.NullHandler())  # what nobody listens to is not printed by itself (logging HOWTO, libraries)


def silent(_: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """One account's surroundings.

    `policy_hash` is that of `policy` (with the targets of a what-if, if the plan has them). `holdings` are the
    holdings in force of every account: rows of other accounts are carried into the snapshot. `clock` gives aware
    times. `progress` is told what happens, in sentences. `trace` is told the name of every step, for tests that stop
    the process there. `whole` is the plan of all accounts, where what is run is one account's part of it.
    """

    folder: Path
    policy: Policy
    policy_hash: str
    prices: PriceBook
    holdings: Holdings
    broker: Broker
    clock: Callable[[], datetime]
    progress: Callable[[Text], None] = silent
    trace: Callable[[str], None] = silent
    sleep: Callable[[float], None] = time.sleep
    new_id: Callable[[], str] = lambda: secrets.token_hex(4)
    whole: Plan | None = None

    def tell(self, run_id: str, text: Text, level: int = logging.INFO) -> None:
        """Tell the progress callback and the log what happens."""
        log.log(level, "%s %s", run_id, text.en)
        self.progress(text)
