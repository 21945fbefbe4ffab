"""Writes the notebooks and runs them: python tests/tools/make_notebooks.py [NAME ...]

The outputs are stored, and the tests compare every one of them with a fresh run. Nothing in a notebook depends on the
clock, the machine or the network; nothing is written into the sample portfolios.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

nbf: Any = nbformat  # its functions have no types
FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
Cell = tuple[str, str]


def md(text: str) -> Cell:
    return "markdown", text.strip()


def code(text: str) -> Cell:
    return "code", text.strip()


QUICKSTART = [
    md("""
# Quickstart

**Where am I off target, what should I do about it, and what will it cost?**

목표에서 얼마나 벗어났고, 무엇을 해야 하며, 얼마가 드는가?
"""),
    code("""
import rebalance_kit as rk

portfolio = rk.open_portfolio("../portfolios/growth", on="2026-03-04", language="en")
portfolio.drift()
"""),
    code("rk.chart(portfolio.drift())"),
    md("## Is anything due on this day?"),
    code("portfolio.decide()"),
    md("Nothing is: no asset left its band, and the quarter begins on the first session of April. On that day:"),
    code("""
april = rk.open_portfolio("../portfolios/growth", on="2026-04-01", language="en")
plan = april.plan()
plan
"""),
    code("rk.chart(plan)"),
    md("## Can I trust the plan?\n\nAn independent function proved these facts again, in exact arithmetic."),
    code("""
facts = {check.name: check.detail.en for check in plan.certificate.checks if check.holds}
print(facts["cash"], facts["value_conserved"], sep="\\n")
plan.certificate.valid
"""),
    md("## How do I carry it out?\n\nOn a copy of the folder, on its paper account: by typing back the id of the plan "
       "that was read."),
    code("""
from pathlib import Path
from tempfile import TemporaryDirectory

somewhere = TemporaryDirectory()
mine = rk.open_portfolio(rk.write_sample(Path(somewhere.name) / "mine"), on="2026-04-01", language="en")
plan = mine.plan()
run = mine.submit(plan, yes=plan.plan_id)
run.table().drop(columns="commission")
"""),
    code("""
after = rk.open_portfolio(mine.folder, on="2026-04-01", language="en")
rk.chart(after.drift())
"""),
    code("""
largest = after.drift().max_drift
somewhere.cleanup()
print(f"{run.status}: the largest drift was {plan.summary.max_drift_before:.2%} and is {largest:.2%}.")
"""),
    md("""
**Answer.** On 4 March nothing was due. On 1 April five orders bring the largest drift from 3.64 to 0.45 points,
for 210 won of commission. Next: `01_where_am_i.ipynb`, `02_new_money.ipynb`, or the desk in
`dashboard.ipynb`.
"""),
]  # fmt: skip

WHERE_AM_I = [
    md("""
# Where am I?

**How far is each asset, and each group, from its target, and is that too far?**
"""),
    code("""
import rebalance_kit as rk

portfolio = rk.open_portfolio("../portfolios/growth", on="2026-03-04", language="en")
drift = portfolio.drift()
drift
"""),
    md("Drift is the current weight minus the target, in points of the whole portfolio. The marks are the bands: a bar "
       "that reaches past its mark is a breach."),
    code("rk.chart(drift)"),
    code('drift.table()[["value", "current_weight", "target_weight", "drift", "breached"]]'),
    md("## Which asset is furthest away?"),
    code("""
table = drift.table()
table.loc[table["drift"].abs().astype(float).idxmax(), ["name", "drift", "lower", "upper"]]
"""),
    md("## And in two currencies?\n\nDollars count at the day's rate; cash is shown in its own currency."),
    code("""
us = rk.open_portfolio("../portfolios/us", on="2026-03-04", language="en")
us.drift()
"""),
    code("rk.chart(us.drift())"),
    code("us.decide()"),
    md("## 한국어로"),
    code("""
rk.open_portfolio("../portfolios/us", on="2026-03-04", language="ko").decide()
"""),
    md("""
