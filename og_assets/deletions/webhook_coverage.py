"""How many deletions webhooks told of, in the published marts: the measure of a receiver's health."""

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
    ) as seen_at
)

select
    count(*) filter (all_evidence like '%webhook%'),
    count(*) filter (all_evidence not like '%webhook%' and cause is distinct from 'out_of_stock'),
    count(*) filter (all_evidence not like '%webhook%' and cause = 'out_of_stock'),
    (select count(*) from fct_deletions where all_evidence like '%webhook%')
from fct_deletions
cross join newest
where undeleted_at is null and deleted_at > newest.seen_at - to_days(?)
"""


@dataclass(frozen=True, kw_only=True)
class WebhookCoverage:
    """Deletions of the last days: told by a webhook, untold, and those for which Ordergroove has no event.

    `is_listening` is False where no webhook ever told of any deletion.
    """

    told: int
    untold: int
    without_event: int
    is_listening: bool

    @property
    def share_untold(self) -> float:
        """The share of deletions that an event should have told of and none did."""
        return self.untold / (self.told + self.untold) if self.untold else 0.0


def measure_webhook_coverage(warehouse: Warehouse, *, days: int = RECENT_DAYS) -> WebhookCoverage:
    """Count the deletions of the last days in the published file, back from the newest thing that is known."""
    with duckdb.connect(str(warehouse.published_file), read_only=True) as connection:
        told, untold, without_event, ever = connection.execute(_COUNTS, [days]).fetchone() or (0, 0, 0, 0)
    return WebhookCoverage(told=told, untold=untold, without_event=without_event, is_listening=bool(ever))
