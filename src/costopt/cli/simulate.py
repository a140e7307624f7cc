"""`costopt simulate`: what if requests were routed otherwise."""

from costopt.cli.options import BillOptions, takes_logs
from costopt.cli.routing_options import (
    Baselines,
    CostFirst,
    Escalated,
    Escalation,
    Policies,
    PriorFile,
    Providers,
    Segments,
    Threshold,
)


@takes_logs
def simulate(
    options: BillOptions,
    policy: Policies = None,
    baseline: Baselines = None,
    by: Segments = None,
    escalated: Escalated = None,
    prior: PriorFile = None,
    providers: Providers = False,
    threshold: Threshold = None,
    escalation: Escalation = None,
    cost_first: CostFirst = None,
) -> None:
    """What other routing would have cost and saved, with ranges, and what the answer rests on.

    Example: costopt simulate logs/ --policy cost --policy router.toml --baseline openai/gpt-5.5
    """
    from functools import partial

    from costopt.calculators.routing.providers import DAYS, PERFORMANCE, performances
    from costopt.calculators.routing.sample import READS, Sample
    from costopt.calculators.routing.simulate import Terms, plan
    from costopt.calculators.routing.simulate import simulate as calculate
    from costopt.cli.loading import billing, listed
    from costopt.cli.routing import Overrides, baselines_of, policies_of, prior_of, share_of
    from costopt.report.emit import emit
    from costopt.report.views.performance import records_performance, view_performance
    from costopt.report.views.simulate import records_simulate, view_simulate

    run = billing(options)
    catalog = run.catalog()
    if providers:
        loaded = run.load(catalog, [PERFORMANCE, DAYS])
        performed = performances(
            loaded.rollups[PERFORMANCE.name], loaded.rollups[DAYS.name], catalog, loaded.provenance
        )
        emit(performed, partial(view_performance, again=options.again), records_performance, run.output)
        return
    policies = policies_of(policy, Overrides(threshold, escalation, cost_first), catalog)
    terms = Terms(
        policies,
        baselines_of(baseline),
        listed(by or ""),
        escalated=share_of(escalated),
        prior=prior_of(prior),
    )
    planned = plan(terms, catalog)
    sample = Sample(planned.columns, with_prompt=False)
    loaded = run.load(catalog, planned.rollups, columns=READS, sink=sample.add)
    result = calculate(planned, loaded.rollups, loaded.provenance, sample)
    emit(result, partial(view_simulate, again=options.again), records_simulate, run.output)
