"""The messages of Prometheus remote write, as far as they are read here.

Field names, numbers and types are those of `prompb/types.proto`, `prompb/remote.proto` (1.0) and
`prompb/io/prometheus/write/v2/types.proto` (2.0) of github.com/prometheus/prometheus. A label, which is a message, is
declared as its bytes, which are the same on the wire: a series that is known by them is not decoded again.
"""

from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

BYTES, DOUBLE, INT64, STRING, UINT32 = (
    Field.TYPE_BYTES, Field.TYPE_DOUBLE, Field.TYPE_INT64, Field.TYPE_STRING, Field.TYPE_UINT32,
)  # fmt: skip
Shape = dict[str, tuple[int, Any, bool]]  # field: its number, its type or the name of a message, whether it is repeated

SAMPLE: Shape = {"value": (1, DOUBLE, False), "timestamp": (2, INT64, False)}
MESSAGES_1: dict[str, Shape] = {
    "Label": {"name": (1, STRING, False), "value": (2, STRING, False)},
    "Sample": SAMPLE,
    "TimeSeries": {
        "labels": (1, BYTES, True), "samples": (2, "Sample", True), "exemplars": (3, BYTES, True),
        "histograms": (4, BYTES, True),
    },
    "WriteRequest": {"timeseries": (1, "TimeSeries", True)},
}  # fmt: skip
MESSAGES_2: dict[str, Shape] = {
    "Sample": SAMPLE,
    "TimeSeries": {
        "labels_refs": (1, UINT32, True), "samples": (2, "Sample", True), "histograms": (3, BYTES, True),
        "exemplars": (4, BYTES, True),
    },
    "Request": {"symbols": (4, STRING, True), "timeseries": (5, "TimeSeries", True)},
}  # fmt: skip


def _classes(package: str, messages: dict[str, Shape]) -> dict[str, Any]:
    """The classes of `messages`, by name."""
    file = FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for name, shape in messages.items():
        message = file.message_type.add(name=name)
        for field, (number, kind, repeated) in shape.items():
            label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
            added = message.field.add(name=field, number=number, label=label)
            if isinstance(kind, str):
                added.type, added.type_name = Field.TYPE_MESSAGE, f".{package}.{kind}"
            else:
                added.type = kind
    pool = DescriptorPool()
    pool.Add(file)
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in messages}


VERSION_1 = _classes("prometheus", MESSAGES_1)
VERSION_2 = _classes("io.prometheus.write.v2", MESSAGES_2)
