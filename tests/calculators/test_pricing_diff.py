import datetime as dt
from decimal import Decimal

from syncing import BATCH, PEAK, STANDARD, catalog, entry

from costopt.calculators.pricing_diff import ChangedRate, NamedModel, PricingDiff, diff_catalogs

TIER = "tier = [{ above = 200_000, input = 10 }]"


def told(rates: tuple[ChangedRate, ...]) -> list[str]:
    """Each rate in words: `from the start batch > 0 input 2.5 to None`."""
    return [
        f"{rate.starts or 'from the start'} {rate.mode} > {rate.above} {rate.rate} {rate.before} to {rate.after}"
        for rate in rates
    ]


def changed(before: str, after: str) -> list[str]:
    """What two prices of a model say differently."""
    diff = diff_catalogs(catalog(entry("acme/large", before)), catalog(entry("acme/large", after)))
    return [each for model in diff.changed for each in told(model.rates)]


def counts(diff: PricingDiff) -> tuple[int, int, int, int]:
    return len(diff.added), len(diff.removed), len(diff.changed), diff.same


def test_models_are_new_gone_changed_or_the_same() -> None:
    before = catalog(*(entry(f"acme/{name}", STANDARD) for name in ("gone", "same", "other")))
    after = catalog(
        entry("acme/other", "input = 4, output = 30"),
        *(entry(name, STANDARD) for name in ("globex/new", "acme/same", "acme/new")),
    )

    diff = diff_catalogs(before, after)

    assert diff.added == (
        NamedModel(provider="acme", model="new"),
        NamedModel(provider="globex", model="new"),
    )
    assert diff.removed == (NamedModel(provider="acme", model="gone"),)
    assert [(model.provider, model.model) for model in diff.changed] == [("acme", "other")]
    assert diff.same == 1


def test_a_catalog_is_the_same_as_itself() -> None:
    here = catalog(entry("acme/large", f"{STANDARD}, {BATCH}", more='match = { exact = ["l"] }'))

    assert counts(diff_catalogs(here, here)) == (0, 0, 0, 1)


def test_the_other_way_round_is_the_opposite() -> None:
    one = catalog(entry("acme/large", STANDARD), entry("acme/old", STANDARD))
    other = catalog(entry("acme/large", "input = 4, output = 30"))

    there, back = diff_catalogs(one, other), diff_catalogs(other, one)

    assert (there.added, there.removed) == (back.removed, back.added)
    assert [(rate.before, rate.after) for rate in there.changed[0].rates] == [
        (rate.after, rate.before) for rate in back.changed[0].rates
    ]


def test_a_rate_is_in_dollars_of_what_it_is_quoted_for() -> None:
    assert changed(
        "input = 0.05, output = 30, request_per_1k = 2", "input = 0.125, output = 30, request_per_1k = 2.5"
    ) == [
        "from the start standard > 0 input 0.05 to 0.125",
        "from the start standard > 0 request_per_1k 2 to 2.5",
    ]


def test_a_rate_that_is_not_listed_is_none() -> None:
    assert changed(f"{STANDARD}, {BATCH}", f"{STANDARD}, cached_input = 0") == [
        "from the start standard > 0 cached_input None to 0",
        "from the start batch > 0 input 2.5 to None",
        "from the start batch > 0 output 15 to None",
    ]


def test_a_prompt_size_has_rates_of_its_own() -> None:
    assert changed(STANDARD, f"{STANDARD}, {TIER}") == [
        "from the start standard > 200000 input None to 10",
        "from the start standard > 200000 output None to 30",
    ]


def test_a_rate_changes_on_each_day_on_which_one_of_the_two_has_another_price() -> None:
    before = catalog(entry("acme/large", STANDARD, "from = 2026-08-01, input = 4, output = 30"))
    after = catalog(entry("acme/large", STANDARD, "from = 2026-10-01, input = 3, output = 30"))

    assert told(diff_catalogs(before, after).changed[0].rates) == [
        "2026-08-01 standard > 0 input 4 to 5",
        "2026-10-01 standard > 0 input 4 to 3",
    ]


def test_hours_and_weekdays_are_said() -> None:
    before = catalog(entry("acme/large", STANDARD))
    after = catalog(entry("acme/large", STANDARD, f"{PEAK}, weekdays = [2, 1], input = 9"))

    (rate,) = diff_catalogs(before, after).changed[0].rates

    assert rate == ChangedRate(
        starts=None,
        ends=None,
        hours_utc=("01:00-02:00",),
        weekdays=(1, 2),
        mode="standard",
        above=0,
        rate="input",
        before=None,
        after=Decimal(9),
    )


def test_names_are_told_with_what_marks_them() -> None:
    names = (
        'match = { exact = ["l"], prefix = ["l-"], suffix = ["-l"], contains = ["lar"], regex = ["^la?$"] }'
    )

    diff = diff_catalogs(
        catalog(entry("acme/large", STANDARD, more='match = { exact = ["l", "xl"] }')),
        catalog(entry("acme/large", STANDARD, more=names)),
    )

    (model,) = diff.changed
    assert (model.rates, model.names_removed) == ((), ("xl",))
    assert model.names_added == ("*-l", "*lar*", "/^la?$/", "l-*")


def test_a_models_own_id_is_no_other_name() -> None:
    plain = catalog(entry("acme/Large", STANDARD))
    named = catalog(entry("acme/Large", STANDARD, more='match = { exact = ["large"] }'))

    assert counts(diff_catalogs(plain, named)) == counts(diff_catalogs(named, plain)) == (0, 0, 0, 1)


def test_contracts_and_sources_are_left_out() -> None:
    terms = '[[adjust]]\nmatch = { provider = "acme" }\nmultiply = 0.5'
    listed = entry("acme/large", f"{STANDARD}, verified = 2026-10-01", more='source = "another 3.0"')

    diff = diff_catalogs(catalog(entry("acme/large", STANDARD)), catalog(listed, terms, source="second 2.0"))

    assert counts(diff) == (0, 0, 0, 1)
    assert (diff.before.source, diff.after.source) == ("first 1.0", "second 2.0")
    assert dt.date(2026, 10, 1) in {row.verified for row in catalog(listed).models[0].prices}
