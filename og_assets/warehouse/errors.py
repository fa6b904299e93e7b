"""What can go wrong with the warehouse, said in a sentence that tells what to do.

WarehouseError
├── LockedError      another process has the build file open
├── DamagedError     the build file cannot be read
└── NotPassedError   the last build failed or never finished: nothing to publish
"""

from og_assets.errors import OgAssetsError


class WarehouseError(OgAssetsError):
    """Root of the tree."""


class LockedError(WarehouseError):
    """Another process holds the file, and did not let go within the time that we wait."""


class DamagedError(WarehouseError):
    """The file cannot be read. It holds nothing that a build cannot make anew."""


class NotPassedError(WarehouseError):
    """The tests of the last build did not all pass, so the analysts keep what they have."""
