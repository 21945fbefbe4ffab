"""What the desk knows and may do, without a single widget: a state machine that the screen shows and a test drives.

    EMPTY ──open──> EDITING ──preview──> PREVIEWED ──tick──> CONFIRMED ──submit──> SENT ──answer──> DONE
                       ^                     |                   |                                   |
                       └──────any edit───────┴───────────────────┴───────────────────────────────────┘

Any edit clears the preview and the tick, and with them the way to submit. A tick belongs to the content of one plan
(its id is a hash of policy, holdings, prices, date, options and orders) and is never kept. Nothing is sent from here:
a proposal goes to the worker, which plans again for itself and refuses if anything has moved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypedDict
from zoneinfo import ZoneInfo

from rebalance_kit import arguments
from rebalance_kit.dashboard.allocation import Allocation, allocation_of
from rebalance_kit.dashboard.drafts import Direction, Draft, Drafts
from rebalance_kit.dashboard.refusals import nothing_here, nothing_open, on_its_way, policy_moved
from rebalance_kit.errors import KitError
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:  # none of this is loaded before a page asks for a portfolio
    from rebalance_kit.drift import Drift
    from rebalance_kit.execution.result import RunResult
    from rebalance_kit.planner.plan import Plan
    from rebalance_kit.portfolio import Portfolio
    from rebalance_kit.trigger import Decision

ROOT_VARIABLE = "REBALANCE_DESK_ROOT"  # the folder that `rebalance dashboard` was started with


class Step(StrEnum):
    """Where a person stands on the way from looking to a receipt."""

    EMPTY = "empty"  # no portfolio is open
    EDITING = "editing"  # weights and money can be changed; there is nothing to submit
    PREVIEWED = "previewed"  # a plan is on the screen
    CONFIRMED = "confirmed"  # the person has said that they read exactly this plan
    SENT = "sent"  # the proposal is with the worker
    DONE = "done"  # the worker has answered


@dataclass(frozen=True, slots=True)
class Choice:
    """A portfolio folder that can be opened."""

    name: str
    folder: Path


class PlanWish(TypedDict, total=False):
    """The arguments of `Portfolio.plan` that the desk sets."""

    contribute: Decimal
    withdraw: Decimal
    force: bool
    targets: Mapping[str, Decimal]


class Courier(Protocol):
    """Carries a plan to the worker and brings its answer back; it never executes anything itself."""

    def propose(self, portfolio: Portfolio, plan: Plan) -> str:
        """Leave the proposal with the worker and return its name. The same plan twice has the same name."""

    def answer(self, portfolio: Portfolio, proposal: str) -> RunResult | KitError | None:
        """What the worker made of it; None while it has not answered."""


Opener = Callable[[Path, str | None], "Portfolio"]  # a folder and one of its accounts


class Session:
    """One person at one page. A method that raises KitError (one sentence) has submitted nothing."""

    def __init__(self, root: Path, courier: Courier, *, opener: Opener | None = None) -> None:
        self.root = root
        self._courier = courier
        self._opener = opener or _open
        self._chosen_language: Language | None = None
        self.step = Step.EMPTY
        self.choice: Choice | None = None
        self.account: str | None = None
        self.portfolio: Portfolio | None
        self.drift: Drift | None
        self.decision: Decision | None
        self.allocation: Allocation
        self.direction: Direction
        self.amount_text: str
        self.force: bool
        self.plan: Plan | None
        self.receipt: RunResult | None
        self._drafts: Drafts | None
        self._ticked: str | None  # the id of the plan that was ticked
        self._proposal: str | None
        self._forget()

    # ---- choosing a portfolio and a language ----

    def choices(self) -> tuple[Choice, ...]:
        """The portfolio folders at or directly below the root. UsageError when there is none."""
        found = [self.root, *sorted(self.root.iterdir())] if self.root.is_dir() else []
        inside = [path for path in found if all((path / name).is_file() for name in ("portfolio.yaml", "holdings.csv"))]
        if not inside:
            raise nothing_here(self.root)
        return tuple(Choice(path.resolve().name, path) for path in inside)

    def open(self, choice: Choice, account: str | None = None) -> None:
        """Read a portfolio (or one account of it), and take up what was left unsubmitted in it."""
        self._not_while_sent()
        portfolio = self._opener(choice.folder, account)
        drift, decision = portfolio.drift(), portfolio.decide()
        self._forget()
        self.choice, self.account = choice, account
        self.portfolio, self.drift, self.decision = portfolio, drift, decision
        self.allocation = allocation_of(portfolio.policy)
        self._drafts = Drafts(portfolio.folder)
        self.step = Step.EDITING
        self._resume(self._drafts.load())

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts of the open portfolio: planned together, unless one is chosen."""
        if self.portfolio is None:
            return ()
        return self.portfolio.household.accounts or tuple(self.portfolio.policy.accounts)

    def choose_account(self, account: str | None) -> None:
        """Look at one account alone, or (None) at all of them together. UsageError for an unknown account."""
        if self.choice is None:
            raise nothing_open()
        self.open(self.choice, account)

    @property
    def language(self) -> Language:
        """The chosen language, else the portfolio's own."""
        return self._chosen_language or (self.portfolio.language if self.portfolio else "en")

    def speak(self, language: Language) -> None:
        """Choose the language of the screen. It changes no figure, so a preview stays."""
        self._chosen_language = language

    # ---- weights ----

    def move(self, code: str, points: int) -> None:
        """Set one weight in basis points; the others share the change in proportion to their weights."""
        self._set_allocation(self.allocation.move(code, points))

    def lock(self, code: str, shut: bool) -> None:
        """Lock or unlock one weight."""
        self._set_allocation(self.allocation.lock(code, shut))

    def edit(self, weights: object, locks: object) -> None:
        """Take over a whole list that a page sent, unchecked."""
        self._set_allocation(self.allocation.edit(weights, locks))

    def reset(self) -> None:
        """The policy's own weights again."""
        self._set_allocation(self.allocation.reset())

    # ---- money ----

    @property
    def amount(self) -> Decimal | None:
        """The amount that is put in or taken out; None when the field is empty. UsageError when it is no amount."""
        return arguments.amount(_AMOUNT.of(self.language), self.amount_text) if self.amount_text else None

    def put(self, text: str, direction: Direction) -> None:
        """What was typed into the money field. It stays as typed; UsageError says what is wrong with it."""
        self._not_while_sent()
        self.amount_text, self.direction = text.strip(), direction
        self._edited()
        _ = self.amount

    def insist(self, force: bool) -> None:
        """Trade although nothing is due: it overrides the trigger alone."""
        self._not_while_sent()
        self.force = force
        self._edited()

    # ---- preview, tick, submit ----

    def preview(self) -> None:
        """Read the folder again and plan what the screen asks for."""
        self._not_while_sent()
        self._clear()
        portfolio = self._reread()
        self.plan = portfolio.plan(**self._wish())
        self.step = Step.PREVIEWED

    @property
    def can_confirm(self) -> bool:
        """Is there a plan with orders and a valid certificate to read?"""
        return self.plan is not None and bool(self.plan.orders) and self.plan.certificate.valid

    @property
    def confirmed(self) -> bool:
        """Was exactly the plan on the screen ticked?"""
        return self.plan is not None and self._ticked == self.plan.plan_id

    def confirm(self, read: bool) -> bool:
        """Tick or untick "I have read this" for the plan on the screen. Returns whether it is ticked now."""
        if self.step not in (Step.PREVIEWED, Step.CONFIRMED) or not self.can_confirm or self.plan is None:
            return False
        self._ticked = self.plan.plan_id if read else None
        self.step = Step.CONFIRMED if read else Step.PREVIEWED
        return read

    def submit(self) -> bool:
        """Leave the plan with the worker. False, and nothing happens, unless exactly this plan was confirmed."""
        if self.step is not Step.CONFIRMED or not self.confirmed or self.portfolio is None or self.plan is None:
            return False
        self.step = Step.SENT  # before anything else: a second click finds the door shut
        try:
            self._proposal = self._courier.propose(self.portfolio, self.plan)
        except Exception:
            self._edited()
            raise
        return True

    def poll(self) -> bool:
        """Ask whether the worker has answered. True when the step changed; KitError when the answer is a refusal."""
        if self.step is not Step.SENT or self.portfolio is None or self._proposal is None:
            return False
        answer = self._courier.answer(self.portfolio, self._proposal)
        if answer is None:
            return False
        if isinstance(answer, KitError):
            self._clear()
            raise answer
        self._finish(answer)
        return True

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the portfolio's exchange: people there read its clock."""
        from rebalance_kit.portfolio.opening import TIME_ZONES

        return ZoneInfo(TIME_ZONES[self.portfolio.policy.exchange] if self.portfolio else "UTC")

    def history(self) -> tuple[RunResult, ...]:
        """Every run of this portfolio, newest first."""
        return self.portfolio.history().runs if self.portfolio else ()

    # ---- inside ----

    def _forget(self) -> None:
        self.portfolio = self.drift = self.decision = self._drafts = self.receipt = None
        self.allocation = Allocation((), (), (), (), ())
        self.direction, self.amount_text, self.force = "in", "", False
        self._clear()

    def _clear(self) -> None:
        self.plan = self._ticked = self._proposal = None
        self.step = Step.EDITING if self.portfolio else Step.EMPTY

    def _edited(self) -> None:
        """Whatever was previewed, ticked or answered no longer belongs to the screen."""
        self._clear()
        self.receipt = None
        if self._drafts:
            self._drafts.save(self._draft())

    def _set_allocation(self, allocation: Allocation) -> None:
        self._not_while_sent()
        if self.portfolio is None:
            raise nothing_open()
        if allocation.weights != self.allocation.weights:
            self.drift = self.portfolio.drift(targets=allocation.targets)
        self.allocation = allocation
        self._edited()

    def _draft(self) -> Draft:
        rows = self.allocation
        return Draft(rows.codes, rows.policy, rows.weights, rows.locked, self.direction, self.amount_text, self.force)

    def _resume(self, draft: Draft | None) -> None:
        if draft is None or self.portfolio is None:
            return
        self.allocation = self.allocation.resume(draft)
        self.direction, self.amount_text, self.force = draft.direction, draft.amount, draft.force
        self.drift = self.portfolio.drift(targets=self.allocation.targets)

    def _wish(self) -> PlanWish:
        wish: PlanWish = {"force": self.force}
        if self.amount is not None:
            wish["contribute" if self.direction == "in" else "withdraw"] = self.amount
        if self.allocation.targets is not None:
            wish["targets"] = self.allocation.targets
        return wish

    def _reread(self) -> Portfolio:
        """The folder as it is now: a preview must not rest on prices that were replaced since the page was opened."""
        if self.choice is None or self.portfolio is None:
            raise nothing_open()
        portfolio = self._opener(self.choice.folder, self.account)
        fresh = allocation_of(portfolio.policy)
        if (fresh.codes, fresh.policy) != (self.allocation.codes, self.allocation.policy):
            self.open(self.choice, self.account)
            raise policy_moved()
        self.portfolio, self.decision = portfolio, portfolio.decide()
        self.drift = portfolio.drift(targets=self.allocation.targets)
        return portfolio

    def _finish(self, receipt: RunResult) -> None:
        """Show the receipt and the portfolio as it is now; what was wished for is done with."""
        if self._drafts:
            self._drafts.clear()
        if self.choice is not None:
            self._clear()
            self.open(self.choice, self.account)
        self.receipt, self.step = receipt, Step.DONE

    def _not_while_sent(self) -> None:
        if self.step is Step.SENT:
            raise on_its_way()


_AMOUNT = Text("amount", "금액")


def _open(folder: Path, account: str | None) -> Portfolio:
    from rebalance_kit.portfolio import open_portfolio

    return open_portfolio(folder, account=account)
