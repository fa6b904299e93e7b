"""One user's installation: `og-assets` in processes of its own, pointed at a sandbox."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from ordergroove_sandbox import RunningStore

ZONE = ZoneInfo("America/New_York")
WINDOW_HOUR = 14


def last_days_of_two_months() -> tuple[str, str, datetime]:
    """Return a first and a last window on both sides of the newest month's beginning, and a moment in the last one.

    A backfill of these four windows has two segments, for it is pulled in calendar months.
    """
    month = datetime.now(ZONE).replace(tzinfo=None, day=1, hour=WINDOW_HOUR, minute=0, second=0, microsecond=0)
    if datetime.now(ZONE).day < 5:
        month = (month - timedelta(days=1)).replace(day=1)
    first, last = month - timedelta(days=2), month + timedelta(days=1)
    return first.date().isoformat(), last.date().isoformat(), last + timedelta(hours=12)


@dataclass
class Project:
    """One user's installation: settings of its own, data of its own."""

    data_dir: Path
    server: RunningStore
    start_date: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "ORDERGROOVE_API_KEY": "sandbox-key",
            "ORDERGROOVE_BASE_URL": self.server.url,
            "ORDERGROOVE_ENTITLEMENTS_URL": self.server.url,
            "ORDERGROOVE_MERCHANT_ID": self.server.store.merchant,
            "ORDERGROOVE_TIMEZONE": "America/New_York",
            "ORDERGROOVE_START_DATE": self.start_date,
            # Short, so that a request that is never answered costs the test a second and not a minute.
            "ORDERGROOVE_READ_TIMEOUT": "1",
            "OG_DATA_DIR": str(self.data_dir),
            "OG_INBOX_SETTLE": "0",
        }

    def start(self, *arguments: str, **changes: str) -> subprocess.Popen[str]:
        """Start `og-assets` and return at once."""
        return subprocess.Popen(
            [sys.executable, "-m", "og_assets", *arguments],
            env={**self.environment, **changes},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **changes: str) -> tuple[int, str]:
        """Run `og-assets` to its end; returns the exit code and the output."""
        process = self.start(*arguments, **changes)
        try:
            # Only for one that hangs: beside other tests, on a slow machine, a sync takes minutes.
            output, _ = process.communicate(timeout=900)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, output

    def sync(self, first: str | None = None, last: str | None = None) -> str:
        """Sync windows; fails the test when the command fails."""
        code, output = self.run("sync", *(["--from", first] if first else []), *(["--to", last] if last else []))
        assert code == 0, output
        return output

    def marts(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of every published table."""
        with duckdb.connect(str(self.data_dir / "warehouse" / "analytics.duckdb"), read_only=True) as connection:
            names = connection.execute("select table_name from duckdb_tables() order by 1").fetchall()
            return {name: connection.execute(f'from "{name}" order by all').fetchall() for (name,) in names}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the published file."""
        with duckdb.connect(str(self.data_dir / "warehouse" / "analytics.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()
