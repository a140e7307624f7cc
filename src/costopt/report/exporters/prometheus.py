"""The savings as Prometheus metrics, in a file for the node exporter's textfile collector."""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP
from importlib import import_module
from pathlib import Path
from typing import Any

from costopt.calculators.gainshare.sums import Sums
from costopt.errors import ConfigError
from costopt.report.emit import replacing


def write_prometheus(total: Sums, path: Path) -> None:
    """Writes the three metrics of gain-sharing; a reader finds the old file or the new one, never a half.

    `gain_share_savings_usd_total` is in millionths of a dollar. It is a counter, and falls all the same where the
    savings of new entries are negative, or a correction lowers those of old ones.

    Args:
        total: Of all entries.
        path: The file, of which the collector wants the name to end in `.prom`.

    Raises:
        ConfigError: if the package `prometheus-client` is not installed.
        OutputError: if the file cannot be written.
    """
    client, core = _package()
    registry = client.CollectorRegistry()
    registry.register(_Collector(core, total))
    text = client.generate_latest(registry).decode()
    with replacing(path) as file:
        file.write(text)


def _package() -> tuple[Any, Any]:
    """The official client, and its parts for metrics that are counted elsewhere."""
    try:
        return import_module("prometheus_client"), import_module("prometheus_client.core")
    except ImportError as error:
        raise ConfigError(
            "Prometheus metrics need a package that is not installed",
            hint="run `pip install 'llm-costopt[prometheus]'`",
        ) from error


class _Collector:
    """The metrics, as the client asks for them."""

    def __init__(self, core: Any, total: Sums) -> None:  # noqa: ANN401
        self._core = core
        self._total = total

    def collect(self) -> Iterator[Any]:
        total, core = self._total, self._core
        micro = (total.savings_usd * 10**6).to_integral_value(ROUND_HALF_UP)
        yield core.CounterMetricFamily(
            "gain_share_savings_usd",
            "Savings against the baseline, in millionths of a US dollar",
            value=micro,
        )
        yield core.GaugeMetricFamily(
            "gain_share_baseline_entries_total",
            "Entries that count, also those compared with nothing",
            value=total.entries,
        )
        yield core.GaugeMetricFamily(
            "gain_share_avg_savings_pct",
            "Savings in percent of the baseline cost, over all entries",
            value=total.savings_pct,
        )
