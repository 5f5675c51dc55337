"""How many random examples the costly tests try: few, or MORE_EXAMPLES times as many where somebody has the time."""

import os

TIMES = int(os.environ.get("MORE_EXAMPLES", "1"))


def examples(few: int) -> int:
    """As many as are asked for here and now."""
    return few * TIMES
