"""What Unfold shows around every page."""

from typing import Any

UNFOLD: dict[str, Any] = {"SITE_TITLE": "Smart Agent", "SITE_HEADER": "Smart Agent"}
