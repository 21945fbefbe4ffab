"""Korea Investment & Securities (한국투자증권) over its KIS Developers API: domestic and US shares, real and mock.

settings   who: key, secret, account and environment, from the environment, a private file or the OS keyring
table      every call: path and tr_id by environment, and what a mock account lacks
wire       one HTTP exchange, bounded in time and size; says whether anything may have left
token      one access token for all processes of a profile
client     calls, pages and orders: retries of reads only, errors as one sentence
codes      what the service's codes mean, and which refuse an order for certain
domestic, overseas, rows, quotes, income, hours      the service's fields become our values
broker     the `Broker` of one account
probe      measures on a mock account what the documentation leaves open
"""
