"""Errors of the warehouse. Each text says what happened and what to do.

WarehouseError
├── LockedError      another process has the build file open
├── DamagedError     the build file cannot be read
└── NotPassedError   the last build failed or did not finish: nothing to publish
"""

from og_assets.errors import OgAssetsError


class WarehouseError(OgAssetsError):
    """Root of this package's errors."""


class LockedError(WarehouseError):
    """Another process has the file open, and did not close it within the time-out."""


class DamagedError(WarehouseError):
    """The file cannot be read. A build can recreate all of its content."""


class NotPassedError(WarehouseError):
    """The last build did not pass all tests, so the published file stays unchanged."""
