import datetime as dt
from decimal import Decimal

import pytest

from costopt.models.intake import CatalogReport, FileReport, IntakeReport, LayerReport, StaleModel
from costopt.models.result import Period
from costopt.report.document import Again
from costopt.report.views.parts import (
    counted,
    intake_lines,
    model_name,
    prices,
    ranged,
    short,
    signed,
    span_of,
    stale_lines,
    unit_usd,
)


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-10-01T08:00", "2026-10-01T08:00", "1 Oct 2026 08:00 UTC"),
        ("2026-10-01T08:00", "2026-10-01T09:30", "1 Oct 2026 08:00 – 09:30 UTC"),
        ("2026-10-01T08:00", "2026-10-21T09:30", "1 – 21 Oct 2026"),
        ("2026-09-30T08:00", "2026-10-21T09:30", "30 Sep – 21 Oct 2026"),
        ("2025-12-31T08:00", "2026-01-02T09:30", "31 Dec 2025 – 2 Jan 2026"),
    ],
)
def test_a_period_is_said_as_shortly_as_it_can_be(start: str, end: str, expected: str) -> None:
    assert span_of(Period(start=moment(start), end=moment(end))) == expected


def test_no_request_has_no_period() -> None:
    assert span_of(Period(start=None, end=None)) == "no period"


def test_one_is_singular() -> None:
    assert [counted(number, "file") for number in (0, 1, 2000)] == ["0 files", "1 file", "2,000 files"]
    assert counted(2, "query", "queries") == "2 queries"


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("openai", "gpt-large", "openai/gpt-large"),
        ("openai", "openai/gpt-large", "openai/gpt-large"),
        (None, "gpt-large", "gpt-large"),
        ("openai", None, "openai/(none)"),
        (None, None, "(none)"),
    ],
)
def test_a_model_is_named_once(provider: str | None, model: str | None, expected: str) -> None:
    assert model_name(provider, model) == expected


def test_a_catalog_without_a_date_is_named_by_its_file() -> None:
    catalog = CatalogReport(path="prices.toml", source="mine", date=None, sha256="0", layers=())

    assert prices(catalog) == "prices of prices.toml"


def test_the_files_over_the_lowest_are_named_without_their_folders() -> None:
    layers = [
        LayerReport(path=path, source="", date=None, sha256="0")
        for path in ("/lib/pricing.toml", "/home/ann/prices.toml", "C:\\work\\contract.toml", "own.toml")
    ]
    catalog = CatalogReport(
        path="/lib/pricing.toml", source="", date="2026-11-10", sha256="0", layers=tuple(layers)
    )

    assert prices(catalog) == "prices of 2026-11-10 + prices.toml + contract.toml + own.toml"


@pytest.mark.parametrize(
    ("stale", "expected"),
    [
        ({}, ""),
        (
            {"large": "2026-01-02"},
            "1 price not verified for long before the last request: acme/large (2026-01-02)",
        ),
        (
            {"b": "2026-01-03", "c": "2026-01-02", "d": "2026-02-01", "a": "2026-01-03"},
            "4 prices not verified for long before the last request: acme/c (2026-01-02), acme/a (2026-01-03) and 2 more",
        ),
    ],
)
def test_old_prices_are_named_the_oldest_first(stale: dict[str, str], expected: str) -> None:
    models = tuple(
        StaleModel(provider="acme", model=name, verified=dt.date.fromisoformat(day))
        for name, day in stale.items()
    )
    catalog = CatalogReport(path="prices.toml", source="", date=None, sha256="0", layers=(), stale=models)

    told = "\n".join(span.text for line in stale_lines(catalog) for span in line)

    assert told == (f"{expected} · see: costopt pricing check" if expected else "")


def test_a_difference_has_its_sign() -> None:
    assert [signed(Decimal(text)) for text in ("0.34", "-0.34", "0")] == ["+0.3 %", "−0.3 %", "+0.0 %"]


def test_a_long_text_is_cut() -> None:
    assert short("x" * 40) == "x" * 40
    assert short("x" * 41) == "x" * 39 + "…"
    assert short("\x07abc", 6) == "\\x07a…"


def test_a_range_of_one_amount_is_that_amount() -> None:
    assert ranged(Decimal(540), Decimal(610)) == "$540.00 – 610.00"
    assert ranged(Decimal("0.001"), Decimal("0.001")) == "$0.001000"


def intake(
    *files: FileReport, duplicates_usd: Decimal | None = Decimal(0), duplicates: int = 0
) -> IntakeReport:
    """What was read of some files."""
    return IntakeReport(
        files=len(files),
        bytes=0,
        requests=sum(file.requests for file in files),
        where=None,
        filtered_out=0,
        rejected=0,
        duplicates=duplicates,
        duplicates_usd=duplicates_usd,
        others=0,
        unpriced=0,
        by_file=files,
    )


def file(sums: str) -> FileReport:
    return FileReport(path="log", format="f", requests=1, filtered_out=0, rejected=0, duplicates=0, sums=sums)


def lines(report: IntakeReport) -> list[str]:
    told = intake_lines(report, Period(start=None, end=None), Again("LOGS", "LOGS"))
    return ["".join(span.text for span in line) for line in told]


def test_what_sums_lack_is_told_once_with_the_number_of_files() -> None:
    found = lines(intake(file("users"), file(""), file("single requests"), file("users")))

    assert found[-2:] == [
        "2 files hold sums over many requests: users",
        "1 file holds sums over many requests: single requests",
    ]


def test_what_duplicates_would_have_cost_may_be_unknown() -> None:
    assert "1 duplicate removed (?)" in lines(intake(file(""), duplicates=1, duplicates_usd=None))[1]
    assert (
        "2 duplicates removed ($0.50)"
        in lines(intake(file(""), duplicates=2, duplicates_usd=Decimal("0.5")))[1]
    )


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0", "$0.00"),
        ("12.5", "$12.50"),
        ("0.0735444", "$0.07354"),
        ("0.00735450", "$0.007355"),
        ("0.000000000012", "$0.00000000001200"),
        ("-0.5", "-$0.50"),
    ],
)
def test_what_one_request_costs_has_four_digits(amount: str, expected: str) -> None:
    assert unit_usd(Decimal(amount)) == expected
