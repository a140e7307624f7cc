import datetime as dt
import io
import re
from html.parser import HTMLParser

import polars as pl
import pytest
from inline_snapshot import external_file
from savings import OCTOBER, contract, entries

from costopt.calculators.gainshare.contracts import Baseline, Contract
from costopt.calculators.gainshare.evidence import LedgerEnd
from costopt.calculators.gainshare.invoice import Books, Invoice, invoice
from costopt.calculators.gainshare.issued import read_issued, written
from costopt.calculators.gainshare.months import Month
from costopt.report.emit import Form, Output, emit
from costopt.report.markdown import draw_markdown
from costopt.report.records import write_csv
from costopt.report.terminal import draw_terminal
from costopt.report.views.invoice import records_invoice, view_invoice
from costopt.report.webpage import draw_webpage

HOSTILE = "<script>alert(1)</script>|`*_[x](y)\x1b[31m\u202e\n# head"

USUAL = """
day,adapter,model,requests,unpriced,baseline_cost,actual_cost,inputs,rejected
2026-09-30,openai-adapter,gpt-5-mini,900,0,80,100.25,9999,0
2026-10-01,openai-adapter,gpt-5-mini,1200,0,1500,300.123456,1111,2
2026-10-02,openai-adapter,gpt-5-mini,1300,4,1700.5,350,2222,0
2026-10-02,anthropic-adapter,claude-haiku-4-5,40,0,10,12.5,2222,0
2026-10-04,anthropic-adapter,claude-haiku-4-5,600,0,800,900,3333,0
2026-10-05,openai-adapter,gpt-5-nano,10,0,0.5,0.004,4444,1
"""


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def usual() -> Invoice:
    terms = contract(
        tiers=[("0", "20"), ("1000", "25")],
        base_fee="500",
        cap="5000",
        losing_month="carry_forward",
        start=dt.date(2026, 9, 1),
    )
    return invoice(
        "acme", OCTOBER, [terms], entries(USUAL), Books(ledger=LedgerEnd(entries=12_345, hash="e" * 64))
    )


def screen(result: Invoice, width: int = 80) -> str:
    file = Screen()
    draw_terminal(view_invoice(result), file, width=width)
    return re.sub(r"\x1b\[\d*m", "", file.getvalue())


def markdown(result: Invoice) -> str:
    file = io.StringIO()
    draw_markdown(view_invoice(result), file)
    return file.getvalue()


def page(result: Invoice) -> str:
    file = io.StringIO()
    draw_webpage(view_invoice(result), file)
    return file.getvalue()


def csv(result: Invoice) -> str:
    file, records = io.StringIO(), records_invoice(result)
    write_csv(records.columns, records.rows, file)
    return file.getvalue()


def test_an_invoice_on_a_screen() -> None:
    assert screen(usual()) == external_file("screens/invoice-80.txt")


@pytest.mark.parametrize("form", ["json", "csv", "md", "html"])
def test_an_invoice_in_its_other_forms(form: Form, capsys: pytest.CaptureFixture[str]) -> None:
    emit(usual(), view_invoice, records_invoice, Output(form))

    assert capsys.readouterr().out == external_file(f"screens/invoice-{form}.txt")


def test_what_is_read_back_is_drawn_as_what_was_issued(capsys: pytest.CaptureFixture[str]) -> None:
    again = read_issued(written(usual()), "a")
    seen = []
    for each in (usual(), again):
        for form in ("table", "json", "csv", "md", "html"):
            emit(each, view_invoice, records_invoice, Output(form))
        seen.append(capsys.readouterr().out)

    assert seen[0] == seen[1]


def test_an_invoice_in_parts_names_the_days_of_each() -> None:
    old = contract(
        "25",
        end=dt.date(2026, 10, 1),
        minimum="9300",
        currency="EUR",
        exchange=({"starts": None, "usd": "1.25"},),
    )
    new = contract(
        "30",
        start=dt.date(2026, 10, 2),
        floor="5000",
        currency="EUR",
        exchange=({"starts": None, "usd": "1.25"},),
        baseline=(Baseline(model="premium", flat=True, capability="code"), Baseline(model="openai/gpt-5.5")),
    )
    found = invoice("acme", OCTOBER, [old, new], entries(USUAL))

    assert screen(found) == external_file("screens/invoice-parts-80.txt")


