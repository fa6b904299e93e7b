"""The root of every error whose text is for a person: what happened, and what to do.

Each package has its own tree below it. The command line (`cli/`) and Dagster (`orchestration/failures.py`) show only
the text of these errors; any other exception is a bug and keeps its traceback.
"""


class OgAssetsError(Exception):
    """An error whose text says what happened and what to do."""
