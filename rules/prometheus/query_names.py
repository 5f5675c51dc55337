"""Names of the metric queries of imported alerts, made of their uids: they depend on no position in a file either."""

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b

MAX_QUERY_NAME = 80  # characters before the hash that tells long or equal names apart


class QueryNames:
    """The names for the alerts of a file, by uid. A name is the uid with dots for what no name of a metric
    has, and with a hash of the uid where two are the same then, or where it is too long."""

    def __init__(self, uids: Iterable[str]) -> None:
        self.plain = Counter(_plain(uid) for uid in uids)

    def of(self, uid: str) -> str:
        """The name of the query of this alert."""
        name = _plain(uid)
        if self.plain[name] <= 1 and len(name) <= MAX_QUERY_NAME:
            return name
        return f"{name[:MAX_QUERY_NAME].rstrip('-_.:')}-{blake2b(uid.encode(), digest_size=4).hexdigest()}"


def _plain(uid: str) -> str:
    text = re.sub(r"[^A-Za-z0-9_.:-]+", ".", uid).strip("-_.:")
    return text if text[:1].isalpha() else f"alert-{text}".rstrip("-")
