"""Ingestion of webhook events: from files in the inbox to Parquet files in the lake.

The receiver, or any other program, writes files of webhook events into `OG_DATA_DIR/inbox/`. One ingestion run lists
these files, reads each whole file once, lands its events in `lake/events/`, records the file in the processed-file log
`lake/dumps/`, and then moves, keeps or deletes it. Modules in reading order:

    inbox           which files are in the inbox, which of them are complete, and where ingested ones are moved to
    open_files      whether another process has a file open for writing
    parse           bytes of an event file to JSON values and unreadable pieces
    land            JSON values to rows of `lake/events/`, or to quarantine
    ingested_files  the processed-file log, keyed by the SHA-256 of a file's content
    store           folders and file names of these in the lake
    ingest          one ingestion run: the order of these steps, safe against a kill at any moment
    scan            what an ingestion run would find new, without ingesting it (for the sensor and the command line)

A killed run leaves complete Parquet files only. A file whose events have landed but which is not in the log yet is
ingested again by the next run. Its rows are identical, and staging keeps one row per event id.

The word "dump" is kept where it is a public name: the folder `lake/dumps/`, the columns `dump` and `dump_sha256`, and
the setting `OG_TAKEN_DUMPS`. It means an event file.
"""
