"""Korea Investment & Securities (한국투자증권) over its KIS Developers API: domestic and US shares, real and mock.

settings, dotenv, secrets   who: key, secret, account and environment, from places that are private
surroundings, clock         the computer: folders, time, waiting; a local double's time where there is one
table, codes                every call by environment; what the service's codes mean for a question and an order
wire, pacing, token         one HTTP exchange, bounded; the distance between calls; one token for all processes
client, envelope            calls, pages and orders: retries of questions only; texts that are numbers
domestic, overseas, rows    balances, orders and lists of both halves of an account, and whether they are complete
quotes, income, hours       prices and net asset values, dividends, when orders can be accepted
listings, guard, changes    which exchange a code trades on; what must not leave; cancelling and revising
broker                      the `Broker` of one account
probing, probe              what the documentation leaves open, measured on a mock account
"""