**Answer.** In the growth portfolio the semiconductor fund is furthest away, 3.64 points over its target and inside its
band of 5 to 15 %. In the US portfolio VOO is 6.52 points over and past its band: there a rebalance is due.
"""),
]  # fmt: skip

NEW_MONEY = [
    md("""
# New money

**I have 1,000,000 won to invest this month. What should it buy?**
"""),
    code("""
import rebalance_kit as rk

portfolio = rk.open_portfolio("../portfolios/growth", on="2026-03-04", language="en")
rules = portfolio.cash_rules(1_000_000)
rules
"""),
    code("rk.chart(rules)"),
    md("Three rules answer, each in its own way: `proportional` to the shortfall, `water_filling` the most underweight "
       "first, `least_squares` the largest gap in money first. The policy names the second. In whole shares, without a "
       "sale:"),
    code("""
plan = portfolio.plan(contribute=1_000_000)
plan
"""),
    code("rk.chart(plan)"),
    code('plan.table()[["code", "side", "quantity", "amount", "commission"]]'),
    md("## What if it were a withdrawal?"),
    code("portfolio.plan(withdraw=1_000_000)"),
    md("## How much would restore every target without a sale?"),
    code("""
enough = rules.smallest_no_sell_deposit
print(f"{enough:,}")
"""),
    code("rk.chart(portfolio.plan(contribute=enough))"),
    md("## And if I put in the same every month?\n\nPrices stay as they are: no forecast. What a month leaves over is "
       "carried on."),
    code("""
savings = portfolio.savings_plan(1_000_000, 6)
rk.chart(savings)
"""),
    code("savings"),
    md("""
**Answer.** What is furthest below its target, and nothing that is above: 32 shares of 305080, 11 of 139320, 10 each of
305720 and 273130, 3 of 069500. Restoring every target without a sale would take 4,000,000 won, or a million in each of
4 months.
"""),
]  # fmt: skip

TAX = [
    md("""
# Tax

**What does a plan owe in tax, when is it better to wait, and what should be sold for the tax alone?**

Every figure is an estimate by dated rules, not advice.
"""),
    md("## The same portfolio, four tax treatments\n\nAn index fund and a bond fund have grown past their targets, a "
       "domestic fund has fallen behind. 1,500,000 won of overseas gains were realised earlier this year."),
    code("""
fund = {"ticker": "Index fund", "code": "360750", "target": 0.40, "tax_class": "kr_other"}
bond = {"ticker": "Bond fund", "code": "305080", "target": 0.30, "tax_class": "kr_other"}
home = {"ticker": "Domestic fund", "code": "069500", "target": 0.30, "tax_class": "kr_equity"}
rules = {"base_currency": "KRW", "rebalancing": {"deviation": "squared"}, "tax": {"realised_gain_ytd": 1_500_000}}
holdings = "code,quantity,price,cost\\n360750,1000,20000,8000000\\n305080,1600,10000,9600000\\n069500,125,32000,4000000"
"""),
    code("""
variants = {
    "kr_equity": (fund | {"tax_class": "kr_equity"}, "taxable"),
    "kr_other": (fund, "taxable"),
    "overseas_listed": (fund | {"tax_class": "overseas_listed"}, "taxable"),
    "in an ISA": (fund, "isa"),
}
"""),
    code("""
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import rebalance_kit as rk

plans, somewhere = {}, TemporaryDirectory()
"""),
    code("""
for name, (asset, kind) in variants.items():
    folder = Path(somewhere.name) / name
    folder.mkdir()
    allocation = {"all": {"weight": 1, "assets": [asset, bond, home]}}
    policy = {"portfolio": rules | {"allocation": allocation, "accounts": {"main": {"type": kind}}, "language": "en"}}
    (folder / "portfolio.yaml").write_text(json.dumps(policy), encoding="utf-8")
    (folder / "holdings.csv").write_text(holdings, encoding="utf-8")
    plans[name] = rk.open_portfolio(folder, on="2026-03-04").plan(force=True)
"""),
    code("""
import pandas as pd

