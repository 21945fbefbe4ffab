"""The account of a file that names none, where a person has said which it is."""

from __future__ import annotations

from dataclasses import replace

from rebalance_kit.errors import UsageError
from rebalance_kit.holdings.model import HoldingsFile
from rebalance_kit.words import Text, same


def with_account(file: HoldingsFile, account: str) -> HoldingsFile:
    """The file with its only account called `account`. UsageError when it holds several."""
    names = dict.fromkeys((*(each.account for each in file.accounts), *file.holdings.accounts))
    if len(names) > 1:
        listed = ", ".join(names)
        raise UsageError(
            "several_accounts",
            where=same("--account"),
            wrong=Text(f"{file.holdings.source} holds several accounts: {listed}",
                       f"{file.holdings.source}에 여러 계좌가 있습니다: {listed}"),
            expected=Text("a file of one account", "계좌가 하나인 파일"),
            fix=Text("leave --account out", "--account를 빼 주세요"),
        )  # fmt: skip
    held = file.holdings
    return replace(
        file,
        holdings=replace(
            held,
            positions=tuple(replace(p, account=account) for p in held.positions),
            cash=tuple(replace(c, account=account) for c in held.cash),
            lots=tuple(replace(t, account=account) for t in held.lots),
        ),
        accounts=tuple(replace(each, account=account) for each in file.accounts),
        skipped=tuple(replace(row, account=account) if row.account else row for row in file.skipped),
        values={(account, code): value for (_, code), value in file.values.items()},
        undated_lots=tuple(replace(t, account=account) for t in file.undated_lots),
    )
