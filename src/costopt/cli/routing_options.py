"""The options of the commands that route, spelled once."""

from pathlib import Path
from typing import Annotated, Final, Literal

import typer

_READY: Final = "cost, quality-first, balanced, fastest, task-type, frontier-only, cheapest"

Policies = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        metavar="NAME",
        help=f"{_READY}, or a FILE.toml; may be repeated.",
        show_default="cost, balanced, quality-first",
    ),
]
OnePolicy = Annotated[str, typer.Option("--policy", metavar="NAME", help=f"{_READY}, or a FILE.toml.")]
Baselines = Annotated[
    list[str] | None,
    typer.Option(
        "--baseline",
        metavar="NAME",
        help="What to compare with: logged, frontier, best-single, a model, or 0.015/request; may be repeated.",
        show_default="logged, frontier, best-single",
    ),
]
Segments = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="KEYS",
        help="Tell requests apart by these columns too, beside complexity and request_type; separated by commas.",
    ),
]
Escalated = Annotated[
    float | None,
    typer.Option(
        metavar="PERCENT",
        min=0,
        max=100,
        help="Of the requests that can be asked again of a stronger model, how many are; both calls are paid.",
        show_default="as the log shows, else 10",
    ),
]
PriorFile = Annotated[
    Path | None,
    typer.Option(
        "--prior",
        metavar="FILE",
        help="Qualities that others have measured, as TOML: source and a table of models.",
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        "--escalation-threshold",
        metavar="SHARE",
        help="Instead of the policies' own: the confidence below which a request escalates, 0 to 1.",
        envvar="COSTOPT_ROUTER_ESCALATION_THRESHOLD",
    ),
]
Escalation = Annotated[
    bool | None,
    typer.Option(
        "--escalation/--no-escalation",
        help="Instead of the policies' own: whether requests escalate.",
        envvar="COSTOPT_ROUTER_ENABLE_ESCALATION",
    ),
]
CostFirst = Annotated[
    bool | None,
    typer.Option(
        "--cost-first/--quality-first",
        help="Instead of the policies' own strategy: cost where it is quality-first, or quality-first for all.",
        envvar="COSTOPT_ROUTER_COST_OPTIMIZATION",
    ),
]
Providers = Annotated[
    bool,
    typer.Option("--providers", help="How each model has performed, instead of the simulation."),
]
Learn = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Learn a router from prompts with quality labels; write it to FILE if it beats the rule and chance.",
    ),
]
Floor = Annotated[
    float | None,
    typer.Option(
        metavar="QUALITY",
        min=0,
        max=1,
        help="Find the cheapest policy whose mean quality, 0 to 1, is verified to be at least this.",
    ),
]
Export = Annotated[
    Literal["policy", "litellm"] | None,
    typer.Option(
        help="Print the first policy as a policy file or for LiteLLM's router; with --floor that of the floor, as a file."
    ),
]
RoutedRequest = Annotated[
    str,
    typer.Argument(
        metavar="REQUEST",
        help="The prompt, or a JSON object; - for standard input.",
        show_default=False,
    ),
]
AssumedOutput = Annotated[
    int,
    typer.Option(
        metavar="TOKENS",
        min=0,
        max=10**9,
        help="How long an answer to expect where the request does not say; a tenth or ten times as long may come.",
    ),
]
FactsFile = Annotated[
    Path | None,
    typer.Option(
        "--facts",
        metavar="FILE",
        help="How models have performed: the JSON of costopt simulate --providers.",
    ),
]
RouterFile = Annotated[
    Path | None,
    typer.Option("--router", metavar="FILE", help="A router from costopt simulate --learn."),
]
WeakModel = Annotated[
    str | None,
    typer.Option("--weak", metavar="MODEL", help="The weak model that it was fitted to, unless it says so."),
]
StrongModel = Annotated[
    str | None, typer.Option("--strong", metavar="MODEL", help="The strong one, likewise.")
]
DecisionLog = Annotated[
    Path | None,
    typer.Option(
        "--log",
        metavar="FILE",
        help="Add the decision to FILE, as a JSON line without the prompt.",
        envvar="COSTOPT_ROUTER_LOG",
    ),
]