def test_what_is_in_no_amount_is_said_first() -> None:
    log = "day,baseline,baseline_cost,actual_cost,unpriced\n2026-10-01,openai/gpt-5.5,10,5,2\n2026-10-02,other,9,1,0\n"
    september = invoice("acme", Month(2026, 9), [contract()], entries("day,baseline_cost\n2026-09-01,7\n"))
    found = screen(
        invoice("acme", OCTOBER, [contract()], entries(log), Books({Month(2026, 9): september})), width=200
    )

    assert " 2 more requests without a cost or a baseline, in no amount\n" in found
    assert (
        " 1 entry of the month in no amount: on days without a contract, or compared with another baseline"
        " · savings $8.00\n"
    ) in found
    assert (
        f" 2026-09 was invoiced as {september.number} with savings of $7.00; the ledger now has $0.00:"
        " the difference is in no invoice\n"
    ) in found


def test_requests_without_a_baseline_are_said_first_and_are_not_among_the_entries_to_see() -> None:
    log = "baseline,baseline_cost,requests,unpriced\nopenai/gpt-5.5,10,9,0\n,0,0,1\n"
    found = screen(invoice("acme", OCTOBER, [contract()], entries(log)), width=200)

    assert " 1 more request for which the contract has no baseline, in no amount\n" in found
    assert " coverage    90 % of requests · 0 unpriced · 1 not compared · 0 lines rejected\n" in found
    assert " --month 2026-10 --baseline openai/gpt-5.5\n" in found


@pytest.mark.parametrize("baseline", ["", "other"])
def test_where_no_entry_is_in_an_amount_the_command_lists_none_of_the_others(baseline: str) -> None:
    terms = contract(baseline=(Baseline(model="openai/gpt-5.5"), Baseline(model="a/b", tag="x")))
    log = f"baseline,baseline_cost,requests,unpriced\n{baseline},0,0,1\n"
    found = screen(invoice("acme", OCTOBER, [terms], entries(log)), width=200)

    assert " no entry is in an amount\n" in found
    assert "the ledger has no entries" not in found
    assert " --month 2026-10 --baseline a/b,openai/gpt-5.5\n" in found


def commands(log: str, *terms: Contract) -> list[str]:
    """The limits of the commands that list an invoice's entries."""
    lines = screen(invoice("acme", OCTOBER, terms, entries(log)), width=300).splitlines()
    return [text.partition(" --month 2026-10 ")[2] for text in lines if text.startswith(" see ")]


def test_days_between_two_contracts_have_an_entry_that_is_not_among_those_to_see() -> None:
    first = contract(end=dt.date(2026, 10, 10))
    second = contract(start=dt.date(2026, 10, 20))
    log = "day,baseline_cost\n2026-10-09,1\n2026-10-15,2\n2026-10-20,3\n"

    assert commands(log, first, second) == [
        "--since 2026-10-01 --until 2026-10-11 --baseline openai/gpt-5.5",
        "--since 2026-10-20 --until 2026-11-01 --baseline openai/gpt-5.5",
    ]
    assert commands(log.replace("-15", "-20"), first, second) == [""]


def test_a_baseline_that_holds_for_some_days_is_to_be_seen_on_these_only() -> None:
    old = Baseline(model="old", end=dt.date(2026, 10, 5))
    again = Baseline(model="old", tag="a", start=dt.date(2026, 10, 6), end=dt.date(2026, 10, 10))
    late = Baseline(model="old", start=dt.date(2026, 11, 1))
    new = Baseline(model="new", start=dt.date(2026, 10, 11))
    log = "day,baseline,baseline_cost\n2026-10-09,old,1\n2026-10-15,old,2\n2026-10-20,new,3\n"

    assert commands(log, contract(baseline=(old, again, late, new))) == [
        "--since 2026-10-01 --until 2026-10-11 --baseline old",
        "--since 2026-10-11 --until 2026-11-01 --baseline new",
    ]


