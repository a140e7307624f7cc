"""What could be batched."""

from typing import Final

from costopt.calculators.batch import BatchAdvice
from costopt.models.money import format_usd
from costopt.report.document import DOT, NONE, Again, Column, Document, Line, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.views.parts import head, model_name, ranged, short

_TAGS: Final = 8
_MODELS: Final = 10


def view_batch(advice: BatchAdvice, again: Again) -> Document:
    """The head, one line and one row for each finding, and what could not be projected."""
    provenance = advice.provenance
    blocks: list[Paragraph | Table] = [
        head(provenance.intake, provenance.period, provenance.catalog, again),
        _verdict(advice, again),
    ]
    if advice.findings:
        blocks.append(_findings(advice))
        blocks.append(Paragraph(tuple(line(finding.summary) for finding in advice.findings)))
    if advice.left_out:
        blocks.append(_left_out(advice, again))
    return Document("Batch advice", tuple(blocks))


def _verdict(advice: BatchAdvice, again: Again) -> Paragraph:
    tags = DOT.join(short(tag) for tag in advice.eligible_tags) or NONE
    waiting = line(Span("tags that can wait  ", "muted"), tags)
    if advice.findings:
        saved = format_usd(advice.projected_savings_usd)
        whole = f"   of {format_usd(advice.total_spend_usd)}"
        return Paragraph((line(Span(f"Batch API  {saved} would have been saved", "strong"), whole), waiting))
    why = (
        "the requests with these tags have no batch rate or no price"
        if advice.left_out
        else "no billed request has one of these tags, those in batch mode aside"
    )
    return Paragraph((line(Span(f"Nothing to batch: {why}", "strong")), waiting, *_other_tags(advice, again)))


def _other_tags(advice: BatchAdvice, again: Again) -> tuple[Line, ...]:
    """The tags that were not looked at, and how to name them; or how to read some, if there is none."""
    if advice.left_out and not advice.other_tags:
        return ()
    shown = [short(tag) for tag in advice.other_tags[:_TAGS]]
    more = len(advice.other_tags) - len(shown)
    others = line(
        Span("other tags          ", "muted"),
        DOT.join([*shown, *([f"{more} more"] if more else [])] or [NONE]),
    )
    label, option = (
        ("to name others      ", "--tags TAGS") if shown else ("to read tags        ", "--map tag=COLUMN")
    )
    return others, line(Span(label, "muted"), f"costopt batch {again.bill} {option}")


def _findings(advice: BatchAdvice) -> Table:
    columns = (
        Column("tag"),
        Column("requests", "count", drop=3),
        Column("spend", "usd"),
        Column("in batch mode", "usd", drop=2),
        Column("saved", "range"),
        Column("discount", "percent", drop=4),
        Column("of all spend", "percent", drop=5),
        Column("basis", drop=1),
    )
    rows = tuple(
        (
            finding.tag,
            finding.request_count,
            finding.eligible_spend_usd,
            finding.projected_batch_cost_usd,
            ranged(finding.low_usd, finding.high_usd),
            finding.discount_pct,
            finding.share_of_spend_pct,
            finding.basis,
        )
        for finding in advice.findings
    )
    return Table(columns, rows)


def _left_out(advice: BatchAdvice, again: Again) -> Table:
    columns = (
        Column("tag"),
        Column("model"),
        Column("requests", "count", drop=1),
        Column("spend", "usd"),
        Column("why nothing is projected"),
    )
    reasons = {
        "unknown_model": "the catalog has no such model",
        "no_batch_rate": "the catalog has no batch rate",
        "unpriced": "its cost is unknown",
    }
    rows = [
        (
            left.tag,
            model_name(left.provider, left.model),
            left.request_count,
            left.cost_usd,
            reasons[left.reason],
        )
        for left in advice.left_out
    ]
    more = len(rows) - _MODELS
    return Table(
        columns,
        tuple(rows[:_MODELS]),
        title="Left out",
        more=f"{more:,} more: costopt batch {again.bill} -o json" if more > 0 else "",
    )


def records_batch(advice: BatchAdvice) -> Records:
    """One record a finding."""
    names = (
        "tag",
        "eligible_spend_usd",
        "projected_batch_cost_usd",
        "projected_savings_usd",
        "low_usd",
        "high_usd",
        "share_of_spend_pct",
        "request_count",
        "discount_pct",
        "basis",
        "summary",
    )
    return Records(names, [tuple(getattr(finding, name) for name in names) for finding in advice.findings])
