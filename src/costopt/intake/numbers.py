"""Numbers as logs write them: `1200`, `"1,200"`, `59200.0`, `"$0.12"`."""

from typing import Final

import polars as pl

from costopt.models.schema import USD

_NOTHING: Final = ("", "-", "--", "null", "none", "nan", "n/a")
"""Texts that say there is no number."""

_EXACT_BELOW: Final = 1000
"""Below this a double tells every pico-dollar apart, with room to spare."""

_ORNAMENT: Final = r"[$,_\s]|USD"


def clean(raw: pl.Series) -> pl.Series:
    """Texts without ornament, and null where they say that there is no number."""
    text = pl.col("v").str.strip_chars()
    said = pl.when(~text.str.to_lowercase().is_in(_NOTHING)).then(text.str.replace_all(_ORNAMENT, ""))
    return raw.to_frame("v").select(said).to_series()


def to_counts(raw: pl.Series) -> pl.Series:
    """Whole numbers; null where a value is not one (or not there)."""
    if raw.dtype.is_integer():
        return raw.cast(pl.Int64, strict=False)
    if raw.dtype == pl.Boolean:
        return raw.cast(pl.Int64)
    if raw.dtype != pl.String:
        quick = raw.cast(pl.Int64, strict=False)
        if quick.null_count() == raw.null_count() and (quick == raw).all():
            return quick
        number = pl.col("v").cast(pl.Float64, strict=False)
        whole = pl.when(number == number.round()).then(number.cast(pl.Int64, strict=False))
        return raw.to_frame("v").select(whole).to_series()
    fast = raw.cast(pl.Int64, strict=False)
    if fast.null_count() == raw.null_count():
        return fast
    number = pl.col("v").str.to_decimal(scale=6)
    has_fraction = (
        pl.col("v").cast(pl.Float64, strict=False) % 1 != 0
    )  # one that is too small for the decimal as well
    is_whole = (number == number.cast(pl.Int128, strict=False)) & ~has_fraction
    whole = pl.when(is_whole).then(number.cast(pl.Int64, strict=False))
    return clean(raw).to_frame("v").select(whole).to_series()


def to_dollars(raw: pl.Series) -> pl.Series:
    """US dollars to the pico-dollar; null where a value is not a number (or not there)."""
    if raw.dtype.is_integer() or raw.dtype.is_decimal():
        return raw.cast(USD, strict=False)
    if raw.dtype.is_float() and not (raw.abs() >= _EXACT_BELOW).any():
        return raw.cast(USD, strict=False)
    text = raw.cast(pl.String)  # a float's shortest text, not its binary expansion
    fast = text.cast(USD, strict=False)
    return fast if fast.null_count() == text.null_count() else clean(text).cast(USD, strict=False)


def to_measures(raw: pl.Series) -> pl.Series:
    """Real numbers; null where a value is not one."""
    if raw.dtype.is_numeric():
        return raw.cast(pl.Float64)
    fast = raw.cast(pl.String).cast(pl.Float64, strict=False)
    return fast if fast.null_count() == raw.null_count() else clean(raw).cast(pl.Float64, strict=False)
