"""`python -m rebalance_kit ...` is `rebalance ...`."""

import sys

from rebalance_kit.cli import main

if __name__ == "__main__":
    sys.exit(main())
