"""A store too large for memory: its history is made part by part, written to disk, and served from there.

Belongs here: making such a store, and its lists over SQLite. Not here: what happens in it (world), how its rows look
(rest/bodies): both are the very same as in a store that is held in memory. What an archive cannot do is live on: it
stands still at the moment up to which it was made, and refuses every change.

    spec     what is kept of a row, and which parameters ask for it       build    making it
    reading  tables, walks and filters over SQLite                        serving  the API over it
"""

from .build import build_archive
from .serving import difference_to, serve_archive

__all__ = ["build_archive", "difference_to", "serve_archive"]
