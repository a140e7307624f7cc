"""What could be batched."""

from costopt.calculators.batch import BatchAdvice, BatchFinding
from costopt.models.money import format_usd
from costopt.report.document import Column, Document, Paragraph, Span, Table, line
from costopt.report.emit import Records
from costopt.report.views.parts import counted, head, model_name


def view_batch(advice: BatchAdvice, again: str) -> Document:
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
        blocks.append(_left_out(advice))
    return Document("Batch advice", tuple(blocks))


def _verdict(advice: BatchAdvice, again: str) -> Paragraph:
    tags = ", ".join(advice.eligible_tags) or "(none)"
    lines = [line(Span(f"tags that can wait: {tags}", "muted"))]
    if advice.findings:
        saved = format_usd(advice.projected_savings_usd)
        lines.insert(0, line(Span(f"Batch API  {saved} would have been saved", "strong"), _of_total(advice)))
    else:
        lines.insert(0, line(Span("Nothing to batch: no request with such a tag has a batch rate", "strong")))
        if advice.other_tags:
            seen = ", ".join(advice.other_tags)
            lines.append(
                line(f"tags in this log: {seen} (name those that can wait: costopt batch {again} --tags …)")
            )
    return Paragraph(tuple(lines))


def _of_total(advice: BatchAdvice) -> str:
    return f"   of {format_usd(advice.total_spend_usd)}"


def _findings(advice: BatchAdvice) -> Table:
    columns = (
        Column("tag"),
        Column("requests", "count", drop=2),
        Column("spend", "usd"),
        Column("in batch mode", "usd", drop=1),
        Column("saved", "usd"),
        Column("range", drop=5),
        Column("discount", "percent", drop=3),
        Column("of all spend", "percent", drop=4),
        Column("basis", drop=6),
    )
    rows = tuple(
        (
            finding.tag,
            finding.request_count,
            finding.eligible_spend_usd,
            finding.projected_batch_cost_usd,
            finding.projected_savings_usd,
            _range(finding),
            finding.discount_pct,
            finding.share_of_spend_pct,
            finding.basis,
        )
        for finding in advice.findings
    )
    return Table(columns, rows)


def _range(finding: BatchFinding) -> str:
    low, high = format_usd(finding.low_usd), format_usd(finding.high_usd)
    return "" if low == high else f"{low} – {high.removeprefix('$')}"


def _left_out(advice: BatchAdvice) -> Table:
    columns = (
        Column("tag"),
        Column("model"),
        Column("requests", "count", drop=1),
        Column("spend", "usd"),
        Column("why nothing is projected"),
    )
    reasons = {"no_batch_rate": "the catalog has no batch rate", "unpriced": "its cost is unknown"}
    rows = tuple(
        (
            left.tag,
            model_name(left.provider, left.model),
            left.request_count,
            left.cost_usd,
            reasons[left.reason],
        )
        for left in advice.left_out
    )
    return Table(columns, rows, title=f"Left out: {counted(len(rows), 'model')} under these tags")


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
