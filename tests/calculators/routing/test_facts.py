import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from costopt.calculators.routing.facts import Fact, Facts, read_facts
from costopt.calculators.routing.providers import DAYS, PERFORMANCE, performances
from costopt.errors import ConfigError
from costopt.pipeline import Loaded
from costopt.pricing.catalog import Catalog
from costopt.report.emit import Output, emit
from costopt.report.views.performance import records_performance


def told(*models: object, **other: object) -> str:
    return json.dumps({"format_version": 1, "kind": "performance", "models": models, **other})


def test_what_simulate_writes_of_its_models_is_read(
    catalog: Catalog,
    read: Callable[..., Loaded],
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = "".join(
        f"2026-10-01T00:00:{second:02}Z,acme-small,1000,500,0.8,120.5,{'error' if second % 10 == 0 else 'ok'}\n"
        for second in range(40)
    )
    loaded = read(
        f"timestamp,model,input_tokens,output_tokens,quality,latency_ms,status\n{rows}"
        "2026-10-01T00:01:00Z,own-model,1,1,0.5,,ok\n",
        PERFORMANCE,
        DAYS,
    )
    performed = performances(
        loaded.rollups[PERFORMANCE.name], loaded.rollups[DAYS.name], catalog, loaded.provenance
    )
    emit(performed, lambda _: pytest.fail("no view"), records_performance, Output("json"))

    facts = read_facts(capsys.readouterr().out, "facts.json", catalog)

    assert facts == Facts(
        "facts.json",
        {
            "acme/acme-small": Fact(Decimal("0.8"), Decimal("120.5"), Decimal("0.9"), Decimal("0.002")),
            "own-model": Fact(None, None, Decimal(1), None),
        },
    )


def test_few_scores_tell_no_quality(catalog: Catalog) -> None:
    few, enough, untold = (
        read_facts(told({"model": "acme/acme-small", "quality": 0.9, **scored}), "f", catalog)
        for scored in ({"scored": 29}, {"scored": 30}, {})
    )

    assert few.models == untold.models == {"acme/acme-small": Fact()}
    assert enough.models == {"acme/acme-small": Fact(quality=Decimal("0.9"))}


def test_a_model_goes_by_the_name_of_the_catalog_at_hand(catalog: Catalog) -> None:
    facts = read_facts(told({"model": "acme-small"}, {"model": "x/y"}, later="key"), "f", catalog)

    assert list(facts.models) == ["acme/acme-small", "x/y"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", 'it is not of `"kind": "performance"`'),
        ('{"kind": "simulation"}', 'it is not of `"kind": "performance"`'),
        ('{"kind": "performance"}', "its `format_version` is not 1"),
        (told(format_version=2), "its `format_version` is not 1"),
        (told(models=None), "it has no list of `models`"),
        (told(5), "`models[0]` does not say its `model`"),
        (told({"model": "m"}, {"model": 5}), "`models[1]` does not say its `model`"),
        (told({"model": "m", "scored": True}), "`scored` of `models[0]` is not a number from 0 to"),
        (told({"model": "m", "quality": 1.01}), "`quality` of `models[0]` is not a number from 0 to 1"),
        (told({"model": "m", "quality": "0.5"}), "`quality` of `models[0]` is not a number from 0 to 1"),
        (told({"model": "m", "latency_ms": -1}), "`latency_ms` of `models[0]` is not a number from 0 to"),
        (told({"model": "m", "latency_ms": 1e300}), "`latency_ms` of `models[0]` is not a number from 0 to"),
        (
            told({"model": "m", "latency_ms": float("nan")}),
            "`latency_ms` of `models[0]` is not a number from 0",
        ),
        (
            told({"model": "m", "reliability_pct": 101}),
            "`reliability_pct` of `models[0]` is not a number from 0 to 100",
        ),
    ],
)
def test_anything_else_is_refused_with_the_reason(catalog: Catalog, content: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_facts(content, "facts.json", catalog)

    assert caught.value.message.startswith(f"`facts.json` does not tell how models have performed: {why}")
    assert caught.value.hint == "make it with `costopt simulate LOGS --providers -o json --to FILE`"
