"""Orders of somebody else: `submit --proposal` for a file, `run --planner llm` for a language model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rebalance_kit import arguments
from rebalance_kit.cli import output
from rebalance_kit.cli.options import (
    AccountName,
    Common,
    Folder,
    Force,
    HoldingsFile,
    Json,
    On,
    PricesFile,
    Spoken,
    broker_words,
)
from rebalance_kit.money import show_money
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:
    from rebalance_kit.planner.plan import PlanOptions
    from rebalance_kit.portfolio import Portfolio
    from rebalance_kit.portfolio.proposed import Beside
    from rebalance_kit.proposals.model_call import Call

PLANNERS = ("optimal", "llm")

_BESIDE = Text(
    "Beside the optimal plan ({orders} orders): {difference} worse (distance from the goals, costs and tax together).",
    "최적 계획(주문 {orders}건)과 비교: 목표와의 거리, 비용, 세금을 합쳐 {difference}만큼 나쁩니다.",
)
_EQUAL = Text("It is as good as the optimal plan.", "최적 계획만큼 좋습니다.")
_CALLS = Text(
    "The model was asked {n} times: {into} tokens in, {out} out, {seconds:.1f} s, {price}.",
    "언어 모델을 {n}번 불렀습니다: 입력 {into}토큰, 출력 {out}토큰, {seconds:.1f}초, {price}.",
)
_UNPRICED = Text("price unknown (REBALANCE_LLM_PRICES)", "가격 모름(REBALANCE_LLM_PRICES)")


def submit(
    portfolio: Folder,
    proposal: Annotated[str, typer.Option("--proposal", metavar="FILE", help="Orders as JSON.")],
    yes: Annotated[str | None, typer.Option("--yes", metavar="PLAN_ID", help="Carry out this plan, once.")] = None,
    broker: Annotated[str, typer.Option("--broker", metavar="NAME", help="paper or kis.")] = "paper",
    env: Annotated[str | None, typer.Option("--env", metavar="mock|real", help="At a broker: whose money.")] = None,
    force: Force = False,
    holdings: HoldingsFile = None,
    prices: PricesFile = None,
    on: On = None,
    account: AccountName = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Somebody else's orders through the same certificate and checks. Without --yes: a dry run."""
    from rebalance_kit.proposals.orders import read_proposal_file

    common = Common(portfolio, holdings, prices, on, account, language, json)
    wishes = read_proposal_file(Path(proposal))
    opened = common.open(broker, env, again=yes is not None)
    spoken = opened.language
    done = opened.executed(yes) if yes is not None else None
    beside = None
    if done is None:
        beside = opened.plan_proposed(wishes, force=force)
        done = opened.run(beside.plan, yes=yes, progress=lambda step: output.say(step.of(spoken)))
    if json:
        added = {} if beside is None else {"beside": beside.to_dict()}
        output.write_json({**done.to_dict(spoken), **added})
    else:
        from rebalance_kit.cli.actions import show_run

        where = broker_words(broker, env)
        words = [portfolio, "--proposal", proposal, *where, *(["--force"] if force else []), *common.words()]
        show_run(done, "submit", words, spoken)
        if beside is not None:
            output.write(_compared(beside, spoken))
    raise typer.Exit(done.exit_code)


def planned_by_model(opened: Portfolio, options: PlanOptions, words: list[str], *, yes: str | None, json: bool) -> None:
    """`run --planner llm`: ask, compare, and leave a proposal that `submit` carries out."""
    if yes is not None:
        raise arguments.bad_argument(
            "--yes",
            yes,
            Text("no id together with --planner llm", "--planner llm과 함께 쓰지 않음"),
            Text("the model's plan is a file: carry it out with `rebalance submit`",
                 "모델의 계획은 파일로 남으니 `rebalance submit`으로 실행해 주세요"),
        )  # fmt: skip
    if options.contribute or options.withdraw or options.targets or options.no_sell:
        raise arguments.bad_argument(
            "--planner",
            "llm",
            Text("a rebalance towards the policy's targets", "정책의 목표로 가는 리밸런싱"),
            Text("leave out deposits, withdrawals, --no-sell and --targets",
                 "입출금, --no-sell, --targets를 빼 주세요"),
        )  # fmt: skip
    from rebalance_kit.portfolio.proposed import plan_by_model
    from rebalance_kit.proposals.model_call import ask
    from rebalance_kit.proposals.model_settings import model_settings

    settings, spoken = model_settings(os.environ), opened.language

    def asking(system: str, question: str, schema: Mapping[str, Any]) -> Call:
        return ask(settings, system, question, schema)

    found = plan_by_model(opened, options, asking, progress=lambda step: output.say(step.of(spoken)))
    file = None if found.file is None else str(found.file)
    if json:
        document = {**found.beside.plan.to_dict(spoken), "beside": found.beside.to_dict(), "proposal": file,
                    "model": found.made.to_dict()}  # fmt: skip
        output.write_json(document)
        return
    from rebalance_kit.report.terminal_plan import plan_view

    output.show(plan_view(found.beside.plan, spoken))
    if file is None:
        return
    output.write(_compared(found.beside, spoken))
    output.write(_called(found.made.calls, spoken))
    forced = ["--force"] if options.force else []
    from rebalance_kit.cli.actions import say_how

    say_how(["submit", *words, "--proposal", file, *forced], found.beside.plan.plan_id, spoken)


def _compared(beside: Beside, spoken: Language) -> str:
    if beside.difference <= 0:
        return _EQUAL.of(spoken)
    shown = show_money(beside.difference, beside.plan.drift.base_currency)
    return _BESIDE.of(spoken).format(orders=len(beside.optimal.orders), difference=shown)


def _called(calls: tuple[Call, ...], spoken: Language) -> str:
    prices = [call.price for call in calls]
    known = [price for price in prices if price is not None]
    price = f"${sum(known)}" if len(known) == len(prices) else _UNPRICED.of(spoken)
    return _CALLS.of(spoken).format(
        n=len(calls),
        into=sum(call.tokens_in or 0 for call in calls),
        out=sum(call.tokens_out or 0 for call in calls),
        seconds=sum(call.seconds for call in calls),
        price=price,
    )
