from decimal import Decimal

from savings import entries

from costopt.calculators.gainshare.whatif import whatif

REPRICED = """
day,tenant,baseline,baseline_cost,actual_cost,unpriced
2026-09-01,acme,A,100,60,0
2026-10-01,acme,A,40,60,0
2026-11-01,acme,A,90,60,0
2026-09-01,acme,B,200,60,0
2026-10-01,acme,B,80,60,2
2026-11-01,acme,B,180,60,0
"""
TWENTY, THIRTY = Decimal(20), Decimal(30)


def test_each_baseline_and_percentage_says_what_each_side_gets() -> None:
    found = whatif(entries(REPRICED), ["B", "A"], [TWENTY, THIRTY])

    assert [
        (
            each.baseline,
            str(each.savings_usd),
            each.losing_months,
            each.unpriced,
            [
                (str(side.provider_usd), str(side.customer_usd), str(side.customer_pays_usd))
                for side in each.sides
            ],
        )
        for each in found.baselines
    ] == [
        ("B", "280", 0, 2, [("56", "224", "236"), ("84", "196", "264")]),
        ("A", "50", 1, 0, [("14", "36", "194"), ("21", "29", "201")]),
    ]


def test_losses_may_be_carried_forward() -> None:
    found = whatif(entries(REPRICED).lazy(), ["A"], [TWENTY], "carry_forward")

    assert found.losing_month == "carry_forward"
    assert (
        str(found.baselines[0].sides[0].provider_usd) == "10"
    )  # of 40 in September, and of 30 - 20 in November


def test_each_tenant_is_settled_by_itself() -> None:
    log = "day,tenant,baseline,baseline_cost,actual_cost\n2026-09-01,a,A,0,10\n2026-10-01,b,A,10,0\n"

    assert (
        str(whatif(entries(log), ["A"], [TWENTY], "carry_forward").baselines[0].sides[0].provider_usd) == "2"
    )


def test_a_baseline_without_entries_has_saved_nothing() -> None:
    (found,) = whatif(entries(REPRICED), ["C"], [TWENTY]).baselines

    assert (found.entries, str(found.savings_usd), str(found.sides[0].provider_usd)) == (0, "0", "0")
