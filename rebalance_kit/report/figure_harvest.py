"""`harvest_svg` as a matplotlib figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rebalance_kit.report import wording
from rebalance_kit.report.figure import Pen
from rebalance_kit.report.ink import BLUE, VERMILION
from rebalance_kit.report.svg_harvest import gain_scale, gain_text, left_text, lot_name
from rebalance_kit.tax.harvest_model import Action, Harvest
from rebalance_kit.words import Language, Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def harvest_figure(made: Harvest, language: Language = "en") -> Figure:
    """One bar for each lot; what there is to do is marked, what is left of the deduction stands in the title."""
    pen = Pen([lot_name(row) for row in made.candidates], language)
    title = Text(
        *(f"{wording.HARVEST_TITLE.of(spoken)}\n{left_text(made, spoken)}" for spoken in ("en", "ko"))
    )  # both languages, so that the pen may choose
    figure, axes = pen.sheet(title, [(lot_name(row), f"{row.code} {row.lot_id}") for row in made.candidates])
    for y, row in enumerate(made.candidates):
        gain = float(row.gain or 0)
        axes.barh(y, gain, height=0.55, color=VERMILION if gain < 0 else BLUE)
        due = " !" if row.action is not Action.NONE else ""
        pen.write(axes, y, f"{gain_text(made, row, pen.language)}{due}")
    axes.axvline(0, color="black", linewidth=0.8)
    scale = gain_scale(made)
    axes.set_xlim(-scale, scale)
    axes.set_xticks([-scale, 0, scale])
    pen.finish(axes, "{:+,.0f}")
    return figure
