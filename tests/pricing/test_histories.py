import pytest
from syncing import (
    BATCH,
    PEAK,
    STANDARD,
    catalog,
    changed,
    entry,
    history,
    layer,
    only,
    outcome,
    price_list,
    sync,
)

from costopt.pricing.sync import Plan

# Modes that are missing


def test_a_missing_mode_is_filled_in_with_where_it_is_from() -> None:
    here = catalog(entry("acme/large", f"{STANDARD}, mode = {{ flex = {{ input = 3, output = 18 }} }}"))
    there = price_list(
        entry("acme/large", f"{STANDARD}, {BATCH}, mode = {{ flex = {{ input = 3, output = 18 }} }}")
    )

    step = only(sync(here, there))

    assert (step.kind, step.reason, step.source) == ("filled", "from second 2.0", "first 1.0")
    assert history(step.model) == ["from the start: standard 5/30, batch 2.5/15, flex 3/18"]
    assert step.model.prices[0].sources == {"batch": "second 2.0"}
    assert step.model.source == "first 1.0"
    assert changed(step) == ["from the start batch input - to 2.5", "from the start batch output - to 15"]


def test_a_mode_is_filled_in_only_while_both_have_the_same_standard_price() -> None:
    here = catalog(
        entry(
            "acme/large",
            "input = 6, output = 30",
            f"from = 2026-03-01, {STANDARD}",
            "from = 2026-08-01, input = 4, output = 20",
        )
    )
    there = price_list(entry("acme/large", f"{STANDARD}, {BATCH}"))

    todo = sync(here, there)

    assert [step.kind for step in todo.steps] == ["conflict", "filled"]
    assert history(todo.steps[1].model) == [
        "from the start: standard 6/30",
        "2026-03-01: standard 5/30, batch 2.5/15",
        "2026-08-01: standard 4/20",
    ]


def test_a_mode_that_the_list_changes_later_divides_the_price_it_is_filled_into() -> None:
    here = catalog(entry("acme/large", STANDARD))
    there = price_list(
        entry(
            "acme/large",
            f"{STANDARD}, {BATCH}",
            f"from = 2026-03-01, {STANDARD}, {BATCH}",
            f"from = 2026-06-01, {STANDARD}, batch_input = 2, batch_output = 12",
            "from = 2026-08-01, input = 4, output = 20, batch_input = 1, batch_output = 6",
        )
    )

    todo = sync(here, there)

    assert [(step.kind, step.reason) for step in todo.steps] == [
        ("conflict", "another standard price there"),
        ("filled", "from second 2.0"),
    ]
    assert history(todo.steps[1].model) == [
        "from the start: standard 5/30, batch 2.5/15",
        "2026-06-01: standard 5/30, batch 2/12",
        "2026-08-01: standard 5/30",
    ]
    assert changed(todo.steps[0]) == [
        "2026-08-01 standard input 5 to 4",
        "2026-08-01 standard output 30 to 20",
    ]


def test_a_mode_of_a_list_that_begins_later_holds_for_all_of_the_same_standard_price() -> None:
    here = catalog(entry("acme/large", "input = 6, output = 30", f"from = 2026-03-01, {STANDARD}"))
    there = price_list(entry("acme/large", f"from = 2026-05-01, {STANDARD}, {BATCH}"))

    assert history(only(sync(here, there)).model) == [
        "from the start: standard 6/30",
        "2026-03-01: standard 5/30, batch 2.5/15",
    ]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("input = 5, cached_input = 0.5, output = 30", f"{STANDARD}, {BATCH}"),
        (
            f"{STANDARD}, tier = [{{ above = 200, input = 9 }}]",
            f"{STANDARD}, {BATCH}, tier = [{{ above = 200, input = 9 }}]",
        ),
    ],
    ids=["a rate", "a tier"],
)
def test_a_mode_that_lacks_what_the_standard_one_has_is_not_filled_in(ours: str, theirs: str) -> None:
    todo = sync(catalog(entry("acme/large", ours)), price_list(entry("acme/large", theirs)))

    assert (todo.steps, todo.same) == ((), 1)


def test_output_that_is_free_in_one_and_not_listed_in_the_other_is_no_difference() -> None:
    here = catalog(entry("acme/embed", "input = 5"))

    assert history(
        only(sync(here, price_list(entry("acme/embed", "input = 5, output = 0, batch_input = 2.5")))).model
    ) == ["from the start: standard 5/-, batch 2.5/-"]


