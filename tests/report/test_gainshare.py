import datetime as dt
import io
import re
from collections.abc import Sequence
from decimal import Decimal

import pytest
from inline_snapshot import external_file, snapshot
from savings import entries

from costopt.calculators.gainshare.summary import Selection, report, summarize
from costopt.calculators.gainshare.whatif import whatif
from costopt.report.document import Document
from costopt.report.emit import Records
from costopt.report.markdown import draw_markdown
from costopt.report.records import write_csv
from costopt.report.terminal import draw_terminal
from costopt.report.views.gainshare import (
    blocks,
    records_gainshare_report,
    records_gainshare_summary,
    records_gainshare_whatif,
    view_gainshare_report,
    view_gainshare_summary,
    view_gainshare_whatif,
)

LOG = """
day,tenant,adapter,model,baseline,requests,unpriced,baseline_cost,actual_cost
2026-06-30,acme,a,small,openai/gpt-5.5,100,0,900,300
2026-08-31,acme,a,small,openai/gpt-5.5,120,3,1000,400
2026-09-01,acme,a,large,openai/gpt-5.5,20,0,100,110
2026-10-04,globex,b,small,openai/gpt-5.5,30,0,1000,125.5
2026-10-05,,,small,premium,4,0,10,1400
"""


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def screen(document: Document, width: int = 80) -> str:
    file = Screen()
    draw_terminal(document, file, width=width)
    return re.sub(r"\x1b\[\d*m", "", file.getvalue())


def csv(records: Records) -> str:
    file = io.StringIO()
    write_csv(records.columns, records.rows, file)
    return file.getvalue()


def test_a_summary_on_a_screen() -> None:
    assert screen(view_gainshare_summary(summarize(entries(LOG)))) == external_file("screens/summary-80.txt")


def test_a_report_on_a_screen() -> None:
    selection = Selection(
        since=dt.datetime(2026, 7, 1, tzinfo=dt.UTC), until=dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    )
    found = report(entries(LOG), Decimal(30), selection, every="1w")

    assert screen(view_gainshare_report(found), 100) == external_file("screens/report-100.txt")


def test_a_report_in_markdown() -> None:
    file = io.StringIO()
    draw_markdown(view_gainshare_report(report(entries(LOG), Decimal(30))), file)

    assert file.getvalue() == external_file("screens/report-md.txt")


def test_a_what_if_on_a_screen() -> None:
    found = whatif(entries(LOG), ["openai/gpt-5.5", "premium", "none"], [Decimal(20), Decimal("33.3")])

    assert screen(view_gainshare_whatif(found), 100) == external_file("screens/whatif-100.txt")


def test_records_of_a_summary_are_one_a_group() -> None:
    assert csv(records_gainshare_summary(summarize(entries(LOG)))) == snapshot("""\
dimension,key,entries,requests,tokens,baseline_usd,actual_usd,savings_usd,savings_pct,unpriced
total,,5,274,5000,3010,2335.5,674.5,22.4086,3
tenant,acme,3,240,3000,2000,810,1190,59.5,3
tenant,globex,1,30,1000,1000,125.5,874.5,87.45,0
tenant,,1,4,1000,10,1400,-1390,-13900,0
model,small,4,254,4000,2910,2225.5,684.5,23.5223,3
model,large,1,20,1000,100,110,-10,-10,0
adapter,a,3,240,3000,2000,810,1190,59.5,3
adapter,b,1,30,1000,1000,125.5,874.5,87.45,0
adapter,,1,4,1000,10,1400,-1390,-13900,0
month,2026-06,1,100,1000,900,300,600,66.6667,0
month,2026-08,1,120,1000,1000,400,600,60,3
month,2026-09,1,20,1000,100,110,-10,-10,0
month,2026-10,2,34,2000,1010,1525.5,-515.5,-51.0396,0
baseline,openai/gpt-5.5,4,270,4000,3000,935.5,2064.5,68.8167,3
baseline,premium,1,4,1000,10,1400,-1390,-13900,0
""")
    weeks = csv(records_gainshare_summary(summarize(entries(LOG), by=(), every="1w")))
    assert [row.split(",")[:2] for row in weeks.splitlines()[1:4]] == [
        ["total", ""],
        ["week", "2026-06-29"],
        ["week", "2026-08-31"],
    ]
    days = csv(records_gainshare_summary(summarize(entries(LOG), by=(), every="1d")))
    assert {row.split(",")[0] for row in days.splitlines()[2:]} == {"day"}


