"""Reading a large file: hundreds of thousands of small values that all stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

LARGE = 1_000_000  # bytes; below it the pause is not worth its line


@contextmanager
def without_pauses(size: int) -> Iterator[None]:
    """No search for reference cycles while a file of `size` bytes, if that is large, becomes values.

    The search walks all objects again each time they have grown by a quarter, and in a file's values there is nothing
    to find. It would take a fifth of the time. Whatever was switched off before stays off.
    """
    pause = size >= LARGE and gc.isenabled()
    if pause:
        gc.disable()
    try:
        yield
    finally:
        if pause:
            gc.enable()