def test_rates_that_only_one_of_them_lists_are_no_difference() -> None:
    here = catalog(entry("acme/large", f"{STANDARD}, web_search_per_1k = 10"))

    assert sync(here, price_list(entry("acme/large", f"{STANDARD}, cached_input = 1"))).steps == ()


def test_a_model_without_any_price_gets_the_lists() -> None:
    here = catalog(entry("acme/large", "", "from = 2026-01-01"))

    step = only(sync(here, price_list(entry("acme/large", STANDARD))))

    assert (step.kind, history(step.model), step.model.source) == (
        "filled",
        ["from the start: standard 5/30"],
        "second 2.0",
    )


def test_prices_of_certain_hours_are_not_filled() -> None:
    here = catalog(entry("acme/large", STANDARD, 'hours_utc = ["01:00-02:00"], input = 9, output = 50'))

    assert history(only(sync(here, price_list(entry("acme/large", f"{STANDARD}, {BATCH}")))).model) == [
        "from the start: standard 5/30, batch 2.5/15",
        "from the start in some hours: standard 9/50",
    ]


def test_of_two_names_of_a_model_its_id_comes_first() -> None:
    here = catalog(entry("acme/large", STANDARD, more='match = { exact = ["a-large"], prefix = ["large-"] }'))
    other = f"{STANDARD}, batch_input = 2, batch_output = 12"
    models = (
        entry("acme/a-large", other),
        entry("acme/large", f"{STANDARD}, {BATCH}"),
        entry("acme/large-latest", other),
    )

    todo = sync(here, price_list(*models))

    assert todo == sync(here, price_list(*reversed(models)))
    assert outcome(todo) == [
        ("conflict", "acme/large", "a mode has other rates there"),
        ("filled", "acme/large", "from second 2.0"),
    ]
    assert todo.steps[0].listed_as == ("a-large", "large-latest")
    assert history(todo.steps[1].model) == ["from the start: standard 5/30, batch 2.5/15"]


def test_a_mode_of_another_name_is_filled_into_a_price_that_has_changed_since() -> None:
    here = catalog(entry("acme/large", STANDARD, more='match = { exact = ["a-large"] }'), source="second 1.0")
    flex = "mode = { flex = { input = 3, output = 18 } }"
    there = price_list(
        entry("acme/a-large", f"{STANDARD}, {flex}"), entry("acme/large", "input = 4, output = 20")
    )

    todo = sync(here, there)

    assert [(step.kind, step.listed_as) for step in todo.steps] == [
        ("changed", ()),
        ("conflict", ("a-large",)),
    ]
    assert history(todo.steps[0].model) == [
        "from the start: standard 5/30, flex 3/18",
        "2026-11-22: standard 4/20",
    ]


# Newer prices from the same source


def newer(*prices: str, base: tuple[str, ...] = (f"{STANDARD}, {BATCH}",), **wishes: object) -> Plan:
    here = catalog(entry("acme/large", *base), source="second 1.0 (MIT)")
    return sync(here, price_list(entry("acme/large", *prices)), **wishes)


def test_another_price_without_a_date_holds_from_the_effective_day() -> None:
    step = only(newer("input = 4, output = 20, batch_input = 2, batch_output = 10"))

    assert (step.kind, step.reason) == ("changed", "from second 2.0")
    assert history(step.model) == [
        "from the start: standard 5/30, batch 2.5/15",
        "2026-11-22: standard 4/20, batch 2/10",
    ]
    assert step.model.prices[1].sources == {"standard": "second 2.0", "batch": "second 2.0"}
    assert changed(step)[0] == "2026-11-22 standard input 5 to 4"


def test_a_mode_that_the_list_has_no_more_stays_while_the_standard_price_does() -> None:
    assert newer(STANDARD).steps == ()
    assert history(only(newer(f"{STANDARD}, cached_input = 0.5")).model) == [
        "from the start: standard 5/30, batch 2.5/15",
        "2026-11-22: standard 5/30",
    ]
    assert history(only(newer("input = 4, output = 20")).model)[1] == "2026-11-22: standard 4/20"
    assert history(only(newer(f"{STANDARD}, mode = {{ flex = {{ input = 3, output = 18 }} }}")).model) == [
        "from the start: standard 5/30, batch 2.5/15, flex 3/18"
    ]


