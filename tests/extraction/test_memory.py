"""The peak memory of a pull depends on the page and the row group, not on the number of rows."""

import os
import subprocess
import sys
from pathlib import Path

# In its own process, because peak memory is measured per process. Both pulls run client, prefetch, validation, Parquet.
PULL = """
import resource, sys
from functools import partial
from pathlib import Path
import httpx
from og_assets.extraction.pull import Extractor
from og_assets.lake.lake import Lake
from og_assets.ordergroove.client import OrdergrooveClient
from og_assets.ordergroove.objects import BY_NAME
from og_assets.settings import Settings

def pull(rows):
    def page(request):
        first = int(request.url.params.get("cursor", 0))
        results = [{"public_id": f"{number:01500}", "components": []} for number in range(first, first + 100)]
        following = str(request.url.copy_merge_params({"cursor": first + 100})) if first + 100 < rows else None
        return httpx.Response(200, json={"next": following, "results": results})

    settings = Settings(_env_file=None, ordergroove_api_key="key", ordergroove_base_url="https://store.example")
    make_client = partial(OrdergrooveClient, transport=httpx.MockTransport(page))
    extractor = Extractor(settings, Lake(Path(sys.argv[1])), make_client=make_client)
    (pulled,) = extractor.pull_snapshot(BY_NAME["items"], run_id="run", progress=lambda _: None)
    assert pulled.rows == rows
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

print(pull(12_000), pull(60_000))
"""


def test_peak_memory_does_not_grow_with_the_number_of_rows(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-c", PULL, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    small, large = map(int, process.stdout.split())
    # Keeping the additional 48,000 rows in memory would cost 70 MB.
    assert large - small < 30, (small, large)
