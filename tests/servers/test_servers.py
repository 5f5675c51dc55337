"""Each server can be started and answers, so that a test of ours that fails is about us."""

import pytest

from tests.servers.process import answers


@pytest.mark.parametrize("name", ["prometheus", "victoria_metrics", "node_exporter", "alertmanager"])
def test_it_answers(request, name):
    address = request.getfixturevalue(name)
    path = {"node_exporter": "/metrics", "alertmanager": "/api/v2/status"}.get(name, "/api/v1/query?query=1")
    assert answers(address + path)
