"""Webhook events in the lake: one row per delivery, in Parquet files under `lake/events/`.

Belongs here: the schema of those rows. Does not belong here: finding and reading dumps (`inbox.py`), what an event is
(`ordergroove/events.py`), one row per event (staging).
"""

import pyarrow as pa

_INSTANT = pa.timestamp("us", tz="UTC")

# A delivery is known by (dump_sha256, position): the same dump taken in again gives the same rows.
EVENTS_SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string()),
        pa.field("type", pa.string()),
        # In lower case, as in the event's type: order, item, subscription, subscriber, entitlement, workflow.
        pa.field("object_type", pa.string()),
        pa.field("object_id", pa.string()),
        pa.field("created", _INSTANT),
        # Null where the dump has no envelope that tells.
        pa.field("received_at", _INSTANT),
        pa.field("merchant", pa.string()),
        pa.field("actor_type", pa.string()),
        pa.field("actor_id", pa.string()),
        pa.field("source", pa.string()),
        # JSON, protected by OG_PII: the object, the rows around it (null where there are none), and whatever else the
        # event carried that has no column here.
        pa.field("object", pa.string()),
        pa.field("snapshot", pa.string()),
        pa.field("extra", pa.string()),
        # The dump's path below the inbox, and the event's number in it, from 0.
        pa.field("dump", pa.string()),
        pa.field("position", pa.int64()),
        pa.field("dump_sha256", pa.string()),
        # Fingerprint of the verification key that the signature matched; null where nobody checked.
        pa.field("key", pa.string()),
        pa.field("_taken_in_at", _INSTANT),
        pa.field("_run_id", pa.string()),
    ]
)
