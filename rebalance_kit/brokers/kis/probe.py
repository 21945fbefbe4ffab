"""`python -m rebalance_kit.brokers.kis.probe`: what the documentation leaves open, measured on a mock account.

    --code 069500   what is ordered, one share at a time at the day's lower limit, and cancelled again
    --orders 10     how many orders for the measurements of delay and of throttling

Settings as everywhere (KIS_APP_KEY and so on), for the mock environment alone. Exit code 0 when nothing that was
measured failed, 1 when an assumption does not hold, and those of every command for errors.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from rebalance_kit.brokers.base import Mode
from rebalance_kit.brokers.kis.broker import open_client
from rebalance_kit.brokers.kis.probing import Probe, shown
from rebalance_kit.brokers.kis.settings import read_settings
from rebalance_kit.brokers.kis.surroundings import surroundings
from rebalance_kit.errors import KitError


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    raw = argparse.RawDescriptionHelpFormatter
    name = "python -m rebalance_kit.brokers.kis.probe"
    parser = argparse.ArgumentParser(prog=name, description=__doc__, formatter_class=raw)
    parser.add_argument("--code", default="069500", metavar="CODE")
    parser.add_argument("--orders", type=int, default=10, metavar="N")
    asked = parser.parse_args(words)
    failed = False
    try:
        settings = read_settings(os.environ, Mode.MOCK)
        around = surroundings(settings, os.environ, lambda: datetime.now(UTC), time.monotonic, time.sleep)
        client = open_client(settings, around)
        sys.stdout.write(f"account {settings.account.masked} ({settings.mode.value}), {settings.url}\n")
        for found in Probe(client, around.monotonic, around.sleep, asked.code, asked.orders).run():
            sys.stdout.write(f"{shown(found)}\n")
            sys.stdout.flush()
            failed = failed or found.holds is False
    except KitError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