def test_another_mode_price_leaves_the_past_alone_and_keeps_the_other_modes() -> None:
    flex = "mode = { flex = { input = 3, output = 18 } }"
    step = only(
        newer(f"{STANDARD}, batch_input = 2, batch_output = 12", base=(f"{STANDARD}, {BATCH}, {flex}",))
    )

    assert history(step.model) == [
        "from the start: standard 5/30, batch 2.5/15, flex 3/18",
        "2026-11-22: standard 5/30, batch 2/12, flex 3/18",
    ]
    assert step.model.prices[1].sources["flex"] == "second 1.0 (MIT)"


@pytest.mark.parametrize("rate", ["cached_input = 0.5", "web_search_per_1k = 10"])
def test_a_rate_that_is_new_or_gone_is_so_from_the_effective_day(rate: str) -> None:
    more = f"{STANDARD}, {rate}"

    for before, later in ((STANDARD, more), (more, STANDARD)):
        model = only(newer(later, base=(before,))).model
        assert model.prices[0] == layer(entry("acme/large", before)).models[0].prices[0]
        assert model.prices[1].modes == layer(entry("acme/large", later)).models[0].prices[0].modes


def test_free_output_that_is_not_listed_any_more_is_no_change() -> None:
    assert newer("input = 5", base=("input = 5, output = 0",)).steps == ()


def test_what_repeats_a_list_is_the_same_source() -> None:
    here = catalog(entry("acme/large", STANDARD), source="litellm 1.0")

    step = only(
        sync(
            here, price_list(entry("acme/large", "input = 4, output = 20"), source="tokencostauto 0.1 (MIT)")
        )
    )

    assert step.kind == "changed"


def test_a_price_that_is_later_than_the_effective_day_is_not_overtaken() -> None:
    later = (STANDARD, "from = 2026-11-22, input = 6, output = 30")

    todo = newer("input = 4, output = 20", base=later)

    assert outcome(todo) == [("conflict", "acme/large", "another standard price there")]
    assert changed(only(todo))[0] == "2026-11-22 standard input 6 to 4"


def test_a_price_that_the_catalog_has_later_only_is_a_conflict() -> None:
    todo = newer(STANDARD, base=(f"from = 2026-12-01, {STANDARD}",))

    assert outcome(todo) == [("conflict", "acme/large", "its prices there hold at other times")]


def test_a_longer_history_of_the_same_source_is_taken_over() -> None:
    step = only(newer(f"{STANDARD}, {BATCH}", "from = 2026-08-01, input = 4, output = 20"))

    assert (step.kind, history(step.model)) == (
        "changed",
        ["from the start: standard 5/30, batch 2.5/15", "2026-08-01: standard 4/20"],
    )
    assert step.model.source == "second 2.0"


def test_a_longer_history_keeps_modes_from_elsewhere() -> None:
    step = only(newer(STANDARD, "from = 2026-08-01, input = 4, output = 20"))

    assert history(step.model) == ["from the start: standard 5/30, batch 2.5/15", "2026-08-01: standard 4/20"]


def test_another_past_of_the_same_source_is_a_conflict() -> None:
    todo = newer("input = 6, output = 30", f"from = 2026-08-01, {STANDARD}, {BATCH}")

    assert outcome(todo) == [("conflict", "acme/large", "another standard price there, at another time")]
    assert changed(only(todo)) == ["from the start standard input 5 to 6"]


def test_a_history_that_lost_its_beginning_is_a_conflict() -> None:
    todo = newer(f"from = 2026-08-01, {STANDARD}, {BATCH}")

    assert outcome(todo) == [("conflict", "acme/large", "its prices there hold at other times")]
    assert changed(only(todo)) == [
        "from the start standard input 5 to -",
        "from the start standard output 30 to -",
        "from the start batch input 2.5 to -",
        "from the start batch output 15 to -",
    ]


def test_the_same_history_is_the_same_wherever_it_is_divided() -> None:
    assert (
        newer(
            f"{STANDARD}, {BATCH}",
            "from = 2026-08-01, input = 4",
            base=(f"{STANDARD}, {BATCH}", "from = 2026-08-01, input = 4"),
        ).same
        == 1
    )


def test_prices_of_certain_hours_change_with_the_list() -> None:
    base = (STANDARD, f"{PEAK}, input = 9, output = 50")

    assert newer(*base, base=base).same == 1
    assert history(only(newer(STANDARD, f"{PEAK}, input = 8, output = 50", base=base)).model)[2:] == [
        "2026-11-22: standard 5/30",
        "2026-11-22 in some hours: standard 8/50",
    ]
    assert history(only(newer(STANDARD, base=base)).model)[2:] == ["2026-11-22: standard 5/30"]
