"""From TOML tables to catalog entries; whatever is not understood is refused, never skipped."""

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import cast

from costopt.pricing.entries import (
    RATE_FIELDS,
    Catalog,
    Match,
    Model,
    ModePrice,
    PriceRow,
    Provider,
    Rates,
    Tier,
)

type_names = {dict: "a table", list: "a list", str: "a string", int: "a whole number", bool: "true or false"}
