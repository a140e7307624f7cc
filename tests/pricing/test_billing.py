import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from costopt.models.schema import COUNTS, PICO
from costopt.pricing.billing import CostBasis, billed, stale_models, unpriced_models
from costopt.pricing.catalog import Catalog, load_catalog
from costopt.pricing.rates import NO_RATE_FOR_DATE, NOTHING, UNKNOWN_MODEL, RateKey

TOML = """
schema = 1
currency = "USD"
[[provider]]
id = "acme"

[[model]]
provider = "acme"
id = "large"
[[model.price]]
input = 1
verified = 2026-01-01
"""
LARGE = RateKey(0, 0, 0, 0).rate_id
END = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """`large` at 1 USD a million input tokens, verified long ago."""
    (tmp_path / "prices.toml").write_text(TOML, encoding="utf-8")
    return load_catalog(tmp_path / "prices.toml")


def rollup(*groups: tuple[str | None, str | None, int, int | None]) -> pl.DataFrame:
    """One request of a token for each provider, model, rate and logged cost."""
    schema = {"provider": pl.String, "model": pl.String, "rate_id": pl.Int64, "logged_cost": PICO}
    frame = pl.DataFrame(groups, schema=schema, orient="row")
    counts = {name: pl.lit(1 if name in ("requests", "input_tokens") else 0, pl.Int64) for name in COUNTS}
    return frame.with_columns(is_logged=pl.col("logged_cost").is_not_null(), **counts)


GROUPS = (
    (None, "large", LARGE, None),
    ("acme", "large", LARGE, 5),
    (None, "lrge", UNKNOWN_MODEL, None),
    (None, "large", NO_RATE_FOR_DATE, 7),
)


@pytest.mark.parametrize(
    ("basis", "costs"),
    [
        ("auto", [1_000_000, 5, None, 7]),
        ("logged", [None, 5, None, 7]),
        ("computed", [1_000_000, 1_000_000, None, None]),
    ],
)
def test_the_basis_says_which_cost_counts(
    catalog: Catalog, basis: CostBasis, costs: list[int | None]
) -> None:
    assert billed(rollup(*GROUPS), catalog, basis)["cost"].to_list() == costs


def test_the_provider_is_that_of_the_model_where_the_log_names_none(catalog: Catalog) -> None:
    assert billed(rollup(*GROUPS), catalog, "auto")["provider"].to_list() == ["acme", "acme", None, None]


def test_what_used_nothing_costs_nothing_and_has_no_provider_that_the_log_does_not_name(
    catalog: Catalog,
) -> None:
    nothing = rollup((None, None, NOTHING, None), ("acme", "huge", NOTHING, None)).with_columns(
        input_tokens=0, requests=3
    )

    bill = billed(nothing, catalog, "computed")

    assert bill.select("provider", "computed_cost", "cost").rows() == [(None, 0, 0), ("acme", 0, 0)]


def test_a_rollup_without_providers_has_none(catalog: Catalog) -> None:
    assert "provider" not in billed(rollup(*GROUPS).drop("provider"), catalog, "auto").columns


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        (
            "auto",
            [
                (None, "large", "no_rate_for_date", None),
                (None, "lrge", "unknown_model", "large"),
            ],
        ),
        (
            "logged",
            [(None, "large", "no_logged_cost", None), (None, "lrge", "no_logged_cost", None)],
        ),
    ],
)
def test_models_without_a_cost_are_told_with_the_reason_and_a_near_miss(
    catalog: Catalog, basis: CostBasis, expected: list[tuple[str | None, ...]]
) -> None:
    unpriced = rollup((None, "lrge", UNKNOWN_MODEL, None), (None, "large", NO_RATE_FOR_DATE, None))

    found = unpriced_models(unpriced, catalog, basis)

    assert [(each.provider, each.model, each.reason, each.suggestion) for each in found] == expected


@pytest.mark.parametrize(
    ("groups", "basis", "end", "stale"),
    [
        (GROUPS[:1], "auto", END, ["large"]),
        (GROUPS[:1], "computed", END, ["large"]),
        (GROUPS[:1], "logged", END, []),
        (GROUPS[:1], "auto", None, []),
        (GROUPS[:1], "auto", END - dt.timedelta(days=200), []),
        (GROUPS[1:2], "auto", END, []),
        (GROUPS[1:2], "computed", END, ["large"]),
        (((None, "large", NOTHING, None),), "computed", END, []),
    ],
)
def test_old_prices_are_those_that_a_computed_cost_was_made_with(
    catalog: Catalog,
    groups: tuple[tuple[str | None, str | None, int, int | None], ...],
    basis: CostBasis,
    end: dt.datetime | None,
    stale: list[str],
) -> None:
    bill = billed(rollup(*groups), catalog, basis)

    assert [each.model for each in stale_models(bill, catalog, basis, end)] == stale
