"""A sandbox store that is built day after day: what is due is known exactly, and what is expected comes about.

A table over more stores: `SEEDS=9 pytest -s tests/dbt_project/test_forecast_truth.py`.
"""

import os
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from og_assets.sandbox import Store, serve
from og_assets.sandbox.webhooks import Webhooks

from .sales import ZONE
from .store import LakeOfTests, Warehouse
from .test_truth import OBJECTS, pull, take_in

SEEDS = range(1, 1 + int(os.environ.get("SEEDS", "1")))
FORECASTS = ("--select", "+rpt_forecast_accuracy")
HORIZON = 30
