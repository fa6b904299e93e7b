"""Where raw data rests: immutable Parquet files, what did not fit, and a row for each pull.

Belongs here: file names, schemas, privacy, atomic landing. Does not belong here: HTTP (`ordergroove/client.py`),
orchestration (`defs/`), the warehouse. Nothing in this room imports Dagster or the client. Design D2, D4, D5, D12.
"""
