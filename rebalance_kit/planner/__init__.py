"""From goals in money to whole-share orders, proved and certified.

stating      policy, holdings, prices, goals  ->  the problem            problem     the problem in integers
solve        the best counts of shares        <-  search, capped         dual, relaxation, halves    bounds and proof
make         counts -> orders, summary, findings, plan                   telling, identity           what a plan says
certificate  the plan, re-proved from the inputs alone                   order_proofs, sum_proofs, evidence
instant      a good plan at once, with its gap  <-  quick, quick_caps    arrays, levels, moves    many accounts at once
batch        plan_many: drift to orders over arrays                      batch_*     its input, goals, trigger, result
household    several accounts under one set of targets     household_*   its problem, relaxation, bound, moves, proof
compare      the cash rules side by side                                 highs       a second opinion, rarely asked
"""
