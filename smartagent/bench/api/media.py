"""How schemathesis writes bodies that are no JSON."""

from typing import Any

import schemathesis


def register_media_types() -> None:
    """Lines of JSON and protocol buffers: a body is what was generated, as it is."""

    @schemathesis.serializer("application/x-ndjson", "application/x-protobuf")
    def octets(_: Any, value: Any) -> bytes:
        return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")
