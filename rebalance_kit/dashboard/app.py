"""The desk as one widget: `Dashboard(VBox)` wires the panels to a session and runs in Voila and in JupyterLab alike.

    Dashboard("portfolios")          a folder of portfolios, or one portfolio

Nothing is read when it is made: a page that opens says so, and only then the portfolio is read. Every callback goes
through `_guard`, because an exception in a widget callback vanishes otherwise: it becomes a sentence on the page, and
its details a file. A widget that is switched off is no control (a page can be made to send anything), so every
callback asks the session, which has its own rules.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from rebalance_kit.dashboard import wording as w
from rebalance_kit.dashboard.heart import Heart, asset
from rebalance_kit.dashboard.panels import Panels, html, show
from rebalance_kit.dashboard.session import Courier, Session, Step
from rebalance_kit.dashboard.startup import LOG_FILE, load_ahead, note_failure, root_folder, worker_courier
from rebalance_kit.dashboard.views import chart, editor_rows, message, today
from rebalance_kit.errors import KitError
from rebalance_kit.words import Language, Severity

NARROW = 560  # a page of fewer pixels gets the chart for phones
PATIENCE = 20  # seconds without an answer before the page says so


class Dashboard(widgets.VBox):  # type: ignore[misc]  # ipywidgets is not typed for subclassing
    """The whole desk. `root` is a portfolio folder or a folder of them (default: see `startup`)."""

    def __init__(
        self, root: str | Path | None = None, *, courier: Courier | None = None, session: Session | None = None
    ) -> None:
        self.session = session or Session(root_folder(root), courier or worker_courier())
        self._language: Language = "en"
        self._writing = False
        self._narrow = False
        self._watcher: asyncio.Task[None] | None = None
        self.panels = Panels(self._on_edit, self._guard(self._on_reset))
        self.heart = Heart(self._guard(self._on_open), self._guard(self._on_width), w.heart_words("en"))
        self.panels.speak("en")
        self._wire()
        style = html("rk-style", value=f"<style>{asset('desk.css')}</style>")
        super().__init__([style, self.heart, *self.panels.page])
        self.add_class("rk-desk")
        threading.Thread(target=load_ahead, daemon=True).start()

    def __repr__(self) -> str:
        return "Dashboard()"

    def _wire(self) -> None:
        panels = self.panels
        for widget, action in (
            (panels.chooser, self._on_choose),
            (panels.account, self._on_account),
            (panels.language, self._on_language),
            (panels.direction, self._on_money),
            (panels.amount, self._on_money),
            (panels.force, self._on_force),
            (panels.read, self._on_read),
        ):
            widget.observe(self._guard(action), names="value")
        panels.preview.on_click(self._guard(self._on_preview))
        panels.submit.on_click(self._guard(self._on_submit))

    # ---- what a person does ----

    def _on_open(self, width: int, languages: list[str]) -> None:
        self._narrow = width < NARROW
        if self.session.portfolio is not None:
            return  # a second view of the same widget
        self._language = "ko" if languages and languages[0].lower().startswith("ko") else "en"
        self._speak()
        choices = self.session.choices()
        with self._quietly():
            self.panels.chooser.options = [(choice.name, number) for number, choice in enumerate(choices)]
            self.panels.chooser.value = 0
        show(self.panels.chooser, len(choices) > 1)
        self._on_choose()

    def _on_width(self, width: int) -> None:
        if (width < NARROW) != self._narrow:
            self._narrow = width < NARROW
            self._show_chart()

    def _on_choose(self, *_: object) -> None:
        self.session.open(self.session.choices()[self.panels.chooser.value])
        self._language = self.session.language
        self._speak()
        self._show_everything()

    def _on_account(self, *_: object) -> None:
        try:
            self.session.choose_account(self.panels.account.value)
        finally:
            self._show_everything()

    def _on_language(self, *_: object) -> None:
        self._language = self.panels.language.value
        self.session.speak(self._language)
        self._speak()
        self._show_everything()

    def _on_edit(self, weights: object, locks: object) -> bool:
        done = self._guard(self.session.edit)(weights, locks)
        if done:
            self._show_chart()
            self._show_state()
        else:
            self._show_weights()
        return done

    def _on_reset(self) -> None:
        self.session.reset()
        self._show_weights()
        self._show_chart()
        self._show_state()

    def _on_money(self, *_: object) -> None:
        try:
            self.session.put(self.panels.amount.value, self.panels.direction.value)
        finally:
            self._show_state()

    def _on_force(self, *_: object) -> None:
        try:
            self.session.insist(bool(self.panels.force.value))
        finally:
            self._show_state()

    def _on_preview(self, *_: object) -> None:
        self._say(w.PLANNING.of(self._language), "info")
        try:
            self.session.preview()
        finally:
            self._show_everything()
        self._say("", "info")
        self.heart.send({"kind": "look", "at": ".rk-preview"})

    def _on_read(self, *_: object) -> None:
        self.session.confirm(bool(self.panels.read.value))
        self._show_state()

    def _on_submit(self, *_: object) -> None:
        try:
            sent = self.session.submit()
        finally:
            self._show_state()
        if sent:
            self._say(w.SENT.of(self._language), "info")
            self._watcher = asyncio.ensure_future(self._watch())

    # ---- waiting for the worker ----

    async def _watch(self) -> None:
        waited = 0.0
        while self.session.step is Step.SENT:
            await asyncio.sleep(0.15)
            waited += 0.15
            self._guard(self._poll)()
            if self.session.step is Step.SENT and waited > PATIENCE:
                self._say(w.STILL_WAITING.of(self._language).format(seconds=round(waited)), "warning")

    def _poll(self) -> None:
        try:
            answered = self.session.poll()
        except KitError:
            self._show_everything()
            raise
        if answered:
            self._say("", "info")
            self._show_everything()
            self.heart.send({"kind": "look", "at": ".rk-receipt"})

    # ---- what the page shows ----

    def _show_everything(self) -> None:
        ready = self.session.drift is not None
        with self._quietly():
            self.panels.offer_accounts(self.session.accounts, self.session.account, self._language)
        show(self.panels.today, ready)
        show(self.panels.grid, ready)
        show(self.panels.history, ready)
        if ready:
            self._show_today()
            self._show_chart()
            self._show_weights()
            self._show_history()
        self._show_state()

    def _show_today(self) -> None:
        if self.session.drift and self.session.decision:
            self.panels.today.value = today(self.session.drift, self.session.decision, self._language)

    def _show_chart(self) -> None:
        if self.session.drift:
            what_if = self.session.allocation.changed
            self.panels.drift.value = chart(self.session.drift, self._language, what_if=what_if, narrow=self._narrow)

    def _show_weights(self) -> None:
        rows, drift = self.session.allocation, self.session.drift
        if drift:
            self.panels.editor.rows = editor_rows(rows, drift, self._language)
        self.panels.editor.show(rows.weights, rows.locked)

    def _show_history(self) -> None:
        from rebalance_kit.dashboard.order_views import history

        self.panels.history.value = history(self.session.history(), self.session.zone, self._language)

    def _show_state(self) -> None:
        """What follows from the session's step: the orders, the tick, and which controls are on."""
        from rebalance_kit.dashboard.order_views import preview, receipt

        session, panels = self.session, self.panels
        sent = session.step is Step.SENT
        with self._quietly():
            panels.amount.value, panels.direction.value = session.amount_text, session.direction
            panels.force.value = session.force
            panels.orders.value = preview(session.plan, self._language) if session.plan else ""
            panels.read.description = w.READ.of(self._language).format(
                count=len(session.plan.orders if session.plan else ())
            )
            panels.read.value = session.confirmed
            panels.read.disabled = sent or not session.can_confirm
            panels.submit.disabled = session.step is not Step.CONFIRMED
            panels.receipt.value = receipt(session.receipt, self._language) if session.receipt else ""
            for widget in (
                panels.amount,
                panels.direction,
                panels.force,
                panels.preview,
                panels.chooser,
                panels.account,
            ):
                widget.disabled = sent
            panels.editor.busy = sent
        show(panels.orders_card, session.plan is not None)
        show(panels.confirm, session.can_confirm)
        show(panels.receipt, session.receipt is not None)

    def _speak(self) -> None:
        with self._quietly():
            self.panels.speak(self._language)
        self.heart.words = w.heart_words(self._language)

    def _say(self, text: str, kind: Severity) -> None:
        self.panels.message.value = message(text, kind)

    # ---- safety ----

    def _guard(self, action: Callable[..., Any]) -> Callable[..., bool]:
        """`action` for a callback: what goes wrong becomes a sentence. Returns whether it went well."""

        def guarded(*args: Any) -> bool:
            if self._writing:
                return True
            try:
                if self.session.step is not Step.SENT:
                    self._say("", "info")
                action(*args)
            except KitError as error:
                self._say(error.message(self._language), "error")
            except Exception:
                note_failure(self.session.root)
                self._say(w.BROKEN.of(self._language).format(log=LOG_FILE), "error")
            else:
                return True
            return False

        return guarded

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Values that the program writes are no wishes of a person."""
        before, self._writing = self._writing, True
        try:
            yield
        finally:
            self._writing = before
