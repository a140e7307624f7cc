import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from costopt.calculators.batch import BATCH, ELIGIBLE_TAGS, BatchAdvice, LeftOut, advise_batch, batch_lever
from costopt.pipeline import Loaded, Logs, load
from costopt.pricing.catalog import Catalog, load_catalog

# The contract: what a log says, at the prices that costopt ships


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return load_catalog()


@pytest.fixture
def advise(shipped: Catalog, tmp_path: Path) -> Callable[..., BatchAdvice]:
    """Advice on a JSONL log at the shipped prices."""

    def advised(log: str, *tags: str) -> BatchAdvice:
        (tmp_path / "log.jsonl").write_text(log, encoding="utf-8")
        loaded = load(Logs(("log.jsonl",)), shipped, [BATCH])
        return advise_batch(loaded.rollups["batch"], shipped, loaded.provenance, tags or ELIGIBLE_TAGS)

    return advised


Advise = Callable[..., BatchAdvice]


def segment(
    model: str, tag: str | None, tokens: tuple[int, int], cost: str | None = None, *, requests: int = 10
) -> str:
    """JSONL of equal requests with so many input and output tokens, and so many dollars, in all."""
    provider, _, name = model.partition("/")
    request: dict[str, object] = {
        "timestamp": "2026-10-01T02:00:00Z",
        "provider": provider,
        "model": name,
        "tag": tag,
        "input_tokens": tokens[0] // requests,
        "output_tokens": tokens[1] // requests,
    }
    if cost is not None:
        request["cost_usd"] = str(Decimal(cost) / requests)
    return f"{json.dumps(request)}\n" * requests


M = 1_000_000


@pytest.mark.parametrize("cost", ["35.00", None])
def test_an_eligible_segment_would_have_saved_what_the_catalog_says(advise: Advise, cost: str | None) -> None:
    log = segment("openai/gpt-5.5", "nightly", (M, M), cost) + segment("openai/gpt-5.5", None, (M, M), cost)

    (finding,) = advise(log).findings

    assert finding.tag == "nightly"
    assert finding.eligible_spend_usd == 35
    assert finding.projected_batch_cost_usd == Decimal("17.5")
    assert finding.projected_savings_usd == Decimal("17.5")
    assert (finding.low_usd, finding.high_usd, finding.basis) == (Decimal("17.5"), Decimal("17.5"), "exact")
    assert finding.share_of_spend_pct == 50
    assert finding.discount_pct == 50
    assert finding.request_count == 10


def test_a_line_may_stand_for_the_whole_segment(advise: Advise) -> None:
    log = """{"timestamp": "2026-10-01", "provider": "openai", "model": "gpt-5.5", "tag": "nightly", "requests": 10,
        "input_tokens": 1000000, "output_tokens": 1000000, "cost_usd": 35}""".replace("\n", " ")

    (finding,) = advise(log).findings

    assert (finding.eligible_spend_usd, finding.projected_savings_usd) == (Decimal(35), Decimal("17.5"))
    assert finding.request_count == 10


