"""`costopt simulate`: what if requests were routed otherwise."""

from costopt.cli.options import BillOptions, takes_logs
from costopt.cli.routing_options import Baselines, By, Escalated, Policies

@takes_logs
def simulate(options: BillOptions, policy: Policies = None, baseline: Baselines = None, by: By = None, escalated: Escalated = 10.0) -> None:
    """What policies would have cost and saved, with ranges, and what the answer rests on.

    Example: costopt simulate logs/ --policy cost --policy router.toml
    """
    from functools import partial

    from costopt.calculators.routing.simulate import plan
    from costopt.calculators.routing.simulate import simulate as calculate
    from costopt.cli.loading import billing
    from costopt.cli.routing import terms_of
    from costopt.report.emit import emit
    from costopt.report.views.simulate import records_simulate, view_simulate

    run = billing(options)
    catalog = run.catalog()
    planned = plan(terms_of(policy, baseline, by, escalated), catalog)
    loaded = run.load(catalog, planned.rollups)
    result = calculate(planned, loaded.rollups, loaded.provenance)
    emit(result, partial(view_simulate, again=options.again), records_simulate, run.output)
