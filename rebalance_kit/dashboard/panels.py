"""The desk's widgets and where they stand. Nothing here decides anything: `app` wires them to a session."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets

from rebalance_kit.dashboard import wording as w
from rebalance_kit.dashboard.editor import Editor
from rebalance_kit.dashboard.views import brand, card_title
from rebalance_kit.words import Language, Text

LANGUAGES = (("한국어", "ko"), ("English", "en"))


def html(*classes: str, value: str = "") -> widgets.HTML:
    """A piece of ready-made HTML."""
    return _named(widgets.HTML(value), *classes)


def card(*children: widgets.Widget, name: str) -> widgets.VBox:
    """A card of the page."""
    return _named(widgets.VBox(children), "rk-card", f"rk-{name}")


def show(widget: widgets.Widget, visible: bool) -> None:
    """Show or hide a widget."""
    (widget.remove_class if visible else widget.add_class)("rk-gone")


class Panels:
    """Every widget of the page, built once; `speak` puts a language on them."""

    def __init__(self, on_edit: Callable[[object, object], bool], on_reset: Callable[[], object]) -> None:
        self.brand = html("rk-brand")
        self.chooser = _named(widgets.Dropdown(options=[]), "rk-chooser")
        self.account = _named(widgets.Dropdown(options=[]), "rk-account")
        self.language = _named(widgets.ToggleButtons(options=list(LANGUAGES), value="en"), "rk-language")
        self.message = html("rk-messages")
        self.today = html("rk-card", "rk-today")
        self.drift = html("rk-card", "rk-drift")
        self.weights_title = html()
        self.editor = Editor(on_edit, on_reset)
        self.money_title = html()
        self.direction = widgets.Dropdown(options=[("", "in"), (" ", "out")], value="in")
        self.amount = widgets.Text(continuous_update=False)
        self.force = _named(widgets.Checkbox(indent=False), "rk-check")
        self.preview = _named(widgets.Button(), "rk-primary")
        self.orders = html()
        self.read = _named(widgets.Checkbox(indent=False, disabled=True), "rk-check", "rk-read")
        self.submit = _named(widgets.Button(disabled=True), "rk-primary", "rk-submit")
        self.confirm = _named(widgets.Box([self.read, self.submit]), "rk-act", "rk-confirm")
        self.receipt = html("rk-card", "rk-receipt")
        self.history = html("rk-card", "rk-history")
        self._place()

    def _place(self) -> None:
        money_row = _named(widgets.Box([self.direction, self.amount]), "rk-money-row")
        act_row = _named(widgets.Box([self.force, self.preview]), "rk-act")
        weights = card(self.weights_title, self.editor, name="weights")
        money = card(self.money_title, money_row, act_row, name="money")
        head = _named(widgets.Box([self.brand, self.chooser, self.account, self.language]), "rk-head")
        self.grid = _named(widgets.Box([self.drift, weights, money]), "rk-grid")
        self.orders_card = card(self.orders, self.confirm, name="preview")
        hidden = (self.today, self.grid, self.orders_card, self.receipt, self.history)
        for widget in hidden:
            show(widget, False)
        self.page = (head, self.message, *hidden)

    def speak(self, language: Language) -> None:
        """Write every fixed word in a language."""

        def word(text: Text) -> str:
            return text.of(language)

        self.brand.value = brand(language)
        self.chooser.description = word(w.PORTFOLIO)
        self.account.description = word(w.ACCOUNT)
        self.language.value = language
        self.weights_title.value = card_title(w.WEIGHTS_TITLE, language, w.WHAT_IF)
        self.money_title.value = card_title(w.MONEY_TITLE, language, w.MONEY_MORE)
        direction = self.direction.value
        self.direction.options = [(word(w.PUT_IN), "in"), (word(w.TAKE_OUT), "out")]
        self.direction.value = direction
        self.amount.description = word(w.AMOUNT)
        self.force.description = word(w.FORCE)
        self.preview.description = word(w.PREVIEW)
        self.submit.description = word(w.SUBMIT)
        self.editor.words = w.editor_words(language)

    def offer_accounts(self, accounts: Sequence[str], chosen: str | None, language: Language) -> None:
        """The accounts to choose from, where there are several."""
        self.account.options = [(w.ALL_ACCOUNTS.of(language), None), *((name, name) for name in accounts)]
        # By its place: to choose the value None would be to choose nothing.
        self.account.index = [None, *accounts].index(chosen if chosen in accounts else None)
        show(self.account, len(accounts) > 1)


def _named(widget: widgets.Widget, *classes: str) -> widgets.Widget:
    for name in classes:
        widget.add_class(name)
    return widget
