"""`costopt convert`: logs to Parquet, which is read many times faster."""

from costopt.cli.options import ConvertOptions, takes_logs


@takes_logs
def convert(options: ConvertOptions) -> None:
    """Logs to Parquet, which is read many times faster.

    The same questions get the same answers. Duplicates and rejected lines are left out, and told in the files.

    Example: costopt convert logs/ --to converted
    """
    from functools import partial

    from costopt.cli.converting import converting
    from costopt.report.emit import Output, emit
    from costopt.report.views.convert import records_convert, view_convert

    result = converting(options).convert()
    emit(result, partial(view_convert, again=options.again), records_convert, Output(options.output))
