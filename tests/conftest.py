"""What holds for every test: examples have no deadline (a busy machine is no defect), and CI draws the same ones."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("kit", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "kit")
