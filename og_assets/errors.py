"""The root of every error whose text is for a person: what is wrong, and what to do.

Each room draws its own tree below it. At the two places where errors meet people, the command line (`cli.py`) and
Dagster (`defs/failures.py`), these show as their sentence; anything else is a fault of ours and keeps its traceback.
"""


class OgAssetsError(Exception):
    """An error that says in its text what is wrong and what to do."""
