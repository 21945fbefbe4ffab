"""`python -m rebalance_kit ...` is `rebalance ...`."""

import sys

from rebalance_kit.cli import main

sys.exit(main())
