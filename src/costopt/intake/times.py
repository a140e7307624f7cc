"""Times as logs write them, to UTC instants."""

from typing import Final

import polars as pl

from costopt.models.schema import TIMESTAMP

_ZONED: Final = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z")
_NAIVE: Final = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%a, %d %b %Y %H:%M:%S GMT")
_DATES: Final = ("%Y-%m-%d",)
_EPOCH: Final = r"^\d{9,}(\.\d+)?$"
_SHORTEST_EPOCH: Final = 10**8
_MILLI: Final = 10**11
_MICRO: Final = 10**14
_NANO: Final = 10**17
_YEAR_2000: Final = 946_684_800_000_000
_YEAR_2100: Final = 4_102_444_800_000_000
_US_PER_SECOND: Final = 1_000_000
_MICROSECONDS: Final = len("SS.ffffff")


def to_timestamps(raw: pl.Series) -> pl.Series:
    """UTC instants with microseconds; null where a value cannot be read or lies outside 2000 to 2099.

    ISO times with and without zone (without is UTC), dates, HTTP dates, and epochs in seconds, milliseconds,
    microseconds or nanoseconds, told apart by their size.
    """
    dtype = raw.dtype
    if isinstance(dtype, pl.Datetime):
        zoned = (
            raw.dt.replace_time_zone("UTC") if dtype.time_zone is None else raw.dt.convert_time_zone("UTC")
        )
        times = zoned.cast(TIMESTAMP)
    elif dtype == pl.Date:
        times = raw.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    elif dtype.is_numeric():
        times = _of_epochs(raw)
    else:
        times = _of_texts(raw.cast(pl.String))
    plausible = times.to_physical().is_between(_YEAR_2000, _YEAR_2100, closed="left")
    return times if plausible.all() else times.to_frame("t").select(pl.when(plausible).then("t")).to_series()


def _of_epochs(raw: pl.Series) -> pl.Series:
    """Microseconds since 1970 from a number, whole microseconds kept exactly."""
    exact = raw.cast(pl.Int128, strict=False) if raw.dtype.is_integer() else raw
    value = pl.col("t")
    micros = (
        pl.when(value >= _NANO)
        .then(value // 1000)
        .when(value >= _MICRO)
        .then(value)
        .when(value > _MILLI)
        .then(value * 1000)
        .otherwise(value * _US_PER_SECOND)
    )
    if raw.dtype.is_decimal():
        micros = micros.round()
    if raw.dtype.is_float():
        micros = pl.when(value.is_finite()).then(micros.round())
    return exact.to_frame("t").select(micros.cast(pl.Int64, strict=False).cast(TIMESTAMP)).to_series()


def _of_texts(raw: pl.Series) -> pl.Series:
    """Quickly for whole epochs, and for times of one shape in order; one layout after the other for what is left."""
    numbers = raw.cast(pl.Int64, strict=False)
    if numbers.null_count() == raw.null_count() and (numbers >= _SHORTEST_EPOCH).all():
        return _of_epochs(numbers)
    times = _of_regular_texts(raw)
    left = times.is_null() & raw.is_not_null()
    if not left.any():
        return times
    slow = _of_any_texts(raw.filter(left))
    return times.scatter(left.arg_true(), slow)


def _of_regular_texts(raw: pl.Series) -> pl.Series:
    """`YYYY-MM-DDTHH:MM:SS[.f]` in UTC: consecutive requests share a minute, so each minute is parsed once."""
    minutes = raw.str.head(17)
    runs = minutes.rle().struct.field("value")
    if runs.len() * 4 > raw.len() + 64:
        return pl.Series([None], dtype=TIMESTAMP).new_from_index(0, raw.len())
    starts = runs.str.replace(" ", "T", literal=True).str.to_datetime(
        "%Y-%m-%dT%H:%M:", time_unit="us", strict=False
    )
    first = next(iter(raw.head(1)), None) or ""
    zone = next((zone for zone in ("Z", "+00:00") if first.endswith(zone)), "")
    rest = raw.str.slice(17).str.strip_suffix(zone)
    seconds = rest.cast(pl.Float64, strict=False)
    if (rest.str.len_bytes() > _MICROSECONDS).any():  # digits beyond are dropped, not rounded up
        seconds = (
            rest.str.head(_MICROSECONDS)
            .cast(pl.Float64, strict=False)
            .zip_with(seconds.is_not_null(), seconds)
        )
    frame = pl.DataFrame([seconds.alias("seconds"), minutes.rle_id().alias("run")])
    micros = pl.lit(starts.to_physical()).gather(pl.col("run")) + (
        pl.col("seconds") * _US_PER_SECOND
    ).round().cast(pl.Int64, strict=False)
    regular = pl.col("seconds").is_between(0, 60, closed="left")
    return frame.select(pl.when(regular).then(micros).cast(TIMESTAMP)).to_series()


def _of_any_texts(raw: pl.Series) -> pl.Series:
    text = pl.col("t").str.strip_chars()
    iso = (
        text.str.replace(r"^(\d{4})[-/](\d\d)[-/](\d\d)[ T]", "$1-$2-${3}T")
        .str.replace(r"\s*UTC$", "Z")
        .str.replace(r"(\d) ([+-]\d\d)", "$1$2")
        .str.replace(",", ".", literal=True)
        .str.replace(r"Z$", "+00:00")
    )
    dated = text.str.replace_all("/", "-", literal=True)
    epochs = pl.when(text.str.contains(_EPOCH)).then(text)
    readings = [
        *(iso.str.to_datetime(f, time_unit="us", time_zone="UTC", strict=False) for f in _ZONED),
        *(
            iso.str.to_datetime(f, time_unit="us", strict=False).dt.replace_time_zone("UTC")
            for f in _NAIVE[:2]
        ),
        text.str.to_datetime(_NAIVE[2], time_unit="us", strict=False).dt.replace_time_zone("UTC"),
        *(
            dated.str.to_date(f, strict=False).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
            for f in _DATES
        ),
    ]
    frame = raw.to_frame("t").select(pl.coalesce(readings).alias("time"), epochs.alias("epoch"))
    if frame["epoch"].null_count() == frame.height:
        return frame["time"]
    numbers = _of_epochs(frame["epoch"].cast(pl.Decimal(38, 9), strict=False))
    return frame.select(pl.coalesce("time", numbers.alias("epoch"))).to_series()