sold = {name: plan.table().set_index("name")["quantity"] for name, plan in plans.items()}
table = pd.DataFrame(sold).T
table["tax"] = {name: f"{plan.summary.tax:,}" for name, plan in plans.items()}
table
"""),
    md("""
Four plans, because a won of distance is weighed against a won of tax:

- **kr_equity**: the index fund is exempt and goes even past its goal, because the bond fund owes 15.4 % of its gain
  and is sold less.
- **kr_other**: both owe 15.4 % of their gain, whatever was lost elsewhere, and less of both is sold.
- **overseas_listed**: 1,000,000 won of the gain are what is left of this year's deduction; beyond it 22 % are due, the
  most of the four, and the index fund is sold least.
- **in an ISA**: nothing is taxed when something is sold, and everything goes to its goal.
"""),
    md("## What would it cost to ignore the tax?"),
    code("""
for name, plan in plans.items():
    print(f"{name:16}", *(line.en for line in plan.tax_lines()))
"""),
    md("The tax is the tax engine's own figure for the orders, and the certificate has worked it out again:"),
    code("""
plan = plans["overseas_listed"]
facts = {check.name: check.detail.en for check in plan.certificate.checks}
print(facts["taxes"], facts["lots"], sep="\\n")
plan
"""),
    md("## Is it better to sell in four parts?\n\nDocument 000 advises to split a rebalance over the quarters, lest "
       "the tax come all at once. A gain of 10,000,000 won on overseas funds:"),
    code("""
from datetime import date
from fractions import Fraction

from rebalance_kit.tax.korea import overseas_tax_by_year
from rebalance_kit.tax.rules import RuleBook

book, million = RuleBook(), Fraction(1_000_000)
"""),
    code("""
ways = {
    "one sale in November": [(date(2026, 11, 20), 10 * million)],
    "four quarterly sales": [(date(2026, month, 20), 10 * million / 4) for month in (2, 5, 8, 11)],
    "half in December, half in January": [(date(2026, 12, 1), 5 * million), (date(2027, 1, 20), 5 * million)],
}
for name, sales in ways.items():
    print(f"{name:34} {int(sum(overseas_tax_by_year(sales, book).values())):>9,}")
"""),
    md("The deduction of 2,500,000 won is of a calendar year, so the quarters change nothing; two years have two "
       "deductions. What counts is the day of settlement, which near the end of the year is the next year's:"),
    code("""
from rebalance_kit.tax.settlement import overseas_settlement

for day in (date(2026, 12, 28), date(2026, 12, 29), date(2026, 12, 30)):
    print("sold", day, "settles", overseas_settlement(day, book))
"""),
    md("## What should be sold for the tax alone?\n\nIn Korea a gain that fits into what is left of the deduction may "
       "be realised free of tax, and the fund bought again on the same day."),
    code("""
harvest = rk.open_portfolio("../portfolios/us", on="2026-03-04", language="en").harvest()
rk.chart(harvest)
"""),
    code("""
due = harvest.table().query("action != 'none'")
due[["code", "lot_id", "quantity", "gain", "tax_saved", "cost"]]
"""),
    code("""
saved, cost = (sum(due[name]) for name in ("tax_saved", "cost"))
somewhere.cleanup()
print(f"{saved:,} won of later tax for {cost:,} won of costs")
"""),
    md("""
**Answer.** The plan owes 197,120, 530,370, 381,210 or no won, and it sells the less of a fund the more that fund owes.
Splitting a gain over the quarters saves nothing (1,650,000 won either way), splitting it over two years does
(1,100,000). And the gains that still fit into this year's deduction save 343,068 won of later tax.
"""),
]  # fmt: skip

WORTH_IT = [
    md("""
# Is it worth trading?

**What does it cost to be off target, and does going back pay for its own costs and tax?**

Being off target costs expected utility: half the risk aversion times the variance of the deviation, a year. The
covariance is that of the prices in the folder, or what the policy states under `costs.tracking`.
"""),
    md("## A portfolio in two currencies that is past its band"),
    code("""
import rebalance_kit as rk

