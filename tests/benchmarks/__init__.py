"""Measurements that are run by hand; the tests only smoke-run them."""
