"""Store raw data: immutable Parquet files, a quarantine for invalid records, and a manifest row for each pull.

Belongs here: file names, schemas, privacy, atomic writes. Does not belong here: HTTP (`ordergroove/client.py`),
orchestration (`defs/`), the warehouse. Decisions: 0004, 0013, 0015, 0016.
"""
