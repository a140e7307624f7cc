"""`costopt gainshare`: what was saved against a baseline, and the provider's share of it."""

from typing import Final

import typer

from costopt.cli.gainshare_options import (
    Baseline,
    BaselineContracts,
    BaselineList,
    By,
    Close,
    ContractFiles,
    EntryName,
    Every,
    Flat,
    History,
    LosingMonth,
    MonthName,
    OfBaseline,
    OfBaselines,
    OfMonth,
    OfSource,
    OfTenant,
    Pct,
    Pcts,
    PerRequest,
    Replace,
    SourceName,
    StateFolder,
    Tenant,
    TopEntries,
)
from costopt.cli.options import BillOptions, CatalogFile, ConfigFile, Form, Since, To, Until, takes_logs

gainshare: Final = typer.Typer(
    name="gainshare",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What was saved against a baseline, and who gets what.",
)


@gainshare.command()
@takes_logs
def record(  # noqa: PLR0917 - options are arguments
    options: BillOptions,
    source: SourceName = None,
    baseline: Baseline = None,
    contracts: BaselineContracts = None,
    flat: Flat = False,
    per_request: PerRequest = False,
    replace: Replace = False,
    state: StateFolder = None,
) -> None:
    """Record what requests cost, and what the baseline would have.

    What is recorded already is not recorded twice; with other figures it is corrected, and the old entry stays. A day
    of which the logs now have fewer requests stays as it is recorded.

    Example: costopt gainshare record logs/ --baseline openai/gpt-5.5
    """
    from functools import partial

    from costopt.cli.gainsharing import Asked, record_logs, state_of
    from costopt.cli.loading import billing
    from costopt.report.emit import emit
    from costopt.report.views.ledger import records_recording, view_recording

    run = billing(options)
    asked = Asked(source, baseline, contracts or (), flat, per_request, replace)
    result = record_logs(run, state_of(state), asked)
    emit(result, partial(view_recording, again=options.again), records_recording, run.output)


@gainshare.command()
def verify(*, state: StateFolder = None, output: Form = "table", to: To = None) -> None:
    """Check that no line of the ledger was changed, moved or removed.

    Exit code 3 if one was.

    Example: costopt gainshare verify
    """
    from costopt.cli.gainsharing import state_of
    from costopt.ledger.verify import verify as calculate
    from costopt.report.emit import Output, emit
    from costopt.report.views.ledger import records_verify, view_verify

    result = calculate(state_of(state))
    emit(result, view_verify, records_verify, Output(output, to))
    if result.damages:
        raise typer.Exit(3)


@gainshare.command()
def summary(
    *,
    tenant: OfTenant = None,
    baseline: OfBaseline = None,
    since: Since = None,
    until: Until = None,
    by: By = "tenant,model,adapter,month,baseline",
    every: Every = "1mo",
    state: StateFolder = None,
    output: Form = "table",
    to: To = None,
) -> None:
    """What was saved, in all, over time, and by whatever it is split.

    Example: costopt gainshare summary --since 2026-10-01 --by tenant,model
    """
    from costopt.calculators.gainshare.summary import columns_of, summarize
    from costopt.cli.gainsharing import dimensions_of, selection_of, state_of
    from costopt.ledger.reading import reading
    from costopt.report.emit import Output, emit
    from costopt.report.views.gainshare import records_gainshare_summary, view_gainshare_summary

    selection, keys = selection_of(tenant, baseline, since, until), dimensions_of(by)
    with reading(state_of(state), columns_of(selection, keys)) as entries:
        result = summarize(entries, selection, keys, every)
    emit(result, view_gainshare_summary, records_gainshare_summary, Output(output, to))


