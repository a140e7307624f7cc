"""`costopt route`: where one request would go."""

from typing import Final

import typer

from costopt.cli.options import CatalogFile, ConfigFile, Form, To
from costopt.cli.routing_options import (
    AssumedOutput,
    CostFirst,
    DecisionLog,
    Escalation,
    FactsFile,
    OnePolicy,
    RoutedRequest,
    RouterFile,
    StrongModel,
    Threshold,
    WeakModel,
)

_CROSSED: Final = 3
"""The exit code where no model meets what is asked of it."""


def route(
    request: RoutedRequest,
    *,
    policy: OnePolicy = "cost",
    assume_output: AssumedOutput = 300,
    facts: FactsFile = None,
    router: RouterFile = None,
    weak: WeakModel = None,
    strong: StrongModel = None,
    log: DecisionLog = None,
    threshold: Threshold = None,
    escalation: Escalation = None,
    cost_first: CostFirst = None,
    pricing: CatalogFile = None,
    config: ConfigFile = None,
    output: Form = "table",
    to: To = None,
) -> None:
    """Where one request would go, why, and what it would cost.

    A JSON object is a request with the keys of a log: prompt or messages, request_type, tag, tenant, endpoint, mode,
    timestamp, input_tokens, output_tokens. All else is the prompt. No model is called. If none is left to choose,
    the exit code is 3.

    Example: costopt route "What is the capital of France?" --policy router.toml
    """
    from functools import partial

    from costopt.calculators.routing.request import read_request
    from costopt.calculators.routing.route import Terms, route_request
    from costopt.cli.loading import clock, open_catalog
    from costopt.cli.route_inputs import facts_of, request_text, router_of
    from costopt.cli.routing import Overrides, policy_of
    from costopt.config import load_config
    from costopt.report.emit import Output, append_line, emit
    from costopt.report.records import json_line
    from costopt.report.views.route import logged_route, records_route, view_route

    asked = read_request(request_text(request))
    catalog = open_catalog(pricing, load_config(config))
    chosen = policy_of(policy, Overrides(threshold, escalation, cost_first), catalog)
    now = clock()
    terms = Terms(now, assume_output, facts_of(facts, catalog), router_of(router, weak, strong, catalog))
    result = route_request(asked, chosen, catalog, terms)
    if log is not None:
        append_line(log, json_line(logged_route(result, now)))
    emit(result, partial(view_route, policy=policy), records_route, Output(output, to))
    if result.model is None:
        raise typer.Exit(_CROSSED)
