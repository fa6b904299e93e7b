"""What is true of a store, told from its own state and event_log, never through its API.

Belongs here: tables of facts, money as Decimal, naive wall-clock times, and the same as Parquet files. Not here: what a
pipeline makes of them (marts), what happened in which words (state.event_log).

    rows     the columns of each table          tables   how they are made          files   how they are written
"""

from .tables import Truth

__all__ = ["Truth"]
