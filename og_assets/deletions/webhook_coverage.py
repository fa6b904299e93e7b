"""Measure in the published marts how many recent deletions a webhook reported: the health of the receiver."""

from dataclasses import dataclass

import duckdb

from og_assets.warehouse.warehouse import Warehouse

RECENT_DAYS = 7

_COUNTS = """
with

newest as (
    select greatest(
        (select max(deleted_at) from fct_deletions),
        (select max(updated_at) from fct_orders)
    ) as observed_at
)

select
    count(*) filter (all_evidence like '%webhook%'),
    count(*) filter (all_evidence not like '%webhook%' and cause is distinct from 'out_of_stock'),
    count(*) filter (all_evidence not like '%webhook%' and cause = 'out_of_stock'),
    (select count(*) from fct_deletions where all_evidence like '%webhook%')
from fct_deletions
cross join newest
where undeleted_at is null and deleted_at > newest.observed_at - to_days(?)
"""


@dataclass(frozen=True, kw_only=True)
class WebhookCoverage:
    """Deletions of recent days: reported by webhook, not reported, and those without an event type at Ordergroove.

    `receives_webhooks` is False if no webhook ever reported any deletion.
    """

    reported: int
    not_reported: int
    without_event_type: int
    receives_webhooks: bool

    @property
    def share_not_reported(self) -> float:
        """Share of the deletions with an event type that no webhook reported."""
        return self.not_reported / (self.reported + self.not_reported) if self.not_reported else 0.0


def measure_webhook_coverage(warehouse: Warehouse, *, days: int = RECENT_DAYS) -> WebhookCoverage:
    """Count deletions in the published file, of the last days before the newest observation in it."""
    with duckdb.connect(str(warehouse.published_file), read_only=True) as connection:
        counts = connection.execute(_COUNTS, [days]).fetchone() or (0, 0, 0, 0)
    reported, not_reported, without_event_type, ever_reported = counts
    return WebhookCoverage(
        reported=reported,
        not_reported=not_reported,
        without_event_type=without_event_type,
        receives_webhooks=bool(ever_reported),
    )
