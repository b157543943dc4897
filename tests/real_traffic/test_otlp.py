"""The requests that the tests make from captured ones say the same as those did."""

import pytest

from tests.real_traffic.captures import scenario, scenario_names
from tests.real_traffic.otlp import (
    records,
    request_from_json,
    request_of,
    request_to_json,
    single_record_requests,
)


@pytest.mark.parametrize("name", scenario_names())
def test_a_request_survives_json_and_splitting(name: str) -> None:
    for delivery in scenario(name).deliveries:
        signal, request = delivery.signal, request_of(delivery)
        assert request_from_json(signal, request_to_json(request)) == request
        if signal != "metrics":
            singles = [list(records(signal, single)) for single in single_record_requests(signal, request)]
            assert {len(single) for single in singles} == {1}
            assert [single[0] for single in singles] == list(records(signal, request))