def test_an_invoice_of_a_month_without_a_baseline_has_no_entries_to_see() -> None:
    late = Baseline(model="late", start=dt.date(2026, 11, 1))

    assert commands("baseline,unpriced\n,1\n", contract(baseline=(late,))) == []


def test_the_command_that_lists_the_entries_is_whole_however_long_it_is() -> None:
    names = [f"{number}{'x' * 60}" for number in range(9)]
    terms = contract(baseline=tuple(Baseline(model=name) for name in names))
    log = "".join(f"{name},10\n" for name in ("other", *names))
    found = screen(invoice("acme", OCTOBER, [terms], entries(f"baseline,baseline_cost\n{log}")), width=900)

    assert f" --month 2026-10 --baseline {','.join(names)}\n" in found


def test_an_invoice_without_entries_says_so() -> None:
    found = screen(invoice("acme", OCTOBER, [contract(base_fee="1", start=dt.date(2026, 10, 31))], entries()))

    assert " the ledger has no entries for this period\n" in found
    assert " period      31 Oct 2026 (UTC), of 2026-10\n" in found
    assert "Savings by" not in found
    assert " baseline    –\n" in found


def test_a_cap_is_an_item_and_a_tier_without_savings_is_none() -> None:
    terms = contract(tiers=[("0", "20"), ("1000", "25")], cap="7")
    found = csv(invoice("acme", OCTOBER, [terms], entries("baseline_cost\n50\n")))

    assert [row.split(",")[6:8] + row.split(",")[11:] for row in found.splitlines()[2:]] == [
        ["share", "20 % of $50.00", "10", "USD"],
        ["cut to the cap", "", "-3", "USD"],
        ["rounding", "", "0", "USD"],
        ["amount due", "", "7.00", "USD"],
    ]


def test_losses_are_in_the_csv_form_below_0() -> None:
    log = "day,baseline_cost,actual_cost\n2026-09-01,0,100\n2026-10-01,30,0\n"
    found = csv(invoice("acme", OCTOBER, [contract(losing_month="carry_forward")], entries(log)))

    assert ",losses carried in,,,,-100,,\n" in found
    assert ",losses carried out,,,,-70,,\n" in found


def test_many_logs_are_named_by_the_first_few() -> None:
    log = "inputs\n" + "".join(f"log{number}\n" for number in range(6))
    found = screen(invoice("acme", OCTOBER, [contract()], entries(log)), width=200)

    assert " logs        log0 · log1 · log2 · 3 more, in the JSON form\n" in found


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(f"{tag} {attrs}")


def test_no_name_in_an_invoice_is_markup_or_steers_a_screen() -> None:
    def named(name: str) -> Invoice:
        terms = contract(tenant=name, baseline=(Baseline(model=name),))
        columns = {
            each: pl.lit(name)
            for each in ("tenant", "model", "adapter", "baseline", "catalog", "inputs", "id")
        }
        return invoice(name, OCTOBER, [terms], entries(USUAL).with_columns(**columns))

    found, plain = named(HOSTILE), named("name")

    tags, plain_tags = _Tags(), _Tags()
    tags.feed(page(found))
    plain_tags.feed(page(plain))
    assert tags.seen == plain_tags.seen

    lines = markdown(found).splitlines()
    assert len(lines) == len(markdown(plain).splitlines())
    assert [each for each in lines if re.search(r"(?<!\\)[<>`*]", each.replace("**", ""))] == []
    assert [len(re.findall(r"(?<!\\)\|", each)) for each in lines] == [
        each.count("|") for each in markdown(plain).splitlines()
    ]

    for drawn in (page(found), markdown(found), screen(found)):
        assert re.search(r"[\x1b\u202e\x00]", drawn) is None


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (1, 1, " · 1 line rejected\n"),
        (1, 2_000, " · 1 to 2,000 lines rejected\n"),
        (3, None, " · 3 lines rejected, or more\n"),
    ],
)
def test_how_many_lines_were_rejected_is_told_as_far_as_it_is_known(
    low: int, high: int | None, told: str
) -> None:
    evidence = usual().evidence.model_copy(update={"rejected_low": low, "rejected_high": high})

    assert told in screen(usual().model_copy(update={"evidence": evidence}), 200)
