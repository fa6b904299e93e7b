"""Number of generated examples: a sample in the test suite, many under `make prove`."""

import os


def examples(sample: int) -> int:
    """Return `sample` times the environment variable `PROVE_FACTOR` (default: 1)."""
    return sample * int(os.environ.get("PROVE_FACTOR", "1"))
