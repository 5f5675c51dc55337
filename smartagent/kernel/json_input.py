"""JSON that somebody typed."""

import json
from typing import Any


class InputDecoder(json.JSONDecoder):
    """Refuses as no JSON also what Python cannot hold: numbers of thousands of digits, and what is too deep."""

    def decode(self, s: str, *args: Any) -> Any:
        try:
            return super().decode(s, *args)
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError) as error:
            raise json.JSONDecodeError("Too long or too deep", s, 0) from error
