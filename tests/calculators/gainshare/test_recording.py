from collections.abc import Callable

import polars as pl
import pytest

from costopt.calculators.gainshare.baselines import Rule
from costopt.calculators.gainshare.recording import Rows
from costopt.errors import ConfigError
from costopt.models.schema import COUNTS

Recorded = Callable[..., Rows]


def costs(rows: pl.DataFrame) -> list[tuple[str, ...]]:
    """Period, baseline cost and actual cost of each row."""
    amounts = rows.select("period", "baseline_cost_usd", "actual_cost_usd").rows()
    return [(period, f"{baseline:.6f}", f"{actual:.6f}") for period, baseline, actual in amounts]


def test_the_same_tokens_cost_the_baselines_rates_of_their_day(recorded: Recorded) -> None:
    rows = recorded("""\
timestamp,provider,model,input_tokens,cached_input_tokens,output_tokens
2026-10-01T23:59:59Z,acme,small,1000000,400000,100000
2026-10-02T00:00:00Z,acme,small,1000000,400000,100000
""").rows

    assert costs(rows) == [("2026-10-01", "10.400000", "1.200000"), ("2026-10-02", "5.200000", "1.200000")]


def test_a_mode_that_the_baseline_lacks_is_unpriced_and_in_no_amount(recorded: Recorded) -> None:
    rows = recorded("""\
timestamp,provider,model,mode,input_tokens,output_tokens
2026-10-01T08:00:00Z,acme,small,batch,1000000,0
2026-10-01T08:00:00Z,acme,small,standard,1000000,0
""").rows

    assert costs(rows) == [("2026-10-01", "10.000000", "1.000000")]
    assert rows.select("requests", "unpriced", "tokens_used").row(0) == (1, 1, 1_000_000)


def test_a_model_without_a_price_is_unpriced_even_at_a_flat_rate(recorded: Recorded, flat_rate: Rule) -> None:
    rows = recorded(
        "timestamp,provider,model,input_tokens,output_tokens\n2026-10-01T08:00:00Z,acme,other,1000,0\n",
        flat_rate,
    ).rows

    assert costs(rows) == [("2026-10-01", "0.000000", "0.000000")]
    assert rows.select("requests", "unpriced", "tokens_used").row(0) == (0, 1, 0)


def test_a_thousand_tokens_at_the_flat_rate_of_the_founding_example(
    recorded: Recorded, flat_rate: Rule
) -> None:
    rows = recorded(
        "timestamp,model,tenant,adapter,input_tokens,output_tokens,cost_usd\n"
        "2026-10-01T08:00:00Z,cheap-model,acme,openai-adapter,600,400,0.005\n",
        flat_rate,
    ).rows

    assert costs(rows) == [("2026-10-01", "0.030000", "0.005000")]
    assert rows.select("tenant", "adapter", "model", "baseline").row(0) == (
        *("acme", "openai-adapter", "cheap-model"),
        "premium-model",
    )


@pytest.mark.parametrize("flat", [True, False])
def test_the_days_add_up_to_their_requests(recorded: Recorded, flat_rate: Rule, flat: bool) -> None:  # noqa: FBT001
    log = "request_id,timestamp,provider,model,tenant,input_tokens,output_tokens\n" + "".join(
        f"r{n},2026-10-0{1 + n % 3}T{n % 24:02}:00:00Z,acme,{('small', 'grand', 'other')[n % 5 % 3]},t{n % 2},{n * 7},{n}\n"
        for n in range(60)
    )
    against = [flat_rate] if flat else []
    summed = pl.col("unpriced", "tokens_used", *COUNTS, "baseline_cost_usd", "actual_cost_usd").sum()

    by_day, by_request = (recorded(log, *against, per_request=each).rows for each in (False, True))

    assert by_request.height == 60
    assert by_day.select(summed).row(0) == by_request.select(summed).row(0)
    assert {*by_day["period"]} == {"2026-10-01", "2026-10-02", "2026-10-03"}


def test_requests_without_an_id_cannot_be_told_apart(recorded: Recorded) -> None:
    with pytest.raises(ConfigError, match="Requests without an id"):
        recorded(
            "timestamp,provider,model,input_tokens,output_tokens\n2026-10-01T08:00:00Z,acme,small,1,1\n",
            per_request=True,
        )
