"""The true state of a store as tables, read from its state and event log and never through its API.

Belongs here: tables with Decimal money and naive wall-clock times, and the same tables as Parquet files. Does not
belong here: what a pipeline derives from the API (marts), the events themselves (`domain.event_log`).

    rows     columns of each table          tables   builders of the tables          files   Parquet files
"""

from .tables import Truth

__all__ = ["Truth"]
