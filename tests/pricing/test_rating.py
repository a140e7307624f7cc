from pathlib import Path

import polars as pl
import pytest

from costopt.pricing.catalog import Catalog, load_catalog
from costopt.pricing.rates import rate_key
from costopt.pricing.rating import Rater

TOML = """
schema = 1
currency = "USD"
[[provider]]
id = "acme"
infer = { prefix = ["acme-"] }
[[provider]]
id = "globex"
infer = { prefix = ["glo-"] }

[[model]]
provider = "acme"
id = "acme-large"
[[model.price]]
input = 1

[[model]]
provider = "globex"
id = "glo-1"
[[model.price]]
input = 2

[[model]]
provider = "globex"
id = "acme-large"
[[model.price]]
input = 3
tier = [{ above = 100, input = 4 }]
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "prices.toml").write_text(TOML, encoding="utf-8")
    return load_catalog(tmp_path / "prices.toml")


def requests(*names: tuple[str | None, str]) -> pl.DataFrame:
    """One request of 101 prompt tokens for each provider and model."""
    kinds = {"provider": pl.Categorical, "model": pl.Categorical}
    frame = pl.DataFrame(list(names), schema=kinds, orient="row")
    time = pl.lit("2026-10-01T00:00:00Z").str.to_datetime(time_unit="us", time_zone="UTC")
    return frame.with_columns(timestamp=time, input_tokens=101, output_tokens=0)


def models(rated: pl.DataFrame) -> list[int | None]:
    """The index of each request's model in the catalog; None without one."""
    return [rate_key(rate_id).model if rate_id >= 0 else None for rate_id in rated["rate_id"]]


def test_provider_and_model_together_name_the_price(catalog: Catalog) -> None:
    names = [("globex", "acme-large"), ("acme", "acme-large"), ("globex", "glo-1"), ("acme", "glo-1")]

    assert models(Rater(catalog).rate(requests(*names))) == [2, 0, 1, None]


def test_the_provider_is_inferred_where_a_request_or_the_whole_log_names_none(catalog: Catalog) -> None:
    named = requests((None, "acme-large"), ("globex", "acme-large"), (None, "glo-1"), (None, "other"))

    assert models(Rater(catalog).rate(named)) == [0, 2, 1, None]
    assert models(Rater(catalog).rate(named.drop("provider"))) == [0, 0, 1, None]


def test_names_met_later_are_rated_like_those_met_first(catalog: Catalog) -> None:
    rater = Rater(catalog)
    frames = [
        requests(("acme", "nothing")),
        requests(("acme", "acme-large"), ("acme", "nothing")),
        requests(("globex", "glo-1"), ("acme", "acme-large")),
        requests(("globex", "acme-large"), (None, "acme-large")),
        requests(("globex", "acme-large"), ("acme", "nothing")),
    ]

    rated = [rater.rate(frame) for frame in frames]

    assert [models(frame) for frame in rated] == [[None], [0, None], [1, 0], [2, 0], [2, None]]
    fresh = [Rater(catalog).rate(frame) for frame in frames]
    assert [frame["rate_id"].to_list() for frame in rated] == [frame["rate_id"].to_list() for frame in fresh]


def test_requests_keep_their_order_and_columns(catalog: Catalog) -> None:
    frame = requests(*[("acme", "acme-large"), ("globex", "glo-1"), (None, "other")] * 50)

    rated = Rater(catalog).rate(frame)

    assert rated.drop("rate_id").equals(frame)
    assert rated["rate_id"].dtype == pl.Int64
    assert models(rated) == [0, 1, None] * 50


def test_no_requests_are_rated_to_none(catalog: Catalog) -> None:
    assert Rater(catalog).rate(requests()).height == 0


def test_a_request_may_lack_its_model(catalog: Catalog) -> None:
    nameless = requests(("acme", "acme-large"), ("globex", "glo-1")).with_columns(
        model=pl.when(pl.col("provider") == "acme").then("model")
    )

    assert models(Rater(catalog).rate(nameless)) == [0, None]
