"""`costopt export`: figures for other programs."""

from typing import Final

import typer

from costopt.cli.gainshare_options import MetricsFile, StateFolder

export: Final = typer.Typer(
    name="export", no_args_is_help=True, rich_markup_mode=None, help="Figures for other programs."
)


@export.command()
def prometheus(to: MetricsFile, *, state: StateFolder = None) -> None:
    """The savings that are recorded, as Prometheus metrics.

    Example: costopt export prometheus --to /var/lib/node_exporter/costopt.prom
    """
    from costopt.calculators.gainshare.sums import together
    from costopt.cli.gainsharing import state_of
    from costopt.ledger.reading import reading
    from costopt.models.entry import FIGURES
    from costopt.report.exporters.prometheus import write_prometheus

    with reading(state_of(state), FIGURES) as entries:
        total = together(entries)
    write_prometheus(total, to)
