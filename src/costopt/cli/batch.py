"""`costopt batch`: what the batch API would have saved."""

from costopt.cli.options import BillOptions, Tags, takes_logs


@takes_logs
def batch(options: BillOptions, tags: Tags = None) -> None:
    """What the batch API would have saved on requests that can wait.

    Whether a request can wait is read from its tag.

    Example: costopt batch logs/ --tags nightly,reports
    """
    from functools import partial

    from costopt.calculators.batch import BATCH, advise_batch
    from costopt.cli.loading import billing
    from costopt.report.emit import emit
    from costopt.report.views.batch import records_batch, view_batch

    run = billing(options)
    catalog = run.catalog()
    loaded = run.load(catalog, [BATCH])
    result = advise_batch(loaded.rollups["batch"], catalog, loaded.provenance, run.batch_tags(tags))
    emit(result, partial(view_batch, again=options.again), records_batch, run.output)
