"""Which failures Dagster retries, tried on Dagster itself: this is what decision 0002 rests on."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import dagster as dg
import pytest

from og_assets.errors import OgAssetsError
from og_assets.orchestration.failures import RETRIES, dagster_failures
from og_assets.ordergroove.errors import AccessError, UnavailableError

NOW = dg.RetryPolicy(max_retries=RETRIES.max_retries, delay=0)


def outage() -> Exception:
    return UnavailableError("503", what_to_do="wait", path="/orders/", status=503)


def refusal() -> Exception:
    return AccessError("403", what_to_do="check the key", path="/orders/", status=403)


def attempts(error: Callable[[], BaseException] | None, *, passed: bool = True) -> tuple[int, list[dg.DagsterEvent]]:
    """Run an asset with the retry policy whose body raises an error, or whose blocking check fails."""
    count = 0

    @dg.asset(retry_policy=NOW, check_specs=[dg.AssetCheckSpec("check", asset="pulled", blocking=True)])
    def pulled() -> dg.MaterializeResult:  # type: ignore[type-arg]  # With it, Dagster rejects two outputs.
        nonlocal count
        count += 1
        with dagster_failures():
            if error is not None:
                raise error()
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=passed)])

    result = dg.materialize([pulled], raise_on_error=False)
    assert result.success == (error is None and passed)
    return count, [event for event in result.all_events if event.event_type == dg.DagsterEventType.STEP_FAILURE]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (outage, 1 + RETRIES.max_retries),
        (refusal, 1),
        (lambda: OgAssetsError("The lake cannot be written."), 1),
        (lambda: KeyError("a defect of ours"), 1),
        (dg.DagsterExecutionInterruptedError, 1),
        (KeyboardInterrupt, 1),
    ],
)
def test_only_a_retryable_error_is_retried(error: Callable[[], BaseException], expected: int) -> None:
    assert attempts(error)[0] == expected


def test_failed_blocking_check_is_not_retried() -> None:
    assert attempts(None, passed=False)[0] == 1


def test_failure_shows_message_and_what_to_do() -> None:
    _, (event,) = attempts(refusal)
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert "403" in str(failure.description)
    assert {"path", "status", "what to do"} <= set(failure.metadata)


def test_defect_keeps_its_traceback() -> None:
    _, (event,) = attempts(lambda: KeyError("a defect of ours"))
    error = event.step_failure_data.error
    assert error is not None and error.cause is not None
    assert error.cause.cls_name == "KeyError" and error.cause.stack


def test_policy_waits_one_and_two_minutes() -> None:
    assert [RETRIES.calculate_delay(attempt) for attempt in (1, 2)] == [60, 120]


def test_context_manager_changes_nothing_without_an_error() -> None:
    block: AbstractContextManager[None] = dagster_failures()
    with block:
        pass
