"""`costopt frontier`: the models that savings are compared with, and their flat rates."""

from typing import Final

import typer

from costopt.cli.gainshare_options import Capabilities, FrontierFile, FrontierName, Rate, StateFolder
from costopt.cli.options import Form, To

frontier: Final = typer.Typer(
    name="frontier",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The models that savings are compared with.",
)


@frontier.command(name="set")
def set_model(
    name: FrontierName,
    rate: Rate,
    *,
    capability: Capabilities = None,
    state: StateFolder = None,
    output: Form = "table",
    to: To = None,
) -> None:
    """Add a frontier model, or change its rate.

    Example: costopt frontier set premium-model 0.03 --capability reasoning --capability code
    """
    from costopt.cli.frontiers import frontier_of
    from costopt.cli.gainsharing import state_of
    from costopt.cli.loading import clock, encodable
    from costopt.ledger.frontier import frontier_models, listed_models, set_frontier
    from costopt.report.emit import Output, emit
    from costopt.report.views.frontier import records_frontier, view_frontier

    folder, called = state_of(state), encodable(name)
    before = frontier_models(folder).get(called)
    model = frontier_of(called, rate, capability, before, int(clock().timestamp()))
    models = set_frontier(folder, [model])
    emit(listed_models(models.values()), view_frontier, records_frontier, Output(output, to))


@frontier.command(name="list")
def list_models(*, state: StateFolder = None, output: Form = "table", to: To = None) -> None:
    """All frontier models.

    Example: costopt frontier list
    """
    from costopt.cli.gainsharing import state_of
    from costopt.ledger.frontier import frontier_models, listed_models
    from costopt.report.emit import Output, emit
    from costopt.report.views.frontier import records_frontier, view_frontier

    models = frontier_models(state_of(state))
    emit(listed_models(models.values()), view_frontier, records_frontier, Output(output, to))


@frontier.command()
def show(name: FrontierName, *, state: StateFolder = None, output: Form = "table", to: To = None) -> None:
    """One frontier model.

    Example: costopt frontier show premium-model
    """
    from costopt.cli.gainsharing import state_of
    from costopt.cli.loading import encodable
    from costopt.ledger.frontier import frontier_model, listed_models
    from costopt.report.emit import Output, emit
    from costopt.report.views.frontier import records_frontier, view_frontier

    model = frontier_model(state_of(state), encodable(name))
    emit(listed_models([model]), view_frontier, records_frontier, Output(output, to))


@frontier.command()
def remove(name: FrontierName, *, state: StateFolder = None, output: Form = "table", to: To = None) -> None:
    """Remove a frontier model; what was recorded against it stays.

    Example: costopt frontier remove premium-model
    """
    from costopt.cli.gainsharing import state_of
    from costopt.cli.loading import encodable
    from costopt.ledger.frontier import listed_models, remove_frontier
    from costopt.report.emit import Output, emit
    from costopt.report.views.frontier import records_frontier, view_frontier

    models = remove_frontier(state_of(state), encodable(name))
    emit(listed_models(models.values()), view_frontier, records_frontier, Output(output, to))


@frontier.command(name="import")
def import_models(
    file: FrontierFile, *, state: StateFolder = None, output: Form = "table", to: To = None
) -> None:
    """Add the frontier models of a file.

    Those of the same names are replaced.

    Example: costopt frontier import frontier_models.json
    """
    from costopt.cli.gainsharing import state_of
    from costopt.ledger.frontier import listed_models, read_frontier, set_frontier
    from costopt.report.emit import Output, emit
    from costopt.report.views.frontier import records_frontier, view_frontier

    models = set_frontier(state_of(state), read_frontier(file).values())
    emit(listed_models(models.values()), view_frontier, records_frontier, Output(output, to))
