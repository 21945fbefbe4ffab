"""`rebalance rehearse`: a local KIS to try orders on, without keys and without money, until Ctrl+C."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rebalance_kit import arguments
from rebalance_kit.cli import output
from rebalance_kit.errors import UsageError
from rebalance_kit.words import Text, same

if TYPE_CHECKING:
    from rebalance_kit.brokers.kis.rehearsal.start import Rehearsal
    from rebalance_kit.brokers.kis.rehearsal.world import Environment

_SAMPLES = ("growth", "us")

_GREETING = """\
A local KIS, for rehearsals: no keys, no money, nothing leaves this computer.
로컬 KIS입니다. 키도 돈도 필요 없고, 이 컴퓨터 밖으로 아무것도 나가지 않습니다.

  mock  {mock}
  real  {real}
  clock 시계  {now} KST (x{speed:g})

Set these in the shell that trades (for real, the lines at the end).
주문을 낼 셸에서 아래를 설정하세요. 실전 환경은 맨 아래 줄을 쓰세요.

{mock_lines}

real:

{real_lines}

{hours}
Then, for example: {example}
Ctrl+C ends it. 끝내려면 Ctrl+C를 누르세요.
"""


def rehearse(
    port: Annotated[
        str | None, typer.Option("--port", metavar="N", help="N for mock and N+1 for real. [free ones]")
    ] = None,
    sample: Annotated[str, typer.Option("--sample", metavar="NAME", help="What the account holds: growth or us.")] = (
        "growth"
    ),
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Korean time to start at, or now. [2026-03-04 10:00]")
    ] = None,
    speed: Annotated[str, typer.Option("--speed", metavar="X", help="Seconds that pass in one.")] = "1",
    faults: Annotated[
        str | None, typer.Option("--faults", metavar="FILE", help="A JSON list of what goes wrong.")
    ] = None,
    seed: Annotated[str, typer.Option("--seed", metavar="N", help="For faults with a probability.")] = "0",
    keep: Annotated[
        str | None, typer.Option("--keep", metavar="FILE", help="Go on from there, and write to it.")
    ] = None,
    env_file: Annotated[
        str | None, typer.Option("--env-file", metavar="FILE", help="Write the lines for mock there (private file).")
    ] = None,
) -> None:
    """A local KIS to rehearse on: both environments, a small account, until Ctrl+C."""
    from rebalance_kit.brokers.kis.rehearsal.sample import sample as ready
    from rebalance_kit.brokers.kis.rehearsal.start import SAMPLE_START, start

    if sample not in _SAMPLES:
        raise arguments.bad_argument("--sample", sample, same(", ".join(_SAMPLES)))
    chosen, script = ready(sample), _script(faults)
    over = Event()
    try:
        kis = start(
            chosen.products, chosen.opening, at=_moment(at) or SAMPLE_START, speed=_speed(speed),
            faults=script, seed=_seed(seed), ports=_ports(port),
            keep=None if keep is None else Path(keep),
        )  # fmt: skip
    except OSError as error:
        raise _port_taken(port, error) from error
    with kis:
        _end_with(over)
        if env_file is not None:
            _write_private(Path(env_file), "\n".join(_lines(kis, "mock", "")) + "\n")
        output.write(_greeting(kis, sample))
        over.wait()
    output.write(_farewell(kis))


def _greeting(kis: Rehearsal, sample: str) -> str:
    example = f"rebalance demo rehearsal --sample {sample} && rebalance run rehearsal --broker kis --env mock"
    return _GREETING.format(
        mock=kis.url("mock"), real=kis.url("real"), now=f"{kis.clock.now():%Y-%m-%d %H:%M:%S}", speed=kis.clock.speed,
        mock_lines="\n".join(_lines(kis, "mock", "  export ")), real_lines="\n".join(_lines(kis, "real", "  export ")),
        example=example, hours=_hours(kis),
    )  # fmt: skip


def _hours(kis: Rehearsal) -> str:
    """Which exchanges trade at the time of the rehearsal."""
    now, days = kis.clock.now(), kis.world.days
    krx, us = days.krx_hours(now.date()), days.us_hours(days.us_day(now))
    is_open = {
        "KRX": days.krx(now.date()) and krx.opens <= now < krx.closes,
        "New York": days.us(days.us_day(now)) and us.opens <= now < us.closes,
    }
    told = ", ".join(f"{name} {'open' if there else 'closed'}" for name, there in is_open.items())
    korean = ", ".join(f"{name} {'장중' if there else '휴장'}" for name, there in is_open.items())
    return f"Now: {told} (--at TIME begins at another).\n지금: {korean} (--at으로 다른 시각을 고릅니다).\n"


def _lines(kis: Rehearsal, environment: Environment, before: str) -> list[str]:
    return [f"{before}{name}={value}" for name, value in kis.settings(environment).items()]


def _farewell(kis: Rehearsal) -> str:
    """What happened at each environment, in a line."""
    lines = []
    for account in kis.state()["accounts"]:
        orders = [order for order in account["orders"] if order["kind"] != "cancel"]
        filled = sum(1 for order in orders if order["filled"])
        lines.append(f"{account['environment']}: {len(orders)} orders (주문), {filled} traded (체결), "
                     f"KRW {account['cash']['KRW']['D+2']}, USD {account['cash']['USD']['D+2']}")  # fmt: skip
    return "\n" + "\n".join(lines)


def _end_with(over: Event) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        over.set()

    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), end)


def _moment(text: str | None) -> datetime | str | None:
    if text is None:
        return None
    if text == "now":
        return datetime.now(UTC)
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        wanted = Text("a time such as 2026-03-04T10:00, or now", "2026-03-04T10:00 같은 시각이나 now")
        raise arguments.bad_argument("--at", text, wanted) from error
    return text


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = -1
    if not 0 <= speed <= 86_400:
        raise arguments.bad_argument("--speed", text, Text("a number from 0 to 86400", "0부터 86400까지의 수"))
    return speed


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise arguments.bad_argument("--seed", text, Text("a whole number", "정수"))
    return int(text)


def _ports(text: str | None) -> Mapping[Environment, int]:
    if text is None:
        return {"mock": 0, "real": 0}
    if text.isascii() and text.isdigit() and 1024 <= int(text[:9]) <= 65534:
        return {"mock": int(text), "real": int(text) + 1}
    raise arguments.bad_argument("--port", text, Text("a number from 1024 to 65534", "1024부터 65534까지의 수"))


def _script(path: str | None) -> list[dict[str, Any]]:
    """A JSON list of objects."""
    if path is None:
        return []
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise arguments.bad_argument(
            "--faults", path, Text("a readable JSON file", "읽을 수 있는 JSON 파일")
        ) from error
    if not isinstance(found, list) or not all(isinstance(line, dict) for line in found):
        raise arguments.bad_argument("--faults", path, Text("a list of faults", "장애 목록"))
    return found


def _write_private(path: Path, text: str) -> None:
    """A file that only its owner may read; an existing one is not touched."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise arguments.bad_argument("--env-file", str(path), Text("a new file", "아직 없는 파일")) from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _port_taken(port: str | None, error: OSError) -> UsageError:
    return UsageError(
        "port_taken",
        where=same("--port"),
        wrong=Text(
            f"port {port} cannot be used ({error.strerror})", f"포트 {port}을(를) 쓸 수 없습니다({error.strerror})"
        ),
        expected=Text("two free ports", "비어 있는 포트 두 개"),
        fix=Text("choose another, or leave --port out", "다른 포트를 고르거나 --port를 빼 주세요"),
    )
