"""Random requests: no 5xx, no traceback, a short log. A sample; `make prove` sends thousands."""

from collections.abc import Callable, Iterator

import pytest

from testkit.receiver.event_files import events
from testkit.receiver.fuzzing import fuzz_bytes, fuzz_headers, fuzz_signed_bodies
from testkit.receiver.running import Receiver, running


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    data = tmp_path_factory.mktemp("fuzz") / "data"
    with running(data, "--timeout", "1", "--rotate-seconds", "600") as started:
        yield started
        assert started.page("/healthz").status_code == 200
        assert started.post(b'"still working"').status_code == 204
        assert started.stop() == 0
        assert "still working" in events(data)
        assert started.log.count("\n") < 60, "senders must not be able to fill the log"


@pytest.mark.parametrize("fuzz", [fuzz_signed_bodies, fuzz_headers, fuzz_bytes])
def test_random_requests_are_answered_correctly(receiver: Receiver, fuzz: Callable[..., None]) -> None:
    fuzz(receiver, examples=25)
