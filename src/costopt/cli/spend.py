"""`costopt spend`: the bill by keys and over time."""

from costopt.cli.options import BillOptions, By, Every, Top, takes_logs


@takes_logs
def spend(options: BillOptions, by: By = "provider,model", every: Every = None, top: Top = None) -> None:
    """The bill by any columns, and over time.

    Example: costopt spend logs/ --by tenant,model --every 1w --top 10
    """
    from functools import partial

    from costopt.calculators.spend import spend as calculate
    from costopt.calculators.spend import spend_rollup
    from costopt.cli.loading import billing, listed
    from costopt.models.period import Bucket
    from costopt.report.emit import emit
    from costopt.report.views.spend import records_spend, view_spend

    run = billing(options)
    keys = listed(by)
    bucket = Bucket(every, run.zone) if every else None
    loaded = run.load(run.catalog(), [spend_rollup(keys, bucket)])
    result = calculate(loaded.rollups["spend"], loaded.provenance, keys, bucket, top)
    emit(result, partial(view_spend, again=options.again), records_spend, run.output)