def test_records_of_a_report_are_one_a_tenant() -> None:
    assert csv(records_gainshare_report(report(entries(LOG), Decimal(30)))) == snapshot("""\
tenant,savings_usd,gain_share_pct,provider_usd,customer_usd
acme,1190,30,357,833
globex,874.5,30,262.35,612.15
,-1390,30,0,-1390
""")


def test_records_of_a_what_if_are_one_a_baseline_and_percentage() -> None:
    found = whatif(entries(LOG), ["premium", "openai/gpt-5.5"], [Decimal(20), Decimal(30)], "carry_forward")

    assert csv(records_gainshare_whatif(found)) == snapshot("""\
baseline,baseline_usd,actual_usd,savings_usd,savings_pct,unpriced,other_kinds,losing_months,percentage,provider_usd,customer_usd,customer_pays_usd
premium,10,1400,-1390,-13900,0,0,1,20,0,-1390,1400
premium,10,1400,-1390,-13900,0,0,1,30,0,-1390,1400
openai/gpt-5.5,3000,935.5,2064.5,68.8167,3,0,1,20,414.9,1649.6,1350.4
openai/gpt-5.5,3000,935.5,2064.5,68.8167,3,0,1,30,622.35,1442.15,1557.85
""")
    assert "losses are carried forward;" in screen(view_gainshare_whatif(found), 200)


def test_an_empty_ledger_says_what_to_do() -> None:
    found = screen(view_gainshare_report(report(entries(), Decimal(30))))

    assert (
        " 0 entries · 0 requests · no period\n nothing is recorded: costopt gainshare record LOGS\n" in found
    )
    assert "Shares" not in found


def test_a_summary_of_what_has_no_tenant_says_so() -> None:
    found = screen(view_gainshare_summary(summarize(entries('tenant\n""\n'), Selection(tenant=""))))

    assert " only what has no tenant\n" in found


def test_where_only_other_entries_are_recorded_a_summary_does_not_say_that_nothing_is() -> None:
    found = screen(view_gainshare_summary(summarize(entries("baseline\na\n"), Selection(baseline="b"))))

    assert " only baseline b\n no entry is like this\n" in found
    assert "nothing is recorded" not in found


def test_a_loss_in_all_is_said() -> None:
    found = screen(view_gainshare_summary(summarize(entries("baseline_cost,actual_cost\n1,2\n"))))

    assert " Savings  -$1.00   -100.0 % of $1.00 (baseline) · actual $2.00\n" in found
    assert " the baseline would have been cheaper\n" in found


def test_what_was_selected_is_said() -> None:
    selection = Selection("globex", "openai/gpt-5.5")
    found = screen(view_gainshare_summary(summarize(entries(LOG), selection, every=None)))

    assert " only tenant globex · baseline openai/gpt-5.5\n" in found
    assert " 1 entry · 30 requests · 2026-10-04\n" in found
    assert "By month" in found
    assert "Trend" not in found
    assert "By baseline" not in found


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], ""),
        ([1, 2, 4, 8], "▂▃▅█"),
        ([8, -8, None, 0], "█▼_▁"),
        ([-1, None], "▼_"),
    ],
)
def test_a_loss_is_not_drawn_as_no_savings(values: Sequence[int | None], drawn: str) -> None:
    assert blocks([None if value is None else Decimal(value) for value in values]) == drawn


def test_a_long_trend_shows_its_latest_40_weeks() -> None:
    days = [dt.date(2026, 1, 5) + dt.timedelta(days=7 * number) for number in range(60)]
    log = "day,baseline_cost\n" + "".join(f"{day},1\n" for day in days)
    (drawn,) = re.findall(
        "█+", screen(view_gainshare_summary(summarize(entries(log), by=(), every="1w"))).splitlines()[4]
    )

    assert len(drawn) == 40


def test_no_name_steers_a_screen() -> None:
    log = 'tenant,model,adapter,baseline\n"a\x1b[31m\u202e","b\x1b[31m","c\x07","d\x1b]0;x\x07"\n'
    found = report(entries(log), Decimal(30), Selection(baseline="d\x1b]0;x\x07"))
    repriced = whatif(entries(log), ["d\x1b]0;x\x07"], [Decimal(1)])

    for document in (view_gainshare_report(found), view_gainshare_whatif(repriced)):
        file = io.StringIO()
        draw_terminal(document, file)
        assert re.search(r"[\x1b\x07\u202e]", file.getvalue()) is None
