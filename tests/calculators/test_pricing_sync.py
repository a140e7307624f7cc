import datetime as dt
from dataclasses import replace

from syncing import BATCH, STANDARD, TODAY, catalog, entry, price_list, sync

from costopt.calculators.pricing_sync import PricingSync, SyncedModel, tell_sync
from costopt.pricing.entries import Catalog, Layer
from costopt.pricing.sources.price_list import PriceList

HERE = catalog(
    entry("acme/filled", STANDARD),
    entry("acme/changed", STANDARD, more='match = { exact = ["c"] }\nsource = "second 1.0"'),
    entry("acme/disputed", STANDARD, more='match = { exact = ["d"] }'),
    entry("acme/same", STANDARD),
)

THERE = price_list(
    entry("acme/new", STANDARD, more='match = { exact = ["n"] }'),
    entry("acme/filled", f"{STANDARD}, {BATCH}"),
    entry("acme/changed", "input = 4, output = 30", more='match = { exact = ["c", "ch"], prefix = ["c-"] }'),
    entry("acme/d", "input = 3, output = 30"),
    entry("acme/same", STANDARD),
)


def tell(here: Catalog, there: Layer, *, written: bool = True, **left_out: int) -> PricingSync:
    theirs = PriceList(there, left_out)
    return tell_sync(
        sync(here, there), here, theirs, file="own.toml", written=written, effective=dt.date(2026, 11, 22)
    )


def rates(model: SyncedModel) -> list[tuple[str, str, str, str]]:
    return [(rate.mode, rate.rate, str(rate.before), str(rate.after)) for rate in model.rates]


def test_every_step_is_told_by_its_kind() -> None:
    told = tell(HERE, THERE)

    kinds = (told.added, told.filled, told.changed, told.conflicts)
    assert [[model.model for model in models] for models in kinds] == [
        ["new"],
        ["filled"],
        ["changed"],
        ["disputed"],
    ]
    assert told.same == 1


def test_a_step_says_what_changes_and_why() -> None:
    told = tell(HERE, THERE)

    assert [
        (model.reason, model.source, rates(model))
        for (model,) in (told.added, told.filled, told.changed, told.conflicts)
    ] == [
        (
            "not in the catalog",
            "second 2.0",
            [("standard", "input", "None", "5"), ("standard", "output", "None", "30")],
        ),
        (
            "from second 2.0",
            "first 1.0",
            [("batch", "input", "None", "2.5"), ("batch", "output", "None", "15")],
        ),
        ("from second 2.0", "second 1.0", [("standard", "input", "5", "4")]),
        ("another standard price there", "first 1.0", [("standard", "input", "5", "3")]),
    ]
    assert told.changed[0].rates[0].starts == TODAY


def test_only_names_that_a_known_model_did_not_have_are_new() -> None:
    told = tell(HERE, THERE)

    assert told.changed[0].names_added == ("c-*", "ch")
    assert {model.names_added for model in (*told.added, *told.filled, *told.conflicts)} == {()}


def test_a_conflict_says_what_the_list_calls_its_model() -> None:
    told = tell(HERE, THERE)

    assert told.conflicts[0].listed_as == ("d",)
    assert {model.listed_as for model in (*told.added, *told.filled, *told.changed)} == {()}


def test_the_list_is_named_by_its_source_else_by_its_file() -> None:
    dated = replace(THERE, date=dt.date(2026, 11, 1))

    assert (tell(HERE, dated).list_source, tell(HERE, dated).list_date) == (
        "second 2.0",
        dt.date(2026, 11, 1),
    )
    unnamed = replace(THERE, source="", path="list.json")
    assert (tell(HERE, unnamed).list_source, tell(HERE, unnamed).list_date) == ("list.json", None)


def test_the_catalog_is_the_one_before() -> None:
    told = tell(HERE, THERE)

    assert (told.catalog.path, told.catalog.source, len(told.catalog.layers)) == ("own.toml", "first 1.0", 1)


def test_what_is_left_out_is_in_order() -> None:
    told = tell(HERE, THERE, smell=2, hearing=1)

    assert list(told.left_out.items()) == [("hearing", 1), ("smell", 2)]


def test_whether_it_was_written_is_said_by_who_writes() -> None:
    assert [tell(HERE, THERE, written=written).written for written in (True, False)] == [True, False]
