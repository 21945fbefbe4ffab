"""After something went wrong: finish what was begun, and compare what should be there with what is."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from rebalance_kit import arguments
from rebalance_kit.cli import output
from rebalance_kit.cli.actions import show_ticket
from rebalance_kit.cli.options import AccountName, Folder, Json, On, PricesFile, Spoken, read_language
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:
    from rebalance_kit.execution.reconciling import Reconciliation
    from rebalance_kit.portfolio import Portfolio

BrokerName = Annotated[str, typer.Option("--broker", metavar="NAME", help="paper, ticket or kis.")]
Environment = Annotated[str | None, typer.Option("--env", metavar="mock|real", help="At a broker: whose money.")]

FillsFile = Annotated[str | None, typer.Option("--fills", metavar="FILE", help="At a ticket: enter these first.")]

_ENTERED = Text("Entered. Go on with:\n  {command}", "입력했습니다. 이어서 실행하려면:\n  {command}")
_NOTHING = Text("Nothing is unfinished.", "끝나지 않은 실행이 없습니다.")
_NEVER = Text("{account}: nothing has been run yet.", "{account}: 아직 실행한 내역이 없습니다.")
_AGREES = Text(
    "{account}: journal, broker and holdings agree (run {run}).",
    "{account}: 기록, 증권사, 보유 내역이 일치합니다(실행 {run}).",
)
_DIFFERS = Text("{account}: they differ (since run {run}):", "{account}: 서로 다릅니다(실행 {run} 이후):")
_UNRESOLVED = Text(
    "  - what became of {attempt} is not known: rebalance resume", "  - {attempt}의 결과를 모릅니다: rebalance resume"
)
_EDITED = Text("  - {file} was edited after the run", "  - {file}이(가) 실행 뒤에 고쳐졌습니다")
_TAKEN = Text("{account}: taken over, and noted in the journal.", "{account}: 그대로 받아들이고 기록에 남겼습니다.")
_CHOOSE = Text(
    "Say who is right: --take broker, or --take file (a paper account follows holdings.csv).",
    "어느 쪽이 맞는지 정해 주세요: --take broker, 또는 --take file(모의 계좌는 holdings.csv를 따릅니다).",
)


def fills(
    portfolio: Folder,
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV: code,side,quantity,price[,commission].")],
    close: Annotated[bool, typer.Option("--close", help="Nothing more will be filled: withdraw the rest.")] = False,
    prices: PricesFile = None,
    on: On = None,
    account: AccountName = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Enter what the orders of ticket.csv were filled at, all of it so far. Then: rebalance resume."""
    from rebalance_kit.portfolio.by_hand import enter_fills

    opened = _opened(portfolio, "ticket", None, prices, on, account, language)
    broker = enter_fills(opened, file, close=close)
    left = broker.open_orders()
    if json:
        output.write_json({"open": [{"code": row.code, "side": row.side.value} for row in left]})
    elif left:
        output.write(broker.list_text(opened.language))
    else:
        words = ["rebalance", "resume", portfolio, "--broker", "ticket", *([] if on is None else ["--on", on])]
        output.write(_ENTERED.of(opened.language).format(command=shlex.join(words)))


def resume(
    portfolio: Folder,
    file: FillsFile = None,
    broker: BrokerName = "paper",
    env: Environment = None,
    prices: PricesFile = None,
    on: On = None,
    account: AccountName = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Finish what was begun: what may be at the broker already is looked up, never sent again."""
    opened = _opened(portfolio, broker, env, prices, on, account, language)
    spoken = opened.language
    if file is not None:
        from rebalance_kit.portfolio.by_hand import enter_fills

        enter_fills(opened, file)
    done = opened.resume(lambda step: output.say(step.of(spoken)))
    if json:
        output.write_json({"runs": [dict(run.to_dict(spoken)) for run in done]})
    elif not done:
        output.write(_NOTHING.of(spoken))
    else:
        from rebalance_kit.report.terminal import section
        from rebalance_kit.report.terminal_run import run_view

        for run in done:
            output.show(section(run_view(run.result, spoken)))
        show_ticket(opened, spoken)
    raise typer.Exit(max((run.exit_code for run in done), default=0))


def reconcile(
    portfolio: Folder,
    take: Annotated[
        str | None, typer.Option("--take", metavar="broker|file", help="Who is right where they differ.")
    ] = None,
    broker: BrokerName = "paper",
    env: Environment = None,
    prices: PricesFile = None,
    on: On = None,
    account: AccountName = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Journal, broker and holdings side by side: every difference, and what may have caused it."""
    if take not in (None, "broker", "file"):
        raise arguments.bad_argument("--take", str(take), Text("broker or file", "broker 또는 file"))
    opened = _opened(portfolio, broker, env, prices, on, account, language)
    spoken = opened.language
    found = opened.reconcile(take="broker" if take == "broker" else "file" if take == "file" else None)
    if json:
        output.write_json({"accounts": [one.to_dict(spoken) for one in found]})
    else:
        for one in found:
            _show(one, spoken)
        if any(one.exit_code for one in found):
            output.write(_CHOOSE.of(spoken))
    raise typer.Exit(max((one.exit_code for one in found), default=0))


def _opened(
    portfolio: str,
    broker: str,
    env: str | None,
    prices: str | None,
    on: str | None,
    account: str | None,
    language: str | None,
) -> Portfolio:
    from rebalance_kit.portfolio.recovering import open_to_recover

    day = None if on is None else arguments.day("--on", on)
    spoken = read_language(language)
    return open_to_recover(portfolio, broker=broker, env=env, prices=prices, on=day, account=account, language=spoken)


def _show(found: Reconciliation, spoken: Language) -> None:
    if found.run_id is None and found.agrees:
        output.write(_NEVER.of(spoken).format(account=found.account))
        return
    said = _AGREES if found.agrees else _DIFFERS
    output.write(said.of(spoken).format(account=found.account, run=found.run_id or "-"))
    for difference in found.differences:
        output.write(f"  - {difference.sentence(spoken)}")
    for attempt in found.unresolved:
        output.write(_UNRESOLVED.of(spoken).format(attempt=attempt))
    for name in found.edited:
        output.write(_EDITED.of(spoken).format(file=name))
    if found.accepted:
        output.write(_TAKEN.of(spoken).format(account=found.account))
