"""The commands that do something: write a sample, carry out a plan, show what was done, open the dashboard."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rebalance_kit import arguments
from rebalance_kit.cli import output
from rebalance_kit.cli.options import (
    AccountName,
    Common,
    Contribute,
    Folder,
    Force,
    Fraction,
    HoldingsFile,
    Json,
    MethodName,
    NoSell,
    On,
    PlanArguments,
    PricesFile,
    Prove,
    Rule,
    Spoken,
    Targets,
    Withdraw,
    broker_words,
    read_choice,
    read_language,
)
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:
    from rebalance_kit.portfolio import Portfolio
    from rebalance_kit.portfolio.trading import Run

_DEMO = Text(
    "{folder} is ready; its figures are synthetic. Next: rebalance drift {folder}",
    "{folder} 폴더를 만들었습니다. 숫자는 모두 지어낸 것입니다. 다음: rebalance drift {folder}",
)

_CARRY_OUT = Text("Carry it out with:\n  {command}", "실행하려면:\n  {command}")


def demo(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A folder that does not exist yet, or is empty.")],
    sample: Annotated[str, typer.Option("--sample", metavar="NAME", help="growth, household or us.")] = "growth",
    language: Spoken = None,
    json: Json = False,
) -> None:
    """Write a ready-made portfolio folder to try things on."""
    from rebalance_kit.samples import FILES, write_sample

    spoken = read_language(language) or "en"
    written = write_sample(Path(folder), sample)
    if json:
        output.write_json({"portfolio": str(written), "sample": sample, "files": list(FILES)})
    else:
        output.write(_DEMO.of(spoken).format(folder=written))


def run(
    portfolio: Folder,
    yes: Annotated[str | None, typer.Option("--yes", metavar="PLAN_ID", help="Carry out this plan, once.")] = None,
    upto: Annotated[
        str | None, typer.Option("--upto", metavar="STEP", help="Stop after drift, plan, check, sell or buy.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also if the same plan was carried out before.")] = False,
    broker: Annotated[str, typer.Option("--broker", metavar="NAME", help="paper, ticket or kis.")] = "paper",
    env: Annotated[str | None, typer.Option("--env", metavar="mock|real", help="At a broker: whose money.")] = None,
    planner: Annotated[
        str, typer.Option("--planner", metavar="optimal|llm", help="llm: ask a language model, leave a proposal.")
    ] = "optimal",
    contribute: Contribute = None,
    withdraw: Withdraw = None,
    cash_rule: Rule = None,
    method: MethodName = None,
    fraction: Fraction = None,
    no_sell: NoSell = False,
    force: Force = False,
    prove: Prove = False,
    targets: Targets = None,
    holdings: HoldingsFile = None,
    prices: PricesFile = None,
    on: On = None,
    account: AccountName = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """The plan, checked. Without --yes nothing is sent or written: a dry run."""
    from rebalance_kit.execution.result import Upto

    common = Common(portfolio, holdings, prices, on, account, language, json)
    asked = PlanArguments(contribute, withdraw, cash_rule, method, fraction, no_sell, force, prove, targets)
    last = None if upto is None else read_choice(Upto, "--upto", upto)
    opened = common.open(broker, env, again=yes is not None)
    spoken = opened.language
    if planner != "optimal":
        from rebalance_kit.cli.submitting import PLANNERS, planned_by_model

        if planner not in PLANNERS:
            raise arguments.bad_argument("--planner", planner, Text("optimal or llm", "optimal 또는 llm"))
        planned_by_model(
            opened, asked.options(opened), [portfolio, *broker_words(broker, env), *common.words()], yes=yes, json=json
        )
        return
    done = opened.executed(yes) if yes is not None and not again else None
    if done is None:
        made = asked.plan(opened)
        done = opened.run(made, yes=yes, upto=last, again=again, progress=lambda step: output.say(step.of(spoken)))
    if json:
        output.write_json(done.to_dict(spoken))
    else:
        where = broker_words(broker, env)
        show_run(done, "run", [portfolio, *where, *asked.words(), *common.words()], spoken)
        show_ticket(opened, spoken)
    raise typer.Exit(done.exit_code)


def history(
    portfolio: Folder,
    holdings: HoldingsFile = None,
    prices: PricesFile = None,
    on: On = None,
    account: AccountName = None,
    language: Spoken = None,
    json: Json = False,
) -> None:
    """What was done, newest first."""
    opened = Common(portfolio, holdings, prices, on, account, language, json).open()
    runs = opened.history()
    if json:
        output.write_json(runs.to_dict(opened.language))
        return
    from rebalance_kit.report.terminal_run import history_view

    output.show(history_view(runs, opened.language))


def dashboard(
    folder: Annotated[str, typer.Argument(metavar="[DIR]", help="A portfolio folder, or a folder of them.")] = ".",
    port: Annotated[str | None, typer.Option("--port", metavar="N", help="[a free one]")] = None,
    notebook: Annotated[
        str | None, typer.Option("--notebook", metavar="NAME", help="Another notebook to serve.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address; open nothing.")] = False,
) -> None:
    """The same in your browser: sliders, preview, submit. Ctrl+C ends it."""
    from rebalance_kit.dashboard.launcher import serve

    raise typer.Exit(serve(Path(folder), port=_port(port), notebook=notebook, open_browser=not no_browser))


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit() and 1024 <= int(text[:9]) <= 65535:
        return int(text)
    raise arguments.bad_argument("--port", text, Text("a number from 1024 to 65535", "1024부터 65535까지의 수"))


def show_ticket(opened: Portfolio, language: Language) -> None:
    """The orders that a person has to type in at their broker, where one does."""
    from rebalance_kit.brokers.ticket import TicketBroker

    if isinstance(opened.broker, TicketBroker) and opened.broker.open_orders():
        output.write(opened.broker.list_text(language))


def show_run(done: Run, command: str, words: list[str], language: Language) -> None:
    """The plan, what became of it, and after a dry run the command that carries it out."""
    from rebalance_kit.report.terminal import section
    from rebalance_kit.report.terminal_plan import plan_view
    from rebalance_kit.report.terminal_run import run_view

    if done.plan is not None:
        output.show(plan_view(done.plan, language))
    output.show(section(run_view(done.result, language)))
    if done.status == "DRY_RUN":
        say_how([command, *words], done.result.plan_id, language)


def say_how(words: list[str], plan_id: str, language: Language) -> None:
    """The command that carries a plan out."""
    said = shlex.join(["rebalance", *words, "--yes", plan_id])
    output.write(_CARRY_OUT.of(language).format(command=said))