us = rk.open_portfolio("../portfolios/us", on="2026-03-04", language="en").plan()
print(*(line.en for line in us.benefit_lines()), sep="\\n")
"""),
    md("Each order has its part of what the plan saves; the parts add up to it."),
    code("""
orders = us.table()[["code", "side", "quantity", "benefit"]].dropna()  # an exchange of currencies has none
orders
"""),
    code("""
print(f"{sum(orders['benefit']):,} of {us.benefit.benefit:,}, earned back in {us.benefit.payback_months} months")
"""),
    md("## A portfolio inside its bands, traded all the same"),
    code("""
growth = rk.open_portfolio("../portfolios/growth", on="2026-03-04", language="en")
forced = growth.plan(force=True)
print(*(line.en for line in forced.benefit_lines()), sep="\\n")
"""),
    md("## Can a policy trade only what pays?\n\nDocument 003 asks for it: two points of drift in a small-cap fund "
       "do not justify a round trip of 1.5 %. With `only_if_it_pays: true` the plan weighs the two:"),
    code("""
import json
from pathlib import Path
from tempfile import TemporaryDirectory

small = {"code": "SMALL", "target": 0.5, "exchange": "XNYS"}
bonds = {"code": "BONDS", "target": 0.5, "exchange": "XNYS"}
rules = {"drift_trigger": {"threshold": 0.02}, "constraints": {"only_if_it_pays": True}}
costs = {"slippage_estimate": 0.0075, "tracking": {"volatility": {"SMALL": 0.25, "BONDS": 0.05}}}
"""),
    code("""
somewhere = TemporaryDirectory()
folder = Path(somewhere.name)
allocation = {"all": {"assets": [small, bonds]}}
policy = {"base_currency": "USD", "exchange": "XNYS", "allocation": allocation, "rebalancing": rules, "costs": costs}
(folder / "portfolio.yaml").write_text(json.dumps({"portfolio": policy}), encoding="utf-8")
lines = ["code,quantity,price", "SMALL,5200,10", "BONDS,4800,10"]
(folder / "holdings.csv").write_text("\\n".join(lines), encoding="utf-8")
plan = rk.open_portfolio(folder, on="2026-03-04").plan()
"""),
    code("""
somewhere.cleanup()
print(plan.decision.reasons[-1].en)
len(plan.orders), len(plan.ideal)
"""),
    md("""
**Answer.** It depends on the risk, the costs and the tax. The portfolio in two currencies loses 721 won a year of
utility while it is off target; its plan costs 2,558 won and has earned them back in 43.7 months. Trading the growth
portfolio inside its bands would save 8,629 won over 120 months and cost 18,561, most of it tax. And a drift of two
points is not worth such a round trip: 13.00 dollars saved against 29.78 spent, so the plan orders nothing.
"""),
]  # fmt: skip

NOTEBOOKS = {
    "00_quickstart": QUICKSTART,
    "01_where_am_i": WHERE_AM_I,
    "02_new_money": NEW_MONEY,
    "tax": TAX,
    "worth_it": WORTH_IT,
}


def notebook(cells: Sequence[Cell]) -> Any:
    """A notebook of these cells, not yet run. Its ids are counted, so that the file is the same every time."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = nbf.v4.new_notebook(metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    for i, (kind, source) in enumerate(cells):
        new = nbf.v4.new_code_cell if kind == "code" else nbf.v4.new_markdown_cell
        made.cells.append(new(source, id=f"cell-{i:02}"))
    return made


def run(made: Any, folder: Path) -> Any:
    """The notebook with its outputs, as if it stood in `folder`."""
    NotebookClient(
        made,
        timeout=120,
        kernel_name="python3",
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    for cell in made.cells:
        cell.metadata.pop("execution", None)
    made.metadata["language_info"] = {"name": "python"}
    return made


def main(names: Sequence[str]) -> None:
    for name in names or NOTEBOOKS:
        nbf.write(run(notebook(NOTEBOOKS[name]), FOLDER), FOLDER / f"{name}.ipynb")


if __name__ == "__main__":
    main(sys.argv[1:])
