"""What the desk refuses, as the one-sentence errors of the whole program."""

from __future__ import annotations

from pathlib import Path

from rebalance_kit.errors import BusyError, UsageError
from rebalance_kit.words import Text


def nothing_here(root: Path) -> UsageError:
    """No portfolio where the desk was started."""
    return UsageError(
        "no_portfolio",
        where=str(root),
        wrong=Text("there is no portfolio in this folder", "이 폴더에는 포트폴리오가 없습니다"),
        expected=Text("a folder with portfolio.yaml and holdings.csv", "portfolio.yaml과 holdings.csv가 있는 폴더"),
        fix=Text("write a ready-made one with `rebalance demo DIR`", "`rebalance demo DIR`로 견본을 만들어 주세요"),
    )


def nothing_open() -> UsageError:
    """A wish before a portfolio is open."""
    return UsageError(
        "no_portfolio_open",
        where=Text("desk", "화면"),
        wrong=Text("no portfolio is open", "열려 있는 포트폴리오가 없습니다"),
        expected=Text("a portfolio that could be read", "읽을 수 있는 포트폴리오"),
        fix=Text("choose one at the top", "위에서 포트폴리오를 골라 주세요"),
    )


def policy_moved() -> UsageError:
    """`portfolio.yaml` was edited while its page was open."""
    return UsageError(
        "policy_changed",
        where="portfolio.yaml",
        wrong=Text("the policy was changed while this page was open", "화면을 열어 둔 사이에 정책이 바뀌었습니다"),
        expected=Text("the policy that is on the screen", "화면에 보이는 정책"),
        fix=Text("look at the new weights and preview again", "새 비중을 확인하고 다시 미리 보기를 눌러 주세요"),
    )


def on_its_way() -> BusyError:
    """An edit while orders are being placed."""
    return BusyError(
        "proposalon_its_way",
        where=Text("desk", "화면"),
        wrong=Text("orders are being placed", "주문을 내는 중입니다"),
        expected=Text("a finished submission before the next change", "다음 변경 전에 끝난 주문"),
        fix=Text("wait for the receipt", "접수 결과를 기다려 주세요"),
    )
