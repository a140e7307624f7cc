"""The bill of logs whose formats say more than where columns are: repeats, other records, sums, failed requests."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costopt.calculators.spend import spend_rollup
from costopt.errors import FormatError
from costopt.intake.formats.format import Wishes
from costopt.intake.where import parse_where
from costopt.models.money import usd
from costopt.pipeline import Loaded, Logs, load
from costopt.pricing.catalog import Catalog, load_catalog

TOML = """
schema = 1
currency = "USD"
source = "made for a test"
date = 2026-10-01

[[provider]]
id = "acme"
infer = { prefix = ["acme-"] }

[[model]]
provider = "acme"
id = "acme-large"
[[model.price]]
input = 1
output = 10
request_per_1k = 500
"""

FORMAT = """
repeats = "fuller"
sums = "single requests, and so their latency"
keep = { kind = ["call"] }

[columns]
request_id = "id"
timestamp = "at"
model = "model"
input_tokens = "in"
output_tokens = "out"
status = "status"
tag = "tag"
requests = "n"
"""

Bill = Callable[..., Loaded]
MILLION = 1_000_000


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """`acme-large` at 1 / 10 USD a million, and half a dollar a request."""
    file = tmp_path / "prices.toml"
    file.write_text(TOML, encoding="utf-8")
    return load_catalog(file)


@pytest.fixture
def bill(tmp_path: Path, catalog: Catalog) -> Bill:
    """Reads logs of the format above into a bill by tag; options are those of `Logs`."""
    (tmp_path / "format.toml").write_text(FORMAT, encoding="utf-8")

    def loaded(*logs: str, **options: Any) -> Loaded:  # noqa: ANN401 - passed on
        for number, log in enumerate(logs):
            (tmp_path / f"log{number}.jsonl").write_text(log, encoding="utf-8")
        paths = tuple(f"log{number}.jsonl" for number in range(len(logs)))
        wishes = Wishes(format="format.toml")
        return load(Logs(paths, **{"wishes": wishes, **options}), catalog, [spend_rollup(("tag",))])

    return loaded


def line(request: str | None, out: int | None, at: str = "2026-10-01T08:00:00Z", **more: Any) -> str:  # noqa: ANN401
    told = {"kind": "call", "id": request, "at": at, "model": "acme-large", "in": MILLION, "out": out, **more}
    return json.dumps(told) + "\n"


def total(loaded: Loaded) -> Decimal:
    return usd(int(loaded.rollups["spend"]["cost"].sum()))


def counts(loaded: Loaded) -> tuple[int, int, Decimal | None]:
    """Requests, duplicates, and the dollars of these."""
    intake = loaded.provenance.intake
    return intake.requests, intake.duplicates, intake.duplicates_usd


STREAMED = (
    line("a", 100_000) + line("a", 200_000, "2026-10-01T08:00:01Z") + line("b", 300_000) + line(None, 0) * 2
)
"""Two requests, one of them told twice, and two without an id: 3.5 + 4.5 + 1.5 + 1.5 dollars, and 2.5 too many."""


# Repeats


@pytest.mark.parametrize("size", [1, 200, 1 << 24])
def test_a_request_told_several_times_is_billed_once_and_what_the_others_would_cost_is_told(
    bill: Bill, size: int
) -> None:
    loaded = bill(STREAMED, partition_bytes=size)

    assert total(loaded) == Decimal(11)
    assert counts(loaded) == (4, 1, Decimal("2.5"))


@pytest.mark.parametrize("held", [0, 1, 500_000])
def test_a_log_and_its_copy_cost_as_much_as_the_log_but_for_what_has_no_id(
    bill: Bill, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr("costopt.intake.repeats._IN_MEMORY", held)
    named = STREAMED.replace("null", '"c"')

    loaded = bill(named, named)

    assert total(loaded) == total(bill(named)) == Decimal("9.5")
    assert counts(loaded) == (3, 7, Decimal("17.5"))
    assert [(file.requests, file.duplicates) for file in loaded.provenance.intake.by_file] == [(3, 2), (0, 5)]


def test_every_line_is_kept_where_that_is_asked_for(bill: Bill) -> None:
    loaded = bill(STREAMED, STREAMED, dedupe=False)

    assert total(loaded) == 27
    assert counts(loaded) == (10, 0, Decimal(0))


def test_a_repeated_line_for_many_requests_is_as_many_duplicates(bill: Bill) -> None:
    loaded = bill(line("a", 0, n=3) + line("a", 0, n=5))

    assert counts(loaded) == (5, 3, Decimal("2.5"))


def test_what_duplicates_would_cost_is_unknown_where_none_of_them_has_a_price(bill: Bill) -> None:
    unpriced = line("a", 0, model="unheard-of")

    assert counts(bill(unpriced * 2)) == (1, 1, None)
    assert counts(bill(unpriced * 2 + line("b", 0) * 2)) == (2, 2, Decimal("1.5"))
    assert counts(bill(unpriced)) == (1, 0, Decimal(0))


EDGE = "2026-10-02T00:00:00+00:00"
OVER_MIDNIGHT = (
    line("a", 100_000, "2026-10-01T23:59:59Z")
    + line("a", 200_000, "2026-10-02T00:00:01Z")
    + line("b", 0, "2026-10-02T00:00:02Z")
    + line(None, 0, "2026-10-01T12:00:00Z")
)


def test_a_request_is_of_the_period_in_which_it_is_told_first(bill: Bill) -> None:
    edge = dt.datetime.fromisoformat(EDGE)

    before, after = bill(OVER_MIDNIGHT, until=edge), bill(OVER_MIDNIGHT, since=edge)

    assert (total(before), counts(before)) == (Decimal("3.5") + Decimal("1.5"), (2, 1, Decimal("2.5")))
    assert (total(after), counts(after)) == (Decimal("1.5"), (1, 0, Decimal(0)))
    assert before.provenance.period.end == dt.datetime(2026, 10, 1, 23, 59, 59, tzinfo=dt.UTC)
    assert after.provenance.period.start == dt.datetime(2026, 10, 2, 0, 0, 2, tzinfo=dt.UTC)


def test_a_filter_judges_a_request_by_its_fullest_line(bill: Bill) -> None:
    log = line("a", 100_000, tag="draft") + line("a", 200_000, tag="final") + line("b", 0, tag="draft")

    draft, final = (bill(log, where=parse_where(f"tag == '{tag}'", "UTC")) for tag in ("draft", "final"))

    assert (total(draft), total(final)) == (Decimal("1.5"), Decimal("3.5"))
    assert total(draft) + total(final) == total(bill(log))


REQUESTS = st.lists(
    st.tuples(
        st.none() | st.sampled_from("abc"), st.integers(0, 3), st.integers(0, 5), st.sampled_from("xy")
    ),
    max_size=12,
)


@given(REQUESTS, st.lists(st.integers(0, 12), max_size=3), st.integers(0, 6), st.integers(1, 300))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_periods_and_files_add_up_to_the_whole(
    bill: Bill, requests: list[tuple[str | None, int, int, str]], cuts: list[int], hour: int, size: int
) -> None:
    lines = [line(name, out, f"2026-10-01T0{at}:00:00Z", tag=tag) for name, out, at, tag in requests]
    places = [0, *sorted(cuts), len(lines)]
    files = ["".join(lines[start:end]) for start, end in pairwise(places)]
    edge = dt.datetime(2026, 10, 1, hour, tzinfo=dt.UTC)

    whole = bill("".join(lines))
    parts = [bill(*files, partition_bytes=size, **limit) for limit in ({"until": edge}, {"since": edge})]

    assert sum(map(total, parts)) == total(whole)
    assert sum(part.provenance.intake.requests for part in parts) == whole.provenance.intake.requests
    assert sum(part.provenance.intake.duplicates for part in parts) == whole.provenance.intake.duplicates


# Other records, and sums


def test_records_that_are_no_requests_are_counted_for_each_log_and_are_no_rejects(bill: Bill) -> None:
    other = json.dumps({"kind": "message", "at": None}) + "\n"

    intake = bill(STREAMED + other * 3, other + STREAMED + "oops\n", other).provenance.intake

    assert (intake.others, intake.rejected) == (5, 1)
    assert [(file.others, file.rejected) for file in intake.by_file] == [(3, 0), (1, 1), (1, 0)]


def test_what_a_log_of_sums_lacks_is_told_with_the_log(bill: Bill) -> None:
    (file,) = bill(STREAMED).provenance.intake.by_file

    assert (file.format, file.sums) == ("format", "single requests, and so their latency")


def test_a_log_of_another_format_is_never_a_bill_of_nothing(bill: Bill) -> None:
    with pytest.raises(
        FormatError, match=r"not understood as `format`: no column for `timestamp`, `input_tokens`"
    ) as caught:
        bill('{"ts":"2026-10-01","model":"acme-large","input_tokens":1,"output_tokens":1}')

    assert caught.value.hint == (
        "`format` reads timestamp from `at`; without `--format` it is found out what the log is"
    )


# Failed requests


@pytest.mark.parametrize("model", ["acme-large", "unheard-of", None, ""])
@pytest.mark.parametrize("tokens", [0, None])
def test_a_request_that_failed_and_used_nothing_costs_nothing_whatever_its_model(
    bill: Bill, model: str | None, tokens: int | None
) -> None:
    asked: dict[str, Any] = {"in": tokens, "model": model, "status": "error"}
    failed = line("f", tokens, **asked)

    loaded = bill(line("a", 0) + failed)

    assert total(loaded) == Decimal("1.5")
    assert counts(loaded)[0] == 2
    assert loaded.provenance.intake.unpriced == 0


def test_a_failed_request_that_used_something_is_billed_as_any_other(bill: Bill) -> None:
    loaded = bill(line("f", 0, status="error") + line("g", 0, model="unheard-of", status="error"))

    assert total(loaded) == Decimal("1.5")
    assert loaded.provenance.intake.unpriced == 1


@pytest.mark.parametrize("more", [{"status": "ok"}, {}, {"status": "error", "in": 5}])
def test_another_request_may_not_lack_its_model(bill: Bill, more: dict[str, Any]) -> None:
    intake = bill(line("a", 0) + line("b", 0, **{"model": None, **more})).provenance.intake

    assert (intake.requests, [example.reason for example in intake.examples]) == (1, ["no model"])
