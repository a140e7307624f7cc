"""What the batch API would have saved on requests that could have waited.

Batch APIs price requests that may take up to a day at a discount, most often half. Which requests could have
waited is read from their tag; what they would have cost is read from the catalog, rate by rate. A model without
batch rates has no batch tier, and nothing is projected for it.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar, Final

import polars as pl

from costopt.models.intake import Provenance
from costopt.models.money import format_usd, percent, usd
from costopt.models.result import Basis, Frozen, Lever, Result
from costopt.models.schema import PICO
from costopt.pricing.catalog import Catalog
from costopt.pricing.costing import price
from costopt.pricing.rates import UNKNOWN_MODEL
from costopt.rollups.rollup import Rollup

BATCH: Final = Rollup("batch", ("provider", "model", "tag", "mode"))
"""The rollup that `advise_batch` needs."""

ELIGIBLE_TAGS: Final = ("background", "offline", "nightly", "batch", "bulk", "async")
"""Tags of requests that can wait, unless the user names others. Untagged requests are interactive."""

_DAYS_A_MONTH: Final = Decimal("365.25") / 12


class BatchFinding(Frozen):
    """One eligible tag, over all its models that have batch rates.

    Attributes:
        tag: As logged.
        eligible_spend_usd: What its requests cost.
        projected_batch_cost_usd: What they would have cost in batch mode, at catalog rates.
        projected_savings_usd: The difference, never below 0.
        low_usd: The least saved: logged costs may hold discounts that batch prices would not get, or the reverse.
        high_usd: The most saved.
        share_of_spend_pct: Of all spend, eligible or not, in percent.
        request_count: How many requests.
        discount_pct: The saving in percent of the eligible spend.
        basis: `exact` where the eligible spend is at catalog prices, else `estimated`.
        summary: One line for people.
    """

    tag: str
    eligible_spend_usd: Decimal
    projected_batch_cost_usd: Decimal
    projected_savings_usd: Decimal
    low_usd: Decimal
    high_usd: Decimal
    share_of_spend_pct: Decimal
    request_count: int
    discount_pct: Decimal
    basis: Basis
    summary: str


class LeftOut(Frozen):
    """Eligible requests for which nothing could be projected: of which model, how many, what they cost, and why."""

    tag: str
    provider: str | None
    model: str | None
    request_count: int
    cost_usd: Decimal | None
    reason: str


class BatchAdvice(Result):
    """What could be batched.

    Attributes:
        provenance: Period, intake and catalog.
        eligible_tags: The tags taken to mean that a request can wait.
        total_spend_usd: Of all requests.
        projected_savings_usd: Of all findings.
        findings: Largest saving first, then by tag.
        left_out: Eligible requests without a projection.
        other_tags: Tags in the log that are not eligible, dearest first, at most 20.
    """

    kind: ClassVar[str] = "batch"
    provenance: Provenance
    eligible_tags: tuple[str, ...]
    total_spend_usd: Decimal
    projected_savings_usd: Decimal
    findings: tuple[BatchFinding, ...]
    left_out: tuple[LeftOut, ...]
    other_tags: tuple[str, ...]


def advise_batch(
    rollup: pl.DataFrame, catalog: Catalog, provenance: Provenance, tags: Sequence[str] = ELIGIBLE_TAGS
) -> BatchAdvice:
    """Findings for every eligible tag.

    Args:
        rollup: `BATCH`, priced.
        catalog: The one it was priced with.
        provenance: Period, intake and catalog.
        tags: The eligible tags, compared without regard to case.
    """
    wanted = {tag.strip().lower() for tag in tags}
    everything = usd(int(rollup["cost"].sum() or 0))
    waiting = pl.col("tag").str.to_lowercase().is_in(sorted(wanted)).fill_null(value=False)
    eligible = rollup.filter(waiting & (pl.col("mode") != "batch").fill_null(value=True))
    eligible = eligible.with_columns(batch_cost=price(eligible, catalog, mode="batch"))
    projectable = pl.col("batch_cost").is_not_null() & pl.col("cost").is_not_null()
    findings = _findings(eligible.filter(projectable), everything)
    return BatchAdvice(
        provenance=provenance,
        eligible_tags=tuple(tags),
        total_spend_usd=everything,
        projected_savings_usd=sum((finding.projected_savings_usd for finding in findings), Decimal(0)),
        findings=tuple(findings),
        left_out=tuple(_left_out(eligible.filter(~projectable))),
        other_tags=tuple(_dearest_tags(rollup.filter(~waiting))),
    )


def _findings(eligible: pl.DataFrame, everything: Decimal) -> list[BatchFinding]:
    costs = eligible.select("cost", "batch_cost", "computed_cost").iter_rows()
    scaled = pl.Series("scaled", [_scaled_saving(*row) for row in costs], dtype=PICO)
    sums = (
        eligible.with_columns(scaled)
        .group_by("tag")
        .agg(
            pl.col("requests", "cost", "batch_cost", "scaled").sum(),
            (pl.col("cost") == pl.col("computed_cost")).fill_null(value=False).all().alias("at_catalog"),
        )
    )
    found = [_finding(row, everything) for row in sums.filter(pl.col("cost") > 0).iter_rows(named=True)]
    return sorted(found, key=lambda finding: (-finding.projected_savings_usd, finding.tag))


def _scaled_saving(cost: int, batch: int, computed: int | None) -> int:
    """What is saved if batch prices are off the catalog by as much as the cost is; a product beyond 128 bits."""
    return cost - cost * batch // computed if computed else cost - batch


def _finding(row: Mapping[str, Any], everything: Decimal) -> BatchFinding:
    tag, requests = row["tag"], row["requests"]
    spend, batch = usd(row["cost"]), usd(row["batch_cost"])
    saving = max(spend - batch, Decimal(0))
    other = max(usd(row["scaled"]), Decimal(0))
    exact = row["at_catalog"]
    share, discount = percent(spend, everything), percent(saving, spend)
    return BatchFinding(
        tag=tag,
        eligible_spend_usd=spend,
        projected_batch_cost_usd=batch,
        projected_savings_usd=saving,
        low_usd=saving if exact else min(saving, other),
        high_usd=saving if exact else max(saving, other),
        share_of_spend_pct=share,
        request_count=requests,
        discount_pct=discount,
        basis="exact" if exact else "estimated",
        summary=(
            f"tag={tag} is {_rounded(share, 1)}% of spend and batch-eligible → ~{format_usd(saving)} saved"
            f" at the Batch API rate (−{_rounded(discount, 0)}%) on {requests} request(s)"
        ),
    )


def _rounded(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _left_out(rest: pl.DataFrame) -> list[LeftOut]:
    keys = ["tag", "provider", "model", "reason"]
    reason = (
        pl.when(pl.col("rate_id") == UNKNOWN_MODEL)
        .then(pl.lit("unknown_model"))
        .when(pl.col("batch_cost").is_null())
        .then(pl.lit("no_batch_rate"))
        .otherwise(pl.lit("unpriced"))
    )
    sums = (
        rest.with_columns(reason=reason)
        .group_by(keys)
        .agg(pl.col("requests").sum(), pl.when(pl.col("cost").count() > 0).then(pl.col("cost").sum()))
        .sort("cost", *keys, descending=[True, False, False, False, False], nulls_last=True)
    )
    return [
        LeftOut(
            tag=row["tag"],
            provider=row["provider"],
            model=row["model"],
            request_count=row["requests"],
            cost_usd=None if row["cost"] is None else usd(row["cost"]),
            reason=row["reason"],
        )
        for row in sums.iter_rows(named=True)
    ]


def _dearest_tags(rest: pl.DataFrame) -> list[str]:
    tagged = rest.drop_nulls("tag").group_by("tag").agg(pl.col("cost").sum())
    return tagged.sort("cost", "tag", descending=[True, False])["tag"].head(20).to_list()


def batch_lever(advice: BatchAdvice) -> Lever | None:
    """All findings as one lever; they share no request, so their savings add up."""
    findings = [finding for finding in advice.findings if finding.projected_savings_usd > 0]
    if not findings:
        return None
    saving = sum((finding.projected_savings_usd for finding in findings), Decimal(0))
    tags = ", ".join(finding.tag for finding in findings)
    exact = all(finding.basis == "exact" for finding in findings)
    return Lever(
        lever="batch",
        saving_usd=saving,
        low_usd=sum((finding.low_usd for finding in findings), Decimal(0)),
        high_usd=sum((finding.high_usd for finding in findings), Decimal(0)),
        monthly_usd=_rounded(saving / advice.provenance.period.days * _DAYS_A_MONTH, 2),
        basis="exact" if exact else "estimated",
        summary=f"{tags} to the batch API",
    )
