"""`costopt analyze`: the front page."""

from costopt.cli.options import BillOptions, Tags, takes_logs


@takes_logs
def analyze(options: BillOptions, tags: Tags = None) -> None:
    """What was spent, on what, and what would save most.

    Example: costopt analyze logs/ --last 30d
    """
    from functools import partial

    from costopt.calculators.analyze import Terms, analyze_rollups
    from costopt.calculators.analyze import analyze as calculate
    from costopt.cli.loading import billing
    from costopt.report.emit import emit
    from costopt.report.views.analyze import records_analyze, view_analyze

    run = billing(options)
    catalog = run.catalog()
    loaded = run.load(catalog, analyze_rollups(run.zone))
    terms = Terms(run.cost, run.zone, run.batch_tags(tags))
    result = calculate(loaded.rollups, catalog, loaded.provenance, terms)
    emit(result, partial(view_analyze, again=options.again), records_analyze, run.output)
