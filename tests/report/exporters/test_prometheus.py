import importlib
from decimal import Decimal
from pathlib import Path

import pytest

from costopt.calculators.gainshare.sums import Sums
from costopt.errors import ConfigError, OutputError
from costopt.report.exporters import prometheus
from costopt.report.exporters.prometheus import write_prometheus


def savings(baseline: str = "0.03", actual: str = "0.005") -> Sums:
    """What one entry saved."""
    difference = Decimal(baseline) - Decimal(actual)
    return Sums(
        entries=1,
        requests=1,
        unpriced=0,
        tokens=1000,
        baseline_usd=Decimal(baseline),
        actual_usd=Decimal(actual),
        savings_usd=difference,
        savings_pct=Decimal("83.3333"),
    )


def samples(path: Path) -> dict[str, float]:
    """The values in the file, as the official client reads them."""
    parser = importlib.import_module("prometheus_client.parser")
    families = parser.text_string_to_metric_families(path.read_text(encoding="utf-8"))
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_the_metrics_are_those_documented() -> None:
    write_prometheus(savings(), Path("costopt.prom"))

    assert Path("costopt.prom").read_text(encoding="utf-8") == (
        """\
# HELP gain_share_savings_usd_total Savings against the baseline, in millionths of a US dollar
# TYPE gain_share_savings_usd_total counter
gain_share_savings_usd_total 25000.0
# HELP gain_share_baseline_entries_total Entries that count, also those compared with nothing
# TYPE gain_share_baseline_entries_total gauge
gain_share_baseline_entries_total 1.0
# HELP gain_share_avg_savings_pct Savings in percent of the baseline cost, over all entries
# TYPE gain_share_avg_savings_pct gauge
gain_share_avg_savings_pct 83.3333
"""
    )


@pytest.mark.parametrize(
    ("baseline", "actual", "micro"),
    [("0.0000005", "0", 1), ("0.00000049", "0", 0), ("0.03", "0.05", -20_000), ("1e18", "0", 1e24)],
)
def test_savings_are_whole_millionths_of_a_dollar_and_may_be_negative(
    baseline: str, actual: str, micro: float
) -> None:
    write_prometheus(savings(baseline, actual), Path("costopt.prom"))

    assert samples(Path("costopt.prom"))["gain_share_savings_usd_total"] == micro


def test_the_file_is_replaced_as_a_whole() -> None:
    Path("costopt.prom").write_text("old", encoding="utf-8")

    write_prometheus(savings(), Path("costopt.prom"))

    assert len(samples(Path("costopt.prom"))) == 3
    assert [path.name for path in Path().iterdir()] == ["costopt.prom"]


def test_a_file_that_cannot_be_written_is_a_clear_error() -> None:
    with pytest.raises(OutputError, match=r"Cannot write `missing/costopt.prom`"):
        write_prometheus(savings(), Path("missing/costopt.prom"))


def test_without_the_package_the_hint_is_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(prometheus, "import_module", missing)

    with pytest.raises(ConfigError, match="need a package that is not installed") as raised:
        write_prometheus(savings(), Path("costopt.prom"))
    assert raised.value.hint == "run `pip install 'llm-costopt[prometheus]'`"