def test_tags_that_are_not_eligible_are_ignored(advise: Advise) -> None:
    log = segment("openai/gpt-5.5", "chat", (M, M), "35", requests=5) + segment(
        "openai/gpt-5.5", "interactive", (M // 2, 0), "2.5", requests=5
    )

    advice = advise(log)

    assert advice.findings == ()
    assert advice.left_out == ()
    assert advice.other_tags == ("chat", "interactive")
    assert advice.projected_savings_usd == 0


def test_a_model_without_batch_rates_is_not_projected(advise: Advise) -> None:
    advice = advise(segment("groq/llama-3.1-8b-instant", "background", (M, M), "1.0", requests=4))

    assert advice.findings == ()
    assert advice.left_out == (
        LeftOut(
            tag="background",
            provider="groq",
            model="llama-3.1-8b-instant",
            request_count=4,
            cost_usd=Decimal(1),
            reason="no_batch_rate",
        ),
    )


def test_several_models_under_one_tag_are_one_finding(advise: Advise) -> None:
    log = segment("openai/gpt-5.5", "bulk", (M, 0), "5.0") + segment("openai/gpt-5.4", "bulk", (M, 0), "2.5")

    (finding,) = advise(log).findings

    assert finding.tag == "bulk"
    assert finding.eligible_spend_usd == Decimal("7.5")
    assert finding.projected_batch_cost_usd == Decimal("3.75")
    assert finding.projected_savings_usd == Decimal("3.75")
    assert finding.request_count == 20


def test_the_largest_saving_is_first(advise: Advise) -> None:
    log = segment("openai/gpt-5.4", "offline", (M, 0), "2.5") + segment(
        "openai/gpt-5.5", "nightly", (10 * M, 0), "50", requests=100
    )

    advice = advise(log)

    assert [(finding.tag, finding.projected_savings_usd) for finding in advice.findings] == [
        ("nightly", 25),
        ("offline", Decimal("1.25")),
    ]
    assert advice.projected_savings_usd == Decimal("26.25")


def test_of_equal_savings_the_first_tag_is_first(advise: Advise) -> None:
    tags = ["offline", "bulk", "nightly", "async", "Bulk"]
    log = "".join(segment("openai/gpt-5.4", tag, (M, 0)) for tag in tags)

    assert [finding.tag for finding in advise(log).findings] == [
        "Bulk",
        "async",
        "bulk",
        "nightly",
        "offline",
    ]


def test_a_tag_matches_in_any_case_and_is_shown_in_its_own(advise: Advise) -> None:
    log = segment("openai/gpt-5.5", "Background", (M, 0), "5.0")

    assert [finding.tag for finding in advise(log).findings] == ["Background"]
    assert [finding.tag for finding in advise(log, " BACKground ").findings] == ["Background"]


def test_tags_of_the_users_own_replace_the_usual_ones(advise: Advise) -> None:
    log = segment("openai/gpt-5.5", "nightly-evals", (M, 0), "5.0") + segment(
        "openai/gpt-5.5", "background", (M, 0), "5.0"
    )

    advice = advise(log, "nightly-evals")

    assert [finding.tag for finding in advice.findings] == ["nightly-evals"]
    assert (advice.eligible_tags, advice.other_tags) == (("nightly-evals",), ("background",))


@pytest.mark.parametrize("tag", ["background", "offline", "nightly", "batch", "bulk", "async"])
def test_the_usual_tags_can_wait(advise: Advise, tag: str) -> None:
    assert [finding.tag for finding in advise(segment("openai/gpt-5.5", tag, (M, 0))).findings] == [tag]


def test_the_summary_names_tag_share_saving_discount_and_requests(advise: Advise) -> None:
    log = segment("openai/gpt-5.5", "nightly-evals", (8 * M, 0), "40", requests=128) + segment(
        "openai/gpt-5.5", "chat", (16 * M, 0), "89.03", requests=100
    )

    (finding,) = advise(log, "nightly-evals").findings

    assert finding.summary == (
        "tag=nightly-evals is 31.0% of spend and batch-eligible → ~$20.00 saved"
        " at the Batch API rate (−50%) on 128 request(s)"
    )


def test_an_empty_log_gives_no_findings(advise: Advise) -> None:
    advice = advise("")

    assert (advice.findings, advice.left_out, advice.other_tags) == ((), (), ())
    assert (advice.total_spend_usd, advice.projected_savings_usd) == (Decimal(0), Decimal(0))


def test_anthropics_batch_rates_are_those_of_the_catalog(advise: Advise) -> None:
    (finding,) = advise(segment("anthropic/claude-opus-4-8", "offline", (M, M), "30.0", requests=8)).findings

    assert finding.projected_batch_cost_usd == 15
    assert finding.projected_savings_usd == 15


# Beyond the contract


def test_untagged_requests_are_interactive(advise: Advise) -> None:
    advice = advise(segment("openai/gpt-5.5", None, (M, M)) + segment("openai/gpt-5.5", "", (M, M)))

    assert (advice.findings, advice.left_out, advice.other_tags) == ((), (), ())
    assert advice.total_spend_usd == 70


def test_requests_in_batch_mode_are_spend_but_cannot_save_it_again(advise: Advise) -> None:
    log = """{"timestamp":"2026-10-01","model":"gpt-5.5","tag":"bulk","input_tokens":200000,"output_tokens":0,"mode":"batch"}
{"timestamp":"2026-10-01","model":"gpt-5.5","tag":"bulk","input_tokens":200000,"output_tokens":0,"mode":"standard"}
{"timestamp":"2026-10-01","model":"gpt-5.5","tag":"bulk","input_tokens":200000,"output_tokens":0}
"""

    advice = advise(log)

    assert advice.total_spend_usd == Decimal("2.5")
    (finding,) = advice.findings
    assert (finding.request_count, finding.eligible_spend_usd) == (2, Decimal(2))
    assert (finding.projected_savings_usd, finding.share_of_spend_pct) == (Decimal(1), Decimal(80))


def test_cached_tokens_and_long_prompts_have_their_own_batch_rates(advise: Advise) -> None:
    log = (
        '{"timestamp":"2026-10-01","model":"gpt-5.5","tag":"bulk",'
        '"input_tokens":300000,"cached_input_tokens":100000,"output_tokens":10000}\n'
    )

    (finding,) = advise(log).findings

    # above 272,000 tokens a million costs 10 / 1 cached / 45, in batch mode 5 / 0.5 cached / 22.5
    assert finding.eligible_spend_usd == Decimal("2.55")
    assert finding.projected_batch_cost_usd == Decimal("1.275")


HEAD = "timestamp,model,tag,input_tokens,output_tokens,cost_usd\n"
LARGE = "2026-10-01T00:00:00Z,acme-large,bulk,100000,100000"  # costs 3, in batch mode 1.5
SMALL = "2026-10-01T00:00:00Z,acme-small,bulk,1000000,0"  # costs 1, has no batch rate
UNKNOWN = "2026-10-01T00:00:00Z,unheard-of,bulk,100,0"


@pytest.fixture
def advise_csv(read: Callable[..., Loaded], catalog: Catalog) -> Callable[..., BatchAdvice]:
    """Advice on a CSV log at the prices of a small catalog."""

    def advised(csv: str, cost: str = "auto") -> BatchAdvice:
        loaded = read(csv, BATCH, cost=cost)
        return advise_batch(loaded.rollups["batch"], catalog, loaded.provenance)

    return advised


def test_a_logged_cost_off_the_catalog_gives_a_range_from_nothing_to_the_same_discount(
    advise_csv: Advise,
) -> None:
    (finding,) = advise_csv(f"{HEAD}{LARGE},2.4\n").findings

    assert finding.basis == "estimated"
    assert finding.projected_savings_usd == Decimal("0.9")  # 2.4 - 1.5: batch at the catalog's price
    assert (finding.low_usd, finding.high_usd) == (Decimal("0.9"), Decimal("1.2"))  # batch at 80 % of it


def test_a_logged_cost_above_the_catalog_gives_a_range_as_well(advise_csv: Advise) -> None:
    (finding,) = advise_csv(f"{HEAD}{LARGE},4\n").findings

    assert finding.projected_savings_usd == Decimal("2.5")
    assert (finding.low_usd, finding.high_usd) == (Decimal(2), Decimal("2.5"))


def test_one_cost_off_the_catalog_makes_the_whole_tag_an_estimate(advise_csv: Advise) -> None:
    (finding,) = advise_csv(f"{HEAD}{LARGE},2.4\n{LARGE},\n").findings

    assert (finding.basis, finding.projected_savings_usd) == ("estimated", Decimal("2.4"))
    assert (finding.low_usd, finding.high_usd) == (Decimal("2.4"), Decimal("2.7"))


def test_at_computed_cost_the_saving_is_exact_whatever_is_logged(advise_csv: Advise) -> None:
    (finding,) = advise_csv(f"{HEAD}{LARGE},2.4\n", "computed").findings

    assert (finding.basis, finding.projected_savings_usd) == ("exact", Decimal("1.5"))


def test_a_saving_is_never_below_0(advise_csv: Advise) -> None:
    advice = advise_csv(f"{HEAD}{LARGE},1\n")

    (finding,) = advice.findings
    assert (finding.projected_savings_usd, finding.discount_pct) == (Decimal(0), Decimal(0))
    assert (finding.low_usd, finding.high_usd) == (Decimal(0), Decimal("0.5"))
    assert batch_lever(advice) is None


def test_a_logged_cost_of_what_the_catalog_gives_for_free_is_all_saved(
    advise: Advise,
) -> None:
    log = """{"timestamp":"2026-10-01","model":"gpt-5.5","tag":"bulk","input_tokens":0,"output_tokens":0,"cost_usd":1}"""

    (finding,) = advise(log).findings

    assert [finding.projected_savings_usd, finding.low_usd, finding.high_usd] == [Decimal(1)] * 3
    assert finding.basis == "estimated"


def test_a_range_holds_for_a_bill_of_any_size(advise_csv: Advise) -> None:
    dear = "2026-10-01T00:00:00Z,acme-large,bulk,1000000000000,1000000000000"  # costs 30 million

    (finding,) = advise_csv(f"{HEAD}{dear},24000000\n").findings

    assert (finding.low_usd, finding.high_usd) == (Decimal(9_000_000), Decimal(12_000_000))


def test_a_tag_that_cost_nothing_is_no_finding(advise_csv: Advise) -> None:
    assert advise_csv(f"{HEAD}2026-10-01T00:00:00Z,acme-large,bulk,0,0,\n").findings == ()


def test_the_share_is_of_all_spend_also_of_what_cannot_be_batched(advise_csv: Advise) -> None:
    advice = advise_csv(f"{HEAD}{LARGE},\n{SMALL},\n{UNKNOWN},\n")

    (finding,) = advice.findings
    assert (advice.total_spend_usd, finding.share_of_spend_pct) == (Decimal(4), Decimal(75))
    assert finding.request_count == 1


def test_what_is_left_out_has_a_reason_and_is_dearest_first(advise_csv: Advise) -> None:
    log = f"{HEAD}{LARGE},\n{SMALL},\n{SMALL},\n{UNKNOWN},\n"

    assert [
        (left.model, left.request_count, left.cost_usd, left.reason) for left in advise_csv(log).left_out
    ] == [("acme-small", 2, 2, "no_batch_rate"), ("unheard-of", 1, None, "unknown_model")]
    assert [
        (left.model, left.request_count, left.cost_usd, left.reason)
        for left in advise_csv(log, "logged").left_out
    ] == [
        ("acme-large", 1, None, "unpriced"),
        ("acme-small", 2, None, "no_batch_rate"),
        ("unheard-of", 1, None, "unknown_model"),
    ]


def test_other_tags_are_dearest_first_and_20_at_most(advise_csv: Advise) -> None:
    rows = [f"2026-10-01T00:00:00Z,acme-small,tag{n:02},{n * 1000},0,\n" for n in range(25)]

    assert advise_csv(HEAD + "".join(rows)).other_tags == tuple(f"tag{n:02}" for n in range(24, 4, -1))


def test_all_findings_are_one_lever(advise_csv: Advise) -> None:
    nightly = "2026-10-03T00:00:00Z,acme-large,nightly,100000,0"
    lever = batch_lever(advise_csv(f"{HEAD}{LARGE},2.4\n{nightly},\n"))

    assert lever is not None
    assert (lever.saving_usd, lever.low_usd, lever.high_usd) == (
        Decimal("1.4"),
        Decimal("1.4"),
        Decimal("1.7"),
    )
    assert lever.basis == "estimated"
    assert lever.monthly_usd == Decimal("21.31")  # in two days; a month has 365.25 / 12
    assert lever.summary == "bulk, nightly to the batch API"


def test_a_lever_of_catalog_prices_is_exact(advise_csv: Advise) -> None:
    lever = batch_lever(advise_csv(f"{HEAD}{LARGE},\n"))

    assert lever is not None
    assert (lever.basis, lever.saving_usd) == ("exact", Decimal("1.5"))
