"""`costopt simulate`: what if requests were routed otherwise."""

from costopt.cli.options import BillOptions, takes_logs
from costopt.cli.routing_options import (
    Baselines,
    CostFirst,
    Escalated,
    Escalation,
    Export,
    Floor,
    Learn,
    Policies,
    PriorFile,
    Providers,
    Segments,
    Threshold,
)


@takes_logs
def simulate(  # noqa: PLR0917 - options are arguments
    options: BillOptions,
    policy: Policies = None,
    baseline: Baselines = None,
    by: Segments = None,
    escalated: Escalated = None,
    prior: PriorFile = None,
    learn: Learn = None,
    floor: Floor = None,
    export: Export = None,
    providers: Providers = False,
    threshold: Threshold = None,
    escalation: Escalation = None,
    cost_first: CostFirst = None,
) -> None:
    """What other routing would have cost, and what that rests on.

    Example: costopt simulate logs/ --policy cost --policy router.toml --baseline openai/gpt-5.5
    """
    from functools import partial

    from costopt.calculators.routing.simulate import Terms
    from costopt.cli.loading import billing, listed
    from costopt.cli.routing import (
        Overrides,
        baselines_of,
        check_export,
        check_floor,
        exported,
        performances_of,
        policies_of,
        prior_of,
        retyped,
        share_of,
        simulation_of,
        verified,
    )
    from costopt.report.emit import emit, emit_text
    from costopt.report.views.performance import records_performance, view_performance
    from costopt.report.views.simulate import records_simulate, view_simulate

    run = billing(options)
    catalog = run.catalog()
    if providers:
        performed = performances_of(run, catalog)
        emit(performed, partial(view_performance, again=options.again), records_performance, run.output)
        return
    check_export(export, floor)
    overrides = Overrides(threshold, escalation, cost_first)
    policies = policies_of(policy, overrides, run, catalog)
    if export and floor is None and learn is None:
        emit_text(exported(policies[0], export, catalog), options.to)
        return
    terms = Terms(
        policies,
        baselines_of(baseline, catalog),
        listed(by or ""),
        escalated=share_of(escalated),
        prior=prior_of(prior, catalog),
        floor=floor,
    )
    result = simulation_of(terms, run, catalog, learn)
    if export:
        chosen = policies[0] if floor is None else verified(result)
        emit_text(exported(chosen, export, catalog), options.to)
        return
    asked = retyped(
        (("--policy", policy), ("--baseline", baseline)),
        (("--by", by), ("--escalated", escalated), ("--prior", prior)),
        overrides,
    )
    emit(result, partial(view_simulate, again=options.again, asked=asked), records_simulate, run.output)
    check_floor(result)
