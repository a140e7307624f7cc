"""`costopt inspect`: how a log is understood."""

from costopt.cli.options import ReadOptions, takes_logs


@takes_logs
def inspect(options: ReadOptions) -> None:
    """How each log is understood, column by column.

    Its format, what each column is read from, samples, and what is lost without those that are missing.

    Example: costopt inspect new-log.csv --map input_tokens=ContextTokens
    """
    from costopt.cli.loading import reading
    from costopt.report.emit import emit
    from costopt.report.views.inspect import records_inspect, view_inspect

    run = reading(options)
    emit(run.inspect(), view_inspect, records_inspect, run.output)