@gainshare.command()
def report(
    *,
    tenant: OfTenant = None,
    pct: Pct,
    baseline: OfBaseline = None,
    since: Since = None,
    until: Until = None,
    every: Every = "1mo",
    state: StateFolder = None,
    output: Form = "table",
    to: To = None,
) -> None:
    """What was saved, and a percentage of each tenant's savings.

    Example: costopt gainshare report --tenant acme --pct 25
    """
    from costopt.calculators.gainshare.percentages import parse_percentage
    from costopt.calculators.gainshare.summary import columns_of
    from costopt.calculators.gainshare.summary import report as calculate
    from costopt.cli.gainsharing import selection_of, state_of
    from costopt.ledger.reading import reading
    from costopt.report.emit import Output, emit
    from costopt.report.views.gainshare import records_gainshare_report, view_gainshare_report

    percentage, selection = parse_percentage(pct), selection_of(tenant, baseline, since, until)
    with reading(state_of(state), columns_of(selection)) as entries:
        result = calculate(entries, percentage, selection, every)
    emit(result, view_gainshare_report, records_gainshare_report, Output(output, to))


@gainshare.command()
def invoice(
    *,
    tenant: Tenant,
    month: MonthName,
    contracts: ContractFiles = None,
    close: Close = False,
    state: StateFolder = None,
    pricing: CatalogFile = None,
    config: ConfigFile = None,
    output: Form = "table",
    to: To = None,
) -> None:
    """What a tenant owes for a month, and what that rests on.

    A month that was closed has the invoice of then, whatever logs, prices and contracts have become.

    Example: costopt gainshare invoice --tenant acme --month 2026-10 --contracts contracts.toml -o html --to acme.html
    """
    from functools import partial

    from costopt.calculators.gainshare.months import parse_month
    from costopt.cli.contracts import invoiced_contracts
    from costopt.cli.gainsharing import state_of
    from costopt.cli.invoicing import invoice_of
    from costopt.cli.loading import clock, encodable
    from costopt.report.emit import Output, emit
    from costopt.report.views.invoice import records_invoice, view_invoice

    folder = state_of(state)
    terms = partial(invoiced_contracts, contracts, pricing, config, folder)
    today = clock().date() if close else None
    result = invoice_of(folder, encodable(tenant), parse_month(month), terms, today)
    emit(result, view_invoice, records_invoice, Output(output, to))


@gainshare.command()
@takes_logs
def whatif(  # noqa: PLR0917 - options are arguments
    options: BillOptions,
    pct: Pcts = "20,25,30",
    baseline: BaselineList = None,
    flat: Flat = False,
    losing_month: LosingMonth = "nothing",
    state: StateFolder = None,
) -> None:
    """What each side would get of the savings; nothing is recorded.

    Example: costopt gainshare whatif logs/ --pct 20,25,30 --baseline openai/gpt-5.5,anthropic/claude-opus-4-8
    """
    from costopt.cli.gainsharing import state_of, whatif_of
    from costopt.cli.loading import billing
    from costopt.report.emit import emit
    from costopt.report.views.gainshare import records_gainshare_whatif, view_gainshare_whatif

    run = billing(options)
    result = whatif_of(run, state_of(state), baseline, pct, losing_month, flat=flat)
    emit(result, view_gainshare_whatif, records_gainshare_whatif, run.output)


@gainshare.command("entries")
def list_entries(
    *,
    tenant: OfTenant = None,
    baseline: OfBaselines = None,
    source: OfSource = None,
    since: Since = None,
    until: Until = None,
    month: OfMonth = None,
    identity: EntryName = None,
    history: History = False,
    top: TopEntries = None,
    state: StateFolder = None,
    output: Form = "table",
    to: To = None,
) -> None:
    """The single entries of the ledger, to be checked one by one.

    Those of a tenant's month have the digest that its invoice names.

    Example: costopt gainshare entries --tenant acme --month 2026-10 -o csv --to acme.csv
    """
    from costopt.cli.gainsharing import selection_of, state_of
    from costopt.cli.listing import entries_of, listed_of, most_of
    from costopt.report.emit import Output, emit
    from costopt.report.views.entries import records_gainshare_entries, view_gainshare_entries

    selection = selection_of(tenant, None, since, until)
    listed = listed_of(selection, baseline, source, month, identity, history=history)
    result = entries_of(state_of(state), listed, most_of(top, output))
    emit(result, view_gainshare_entries, records_gainshare_entries, Output(output, to))
