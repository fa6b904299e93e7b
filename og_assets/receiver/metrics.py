"""Metrics of the receiver, in Prometheus' text format.

Belongs here: names and help texts. Does not belong here: the code that changes them. docs/receiver.md lists the alerts.
"""

from collections.abc import Callable
from time import monotonic

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """One registry per receiver: two receivers in one process must not share counters."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._last_event = monotonic()

        def counter(name: str, help_text: str, *labels: str) -> Counter:
            return Counter(f"og_receiver_{name}", help_text, labels, registry=self.registry)

        def histogram(name: str, help_text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"og_receiver_{name}", help_text, buckets=buckets, registry=self.registry)

        self._accepted = counter(
            "events_accepted", "Events on disk and acknowledged, by fingerprint of the key.", "key"
        )
        self.event_bytes = counter("event_bytes", "Bytes of the bodies of accepted events.")
        self.refused = counter("requests_refused", "Requests that were not acknowledged, by reason.", "reason")
        self.quarantined = counter("quarantined", "Bodies stored in quarantine, by reason.", "reason")
        self.rotated = counter("files_rotated", "Files moved into the inbox.")
        self.recovered = counter("files_recovered", "Files that killed receivers left open, moved into the inbox.")
        self.write_failures = counter("write_failures", "Writes that failed or timed out.")
        self.rotation_failures = counter("rotation_failures", "Failed attempts to move files into the inbox.")
        self.batch_events = histogram("batch_events", "Events per write.", (1, 2, 4, 8, 16, 32, 64, 128, 256, 512))
        self.write_seconds = histogram("write_seconds", "Seconds of one write with its sync.", _SECONDS)
        self.request_seconds = histogram("request_seconds", "Seconds from headers to answer, of webhooks.", _SECONDS)
        self.gauge(
            "seconds_since_last_event", "Seconds since the last accepted event, or since the start."
        ).set_function(lambda: monotonic() - self._last_event)

    def gauge(self, name: str, help_text: str) -> Gauge:
        """Declare a gauge."""
        return Gauge(f"og_receiver_{name}", help_text, registry=self.registry)

    def watch(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        """Declare a gauge that is computed when the metrics are read."""
        self.gauge(name, help_text).set_function(value)

    def accepted(self, *, key: str | None, size: int) -> None:
        """Count an acknowledged event."""
        self._accepted.labels(key or "unsigned").inc()
        self.event_bytes.inc(size)
        self._last_event = monotonic()

    def text(self) -> bytes:
        """All metrics, in Prometheus' text format."""
        return generate_latest(self.registry)
