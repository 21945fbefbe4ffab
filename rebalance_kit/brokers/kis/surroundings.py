"""The computer as a broker needs it: where private files lie, what time it is, how to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rebalance_kit import arguments
from rebalance_kit.brokers.kis.settings import Settings
from rebalance_kit.words import Text

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`folder` is for the token and what is remembered; wall and monotonic clocks, a sleep, and in tests a network.
    `interval` replaces the distance between calls, in seconds."""

    folder: Path
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    transport: httpx.BaseTransport | None = None
    interval: float | None = None


def surroundings(
    settings: Settings,
    environment: Mapping[str, str],
    clock: Callable[[], datetime],
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> Surroundings:
    """Those of a profile on this computer. UsageError for a KIS_CALLS_PER_SECOND that is no number."""
    folder = state_folder(environment) / _name(settings)
    return Surroundings(folder, clock, monotonic, sleep, interval=_interval(settings, environment))


def state_folder(environment: Mapping[str, str]) -> Path:
    """Where what must stay between two commands of a user is kept, private to them: tokens, the moment of a plan."""
    stated = environment.get("XDG_STATE_HOME") or environment.get("LOCALAPPDATA")
    return (Path(stated) if stated else Path.home() / ".local" / "state") / "rebalance-kit"


def _name(settings: Settings) -> str:
    """A folder for each environment, and one for each rehearsal: nothing of one is believed in another."""
    if settings.base_url is None:
        return f"kis-{settings.mode.value}"
    return f"kis-rehearsal-{settings.mode.value}-{settings.base_url.rpartition(':')[2]}"


def _interval(settings: Settings, environment: Mapping[str, str]) -> float | None:
    """The distance between calls: the service's, or at a rehearsal whatever KIS_CALLS_PER_SECOND says."""
    stated = environment.get("KIS_CALLS_PER_SECOND")
    if stated is None or not settings.rehearsing:
        return None
    if not (stated.isascii() and stated.isdigit() and 1 <= int(stated[:5]) <= 1000):
        expected = Text("a number from 1 to 1000", "1부터 1000까지의 수")
        raise arguments.bad_argument("KIS_CALLS_PER_SECOND", stated, expected)
    return 1 / int(stated)
