"""The accounts of a statement: what their names say about their kind, and which account of the policy each is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rebalance_kit.holdings.model import StatementAccount
from rebalance_kit.policy.model import Policy
from rebalance_kit.textfile.cells import quoted, shown
from rebalance_kit.textfile.document import Document
from rebalance_kit.words import Finding, Text

# The first pattern that a name contains decides: a Roth IRA is a Roth, a Roth BrokerageLink a Roth 401(k).
_KINDS: tuple[tuple[str, str], ...] = (
    (r"roth.*(401|brokeragelink|pcra)|(401|brokeragelink|pcra).*roth", "roth_401k"),
    (r"\broth\b", "roth"),
    (r"health savings|\bhsa\b", "hsa"),
    (r"403 ?\(?b", "403b"),
    (r"\b457", "457b"),
    (r"401 ?\(?[ak]|brokeragelink|\bpcra\b|retirement plan|savings plan|profit sharing", "401k"),
    (r"\b529\b|coverdell|education savings", "529"),
    (r"\bira\b|\bira-|rollover|\bsep\b|simple ira|individual retirement", "ira"),
    (r"\butma\b|\bugma\b|custodial", "custodial"),
    (r"individual|joint|\btod\b|wros|tenan|brokerage|taxable|trust|community property|cash management", "taxable"),
)  # fmt: skip


def account_kind(name: str) -> str | None:
    """The tax treatment that an account's name tells (`ROTH IRA` is `roth`), None when it tells none."""
    text = re.sub(r"[_\s]+", " ", name.casefold())
    return next((kind for pattern, kind in _KINDS if re.search(pattern, text)), None)


def policy_accounts(
    document: Document, policy: Policy | None, accounts: Mapping[str, tuple[StatementAccount, int]]
) -> tuple[dict[str, str], tuple[Finding, ...]]:
    """For each account of a file the name that the policy has for it, with a finding when the two are spelled apart.

    An account is matched by its number or by its name; the only account of a file is the only one of the policy.
    `accounts` maps what the file calls an account to its description and first line. Without a policy every account
    keeps its name. Raises the document's error when an account is not the policy's.
    """
    if policy is None:
        return {key: key for key in accounts}, ()
    names = tuple(policy.accounts)
    spelled = {_plain(name): name for name in names}
    chosen: dict[str, str] = {}
    for key, (account, line) in accounts.items():
        matches = {spelled[_plain(text)] for text in (key, account.name or key) if _plain(text) in spelled}
        if len(matches) == 1:
            chosen[key] = matches.pop()
        elif len(accounts) == 1 == len(names):
            chosen[key] = names[0]
        else:
            raise _unknown(document, account, line, names)
    if len(set(chosen.values())) < len(chosen):
        raise _one_for_two(document, chosen)
    return chosen, tuple(_taken(key, name) for key, name in chosen.items() if key != name and accounts[key][1])


def _plain(name: str) -> str:
    return re.sub(r"[\s._\-]+", "", name.casefold())


def _taken(key: str, name: str) -> Finding:
    message = Text(
        f"the statement's account {key} is taken as the account {name}", f"파일의 {key} 계좌를 {name} 계좌로 봅니다"
    )
    return Finding("account_taken_as", "info", message)


def _unknown(document: Document, account: StatementAccount, line: int, names: tuple[str, ...]) -> Exception:
    said = shown(account.account) + (f" ({shown(account.name)})" if account.name not in (None, account.account) else "")
    listed = ", ".join(names)
    return document.problem(
        "unknown_account",
        wrong=Text(f"the account {said} is not an account of the policy", f"{said} 계좌는 정책에 없습니다"),
        expected=Text(f"one of {listed}", f"{listed} 가운데 하나"),
        fix=Text(
            f"add {quoted(account.account)} to the accounts of portfolio.yaml",
            f"portfolio.yaml의 accounts에 {quoted(account.account)}을(를) 추가해 주세요",
        ),
        line=line or None,
    )


def _one_for_two(document: Document, chosen: Mapping[str, str]) -> Exception:
    name = next(name for name in chosen.values() if list(chosen.values()).count(name) > 1)
    keys = ", ".join(key for key, taken in chosen.items() if taken == name)
    return document.problem(
        "ambiguous_account",
        wrong=Text(f"the accounts {keys} all match the policy's account {name}",
                   f"{keys} 계좌가 모두 정책의 {name} 계좌와 맞습니다"),
        expected=Text("an account of the policy for each", "계좌마다 다른 정책 계좌"),
        fix=Text("name the policy's accounts by their numbers", "정책의 계좌 이름을 계좌번호로 적어 주세요"),
    )  # fmt: skip
