"""`rebalance --help`: the whole story in one screen."""

STORY = """\
Usage: rebalance COMMAND PORTFOLIO [OPTIONS]
Where am I off target, what should I do about it, and what will it cost?
목표에서 얼마나 벗어났고, 무엇을 해야 하며, 얼마가 드는지 알려 줍니다.

  demo DIR              write a ready-made portfolio folder to try things on
  drift PORTFOLIO       where you stand, and whether anything is due
  plan PORTFOLIO        orders in whole shares, what they cost, where they lead
  cash PORTFOLIO N      where new money goes, rule by rule (-N: a withdrawal)
  harvest PORTFOLIO     losses and gains worth realising for the tax, lot by lot
  import, prices ...    a broker's export, closes from the web (--write keeps)
  run, submit PORTFOLIO the plan (or a proposal), checked; sent with --yes ID
  stop PORTFOLIO        the kill switch: no order leaves (--off: they may again)
  history, journal ...  what was done, and when; is the record whole?
  fills, resume ...     orders filled by hand; finish what was begun; reconcile
  dashboard [DIR]       the same in your browser: sliders, preview, submit
  research table|zone   how often and how wide: what a rule would have cost
  policy check|schema   check a portfolio.yaml; a JSON schema for your editor

PORTFOLIO is a folder. Questions about it take --on DATE, --account NAME,
--holdings FILE, --prices FILE, --language ko|en and --json (for programs).
Begin with   rebalance demo my-portfolio, then rebalance drift my-portfolio
More         rebalance COMMAND --help; a local KIS: rehearse; --language ko
Exit codes   0 done, 1 failed, 2 bad input, 3 a rule blocks it, 4 busy,
             5 a person must decide, 6 broker, 7 storage, 8 partly executed
"""
