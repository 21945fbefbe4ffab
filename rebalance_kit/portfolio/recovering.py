"""After something went wrong: what an account has unfinished is finished, and what differs is named.

Both must work in the very state that stops everything else, so holdings files that a run no longer believes do not
keep them from being opened: the broker's own account is what they ask.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rebalance_kit.arguments import bad_argument
from rebalance_kit.brokers.base import Snapshot
from rebalance_kit.brokers.paper import PaperBroker
from rebalance_kit.errors import DecisionNeeded
from rebalance_kit.execution import engine, history
from rebalance_kit.execution.chain import journal_path
from rebalance_kit.execution.context import RunContext
from rebalance_kit.execution.journal import Journal
from rebalance_kit.execution.lock import account_lock
from rebalance_kit.execution.reconciling import Reconciliation, compare, expected_after
from rebalance_kit.execution.records import RunRecord
from rebalance_kit.execution.sending import complete_list
from rebalance_kit.execution.snapshot import FILE_NAME, SOURCE_NAME, file_hash, read_snapshot_info, write_snapshot
from rebalance_kit.holdings.files import read_holdings
from rebalance_kit.locks import FileLock
from rebalance_kit.money import plain
from rebalance_kit.planner.stating import planned_accounts
from rebalance_kit.portfolio.opening import aids, open_portfolio
from rebalance_kit.portfolio.trading import Progress, Run, context_of, list_of_orders
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:
    from rebalance_kit.portfolio.live import LiveBroker
    from rebalance_kit.portfolio.model import Portfolio


def open_to_recover(
    path: str | Path,
    *,
    broker: str | LiveBroker | None = None,
    env: str | None = None,
    on: date | str | None = None,
    account: str | None = None,
    prices: str | Path | None = None,
    language: Language | None = None,
) -> Portfolio:
    """Open a portfolio although its holdings file was edited after a run: for `resume` and `reconcile` alone, which
    ask the broker. Raises as `open_portfolio`."""

    def opened(holdings: Path | None) -> Portfolio:
        return open_portfolio(
            path, holdings=holdings, prices=prices, on=on, account=account, language=language, broker=broker, env=env
        )

    try:
        return opened(None)
    except DecisionNeeded as edited:
        if edited.code != "holdings_edited":
            raise
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    info = read_snapshot_info(folder)
    held = FILE_NAME if info is not None and info.intact else SOURCE_NAME
    return replace(opened(folder / held), holdings_file=None)


def resume(portfolio: Portfolio, progress: Progress | None = None) -> tuple[Run, ...]:
    """Finish what each account has unfinished: nothing is sent that may already be at the broker. One run for each
    account that had something. Raises what `Portfolio.run` raises."""
    done = []
    for account in _accounts(portfolio):
        context = context_of(replace(portfolio, account=account), portfolio.policy, progress)
        try:
            result = engine.resume(context)
        finally:
            list_of_orders(context.broker)
        if result is not None:
            done.append(Run(None, replace(result, language=portfolio.language)))
    return tuple(done)


def reconcile(portfolio: Portfolio, *, take: Literal["broker", "file"] | None = None) -> tuple[Reconciliation, ...]:
    """Compare journal, broker and holdings files, account by account.

    `take="broker"`: what the broker says is right. `take="file"`: what `holdings.csv` says is, which only a paper
    account can follow. Either way the reconciled holdings are written anew, the journal tells of it, and an edited
    `holdings.csv` no longer stands in the way. Raises BusyError while a run works on the account, UsageError for a file
    that a real broker should follow, BrokerError and StorageError.
    """
    return tuple(
        _reconciled(context_of(replace(portfolio, account=account), portfolio.policy, None), portfolio, take)
        for account in _accounts(portfolio)
    )


def _accounts(portfolio: Portfolio) -> tuple[str, ...]:
    if portfolio.broker is not None:
        return (portfolio.broker.identity.account,)
    return planned_accounts(portfolio.policy, portfolio.household, portfolio.account)


def _reconciled(context: RunContext, portfolio: Portfolio, take: Literal["broker", "file"] | None) -> Reconciliation:
    who = context.broker.identity
    runs = history.runs(context.folder, who.account, who.mode)
    last = next((run for run in runs if run.ended_at is not None), None)
    found = _compared(context, runs, last)
    if take is None or last is None or found.unresolved or found.agrees:
        return replace(found, language=portfolio.language)
    lock = account_lock(context.folder, who.account, who.mode)
    with (
        FileLock(lock, now=context.clock(), doing="reconcile"),
        Journal(journal_path(context.folder, who.mode), who.account, context.clock) as journal,
    ):
        if take == "file":
            _follow_file(context, portfolio)
        snapshot = context.broker.snapshot()
        journal.note(last.run_id, "reconciled", {"taken": take, **_contents(snapshot), **found.to_dict("en")})
        write_snapshot(
            context.folder,
            snapshot=snapshot,
            holdings=context.holdings,
            prices=context.prices,
            run_id=last.run_id,
            source_sha256=file_hash(context.folder / SOURCE_NAME),
            now=context.clock(),
        )
    return replace(found, accepted=True, language=portfolio.language)


def _compared(context: RunContext, runs: tuple[RunRecord, ...], last: RunRecord | None) -> Reconciliation:
    who = context.broker.identity
    found = Reconciliation(who.account, who.mode.value, None, None, (), edited=_edited(context.folder))
    if last is None:
        return found
    days = {run.work.session for run in runs if run.work.session >= last.work.session} | {context.broker.session}
    rows = [row for day in sorted(days) for row in complete_list(context, day).rows]
    owned = frozenset(attempt.number for run in runs for attempt in run.attempts if attempt.number)
    wanted = expected_after(last, history.reconciled(context.folder, last.run_id, who.mode))
    return replace(
        found,
        run_id=last.run_id,
        session=last.work.session,
        differences=compare(wanted, context.broker.snapshot(), rows, owned),
        unresolved=tuple(a.attempt_id for run in runs for a in run.attempts if not a.state.terminal),
    )


def _contents(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    cash = {money.currency: plain(snapshot.cash_of(money.currency)) for money in snapshot.cash}
    return {"shares": {p.code: plain(p.quantity) for p in snapshot.positions if p.quantity}, "cash": cash}


def _follow_file(context: RunContext, portfolio: Portfolio) -> None:
    broker = context.broker
    if not isinstance(broker, PaperBroker):
        name = broker.identity.broker
        raise bad_argument("--take", "file", Text(f"broker: {name} holds what it holds",
                                                  f"broker: {name} 계좌는 파일을 따르지 않습니다"))  # fmt: skip
    file = context.folder / SOURCE_NAME
    held = read_holdings(file, portfolio.policy, portfolio.on, aids=aids(context.folder)).holdings
    broker.take_over(held)


def _edited(folder: Path) -> tuple[str, ...]:
    """The holdings files that say something else than the last run left."""
    info = read_snapshot_info(folder)
    if info is None:
        return ()
    changed = [] if info.intact else [FILE_NAME]
    return (*changed, *([SOURCE_NAME] if file_hash(folder / SOURCE_NAME) != info.source_sha256 else []))
