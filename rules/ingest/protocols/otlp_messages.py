"""The request of OpenTelemetry metrics as it is read here.

The messages are those of `opentelemetry-proto`, but that an attribute and an exemplar of a data point, which are
messages, are declared as their bytes, which are the same on the wire: a series that is known by them is not decoded
again.
"""

from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1 import resource_pb2

FILES = (common_pb2, resource_pb2, metrics_pb2, metrics_service_pb2)  # each after those that it imports
REQUEST = metrics_service_pb2.ExportMetricsServiceRequest.DESCRIPTOR.full_name
DATA_POINT, AS_BYTES = "DataPoint", ("attributes", "exemplars")


def _request_class() -> Any:
    pool = DescriptorPool()
    for each in FILES:
        file = FileDescriptorProto()
        each.DESCRIPTOR.CopyToProto(file)
        for message in file.message_type:
            if message.name.endswith(DATA_POINT):
                _declare_as_bytes(message)
        pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(REQUEST))


def _declare_as_bytes(message: Any) -> None:
    for field in message.field:
        if field.name in AS_BYTES:
            field.type = FieldDescriptorProto.TYPE_BYTES
            field.ClearField("type_name")


MetricsRequest = _request_class()
KeyValue: Any = common_pb2.KeyValue
