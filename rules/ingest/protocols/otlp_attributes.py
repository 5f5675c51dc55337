"""Attributes of OpenTelemetry as labels.

Of the attributes of a resource, `service.name` (after `service.namespace` and a slash) is the label `job`,
`service.instance.id` is `instance`, and those of `PROMOTED` are labels of their names. The others are left out, as in
Prometheus: they describe the program, not its series. The mapping of `job` and `instance` is that of OpenTelemetry's
"Prometheus and OpenMetrics Compatibility".
"""

import base64
import json
from collections.abc import Iterable
from typing import Any

Labels = tuple[tuple[str, str], ...]

SERVICE, NAMESPACE, INSTANCE = "service.name", "service.namespace", "service.instance.id"
PROMOTED = (
    "cloud.region", "container.name", "deployment.environment", "deployment.environment.name", "host.name",
    "k8s.cluster.name", "k8s.container.name", "k8s.deployment.name", "k8s.namespace.name", "k8s.node.name",
    "k8s.pod.name",
)  # fmt: skip


def labels_of_attributes(attributes: Iterable[Any]) -> Labels:
    """The attributes of a data point, each a label."""
    return tuple([(each.key, each.value.string_value or text_of_value(each.value)) for each in attributes])


def labels_of_resource(attributes: Iterable[Any]) -> Labels:
    """The labels of all series of a resource."""
    named = dict(labels_of_attributes(attributes))
    namespace, service = named.get(NAMESPACE, ""), named.get(SERVICE, "")
    labels = [("job", f"{namespace}/{service}" if namespace and service else service)]
    labels.append(("instance", named.get(INSTANCE, "")))
    labels += [(name, named[name]) for name in PROMOTED if name in named]
    return tuple([pair for pair in labels if pair[1]])


def text_of_value(value: Any) -> str:
    """An AnyValue as text: a string as it is, others as JSON, bytes in base64."""
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return ""
    if kind == "bytes_value":
        return base64.b64encode(value.bytes_value).decode()
    if kind == "array_value":
        return [_plain(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        return {each.key: _plain(each.value) for each in value.kvlist_value.values}
    return getattr(value, kind)
