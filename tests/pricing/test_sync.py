from dataclasses import replace
from decimal import Decimal

import pytest
import tomli
from syncing import (
    BATCH,
    HEAD,
    STANDARD,
    after,
    catalog,
    changed,
    entry,
    history,
    only,
    outcome,
    price_list,
    sync,
)

from costopt.pricing.entries import Match, Provider
from costopt.pricing.fields import Problem
from costopt.pricing.lending import model_of
from costopt.pricing.matching import resolve
from costopt.pricing.parsing import read_layer
from costopt.pricing.sync import by_hand, carried_out

# New models


def test_a_model_that_the_catalog_lacks_is_added_with_its_provider() -> None:
    here = catalog(entry("acme/large", STANDARD))
    there = price_list(
        '[[provider]]\nid = "globex"\nnames = ["globex inc"]',
        entry("globex/grand", STANDARD, "from = 2026-12-01, input = 6"),
    )

    todo = sync(here, there)

    assert outcome(todo) == [("added", "globex/grand", "not in the catalog")]
    assert only(todo).source == "second 2.0"
    assert todo.providers == (Provider("globex", names=("globex inc",)),)
    assert (todo.same, list(todo.models)) == (0, [("globex", "grand")])
    assert changed(only(todo)) == [
        "from the start standard input - to 5",
        "from the start standard output - to 30",
        "2026-12-01 standard input - to 6",
    ]


def test_a_model_that_is_the_same_is_only_counted() -> None:
    todo = sync(catalog(entry("acme/large", STANDARD)), price_list(entry("acme/large", STANDARD)))

    assert (todo.steps, todo.providers, todo.same, todo.models) == ((), (), 1, {})


def test_another_spelling_of_a_provider_is_the_same_one() -> None:
    here = catalog('[[provider]]\nid = "x-ai"\nnames = ["xai"]', entry("x-ai/grok", STANDARD))

    for spelling in ("xai", "x_ai"):
        todo = sync(
            here,
            price_list(entry(f"{spelling}/grok", f"{STANDARD}, {BATCH}"), entry(f"{spelling}/new", STANDARD)),
        )
        assert [(step.kind, step.model.name) for step in todo.steps] == [
            ("added", "x-ai/new"),
            ("filled", "x-ai/grok"),
        ]
        assert todo.providers == ()


def test_two_spellings_of_a_provider_in_the_list_become_one_model() -> None:
    here = catalog('[[provider]]\nid = "x-ai"\nnames = ["xai"]', entry("x-ai/grok", STANDARD))
    there = price_list(
        entry("xai/new", f"{STANDARD}, {BATCH}"), entry("x-ai/new", STANDARD), entry("x_ai/new", "input = 9")
    )

    todo = sync(here, there)

    assert outcome(todo) == [
        ("added", "x-ai/new", "not in the catalog"),
        ("conflict", "x-ai/new", "another standard price there"),
    ]
    assert history(todo.steps[0].model) == ["from the start: standard 5/30, batch 2.5/15"]
    assert changed(todo.steps[1]) == ["from the start standard input 5 to 9"]


def test_an_alias_of_a_user_is_no_name_in_a_list() -> None:
    here = catalog(entry("acme/large", STANDARD), '[[alias]]\nraw = "small"\nmodel = "acme/large"')

    assert outcome(sync(here, price_list(entry("acme/small", "input = 1")))) == [
        ("added", "acme/small", "not in the catalog")
    ]


def test_a_providers_names_stay_with_who_has_them() -> None:
    here = catalog(
        '[[provider]]\nid = "acme"\nnames = ["globex inc"]\ninfer = { prefix = ["grand"] }',
        entry("acme/grand-1", STANDARD),
    )
    globex = Provider(
        "globex",
        names=("globex_inc", "globex corp", "initech co"),
        fallback=("initech", "acme", "hooli"),
        infer=Match(prefix=("grand",)),
    )
    initech = Provider("initech", names=("initech_co", "initech inc"), infer=Match(prefix=("tech",)))
    there = replace(
        price_list(entry("globex/other", STANDARD)), providers=(globex, initech, Provider("unused"))
    )

    assert sync(here, there).providers == (
        Provider("globex", names=("globex corp", "initech co"), fallback=("initech", "acme")),
        Provider("initech", names=("initech inc",), infer=Match(prefix=("tech",))),
    )


def test_a_provider_of_which_the_list_says_nothing_has_an_id_only() -> None:
    there = replace(price_list(entry("globex/grand", STANDARD)), providers=())

    assert sync(catalog(entry("acme/large", STANDARD)), there).providers == (Provider("globex"),)


def test_a_provider_that_a_file_cannot_hold_has_an_id_only() -> None:
    there = price_list(entry("globex/grand", STANDARD))
    there = replace(there, providers=(Provider("globex", infer=Match(regex=("(",))),))

    assert sync(catalog(entry("acme/large", STANDARD)), there).providers == (Provider("globex"),)


# Names


def test_names_of_the_same_source_are_added_and_none_is_taken_away() -> None:
    here = catalog(
        entry("acme/large", STANDARD, more='match = { exact = ["l"], prefix = ["large-"] }'),
        source="second 1.0",
    )
    there = price_list(entry("acme/large", STANDARD, more='match = { exact = ["xl"], prefix = ["large-"] }'))

    step = only(sync(here, there))

    assert (step.kind, step.rates, step.before) == ("changed", (), Match(exact=("l",), prefix=("large-",)))
    assert step.model.match == Match(exact=("l", "xl"), prefix=("large-",))
    assert sync(here, price_list(entry("acme/large", STANDARD))).same == 1


def test_a_name_stays_with_the_model_that_has_it() -> None:
    here = catalog(entry("acme/large", STANDARD, more='match = { exact = ["l"] }'), source="second 1.0")
    names = 'match = { exact = ["l", "large", "xl"] }'

    todo = sync(here, price_list(entry("acme/grand", STANDARD, more=names), entry("acme/large", STANDARD)))

    assert outcome(todo) == [
        ("added", "acme/grand", "not in the catalog"),
        ("conflict", "acme/grand", "its name `l` is that of acme/large here"),
        ("conflict", "acme/grand", "its name `large` is that of acme/large here"),
    ]
    assert todo.steps[0].model.match == Match(exact=("xl",))
    carried_out(HEAD + entry("acme/large", STANDARD, more='match = { exact = ["l"] }'), todo)


def test_nothing_is_left_of_a_step_whose_new_name_belongs_to_another_model() -> None:
    here = catalog(entry("acme/large", STANDARD), entry("acme/grand", STANDARD), source="second 1.0")
    names = 'match = { exact = ["grand"] }'

    todo = sync(here, price_list(entry("acme/large", STANDARD, more=names)))

    assert outcome(todo) == [("conflict", "acme/large", "its name `grand` is that of acme/grand here")]
    assert todo.models == {}


def test_a_name_that_a_new_models_pattern_fits_means_that_model() -> None:
    here = catalog(entry("acme/large", STANDARD, more='match = { prefix = ["large"] }'))
    there = price_list(
        entry("acme/giant", STANDARD, more='match = { prefix = ["large-plus"] }'),
        entry("acme/large-plus-1", f"{STANDARD}, {BATCH}"),
    )

    todo = sync(here, there)

    assert outcome(todo) == [("added", "acme/giant", "not in the catalog")]
    assert history(only(todo).model) == ["from the start: standard 5/30, batch 2.5/15"]
    assert sync(after(here, todo), there).models == {}


# What a file cannot hold


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (" ", 'model `globex/ `: `id` is `" "`, not a string that is not empty'),
        ("a\ud800", "it is not text"),
    ],
)
def test_a_model_that_a_file_cannot_hold_is_refused(name: str, reason: str) -> None:
    there = price_list(entry("globex/grand", STANDARD))
    there = replace(there, models=(replace(there.models[0], id=name),))

    todo = sync(catalog(entry("acme/large", STANDARD)), there)

    assert outcome(todo) == [("conflict", f"globex/{name}", f"a catalog cannot hold it: {reason}")]
    assert (todo.models, todo.providers) == ({}, ())


def test_a_model_is_planned_as_it_will_be_read() -> None:
    there = price_list(entry("globex/grand", STANDARD))
    there = replace(there, models=(replace(there.models[0], match=Match(exact=(" Grand ", "GRAND"))),))
    here = catalog(entry("acme/large", STANDARD))

    todo = sync(here, there)

    assert only(todo).model.match == Match(exact=("grand",))
    assert by_hand(after(here, todo).layers[1], carried_out("", todo)) == frozenset()


def test_a_list_in_another_currency_is_taken_at_its_exchange() -> None:
    text = 'schema = 1\ncurrency = "EUR"\nexchange = [{ usd = 1.1 }, { from = 2026-08-01, usd = 1.2 }]\n'
    tables = tomli.loads(text + entry("globex/grand", "input = 10"), parse_float=Decimal)
    there = replace(read_layer(tables, path="euro.toml", digest="0"), source="euro")
    there = replace(there, models=tuple(replace(model, source="euro") for model in there.models))
    here = catalog(entry("acme/large", STANDARD))

    todo = sync(here, there)

    assert history(only(todo).model) == ["from the start: standard 11/-", "2026-08-01: standard 12/-"]
    assert sync(after(here, todo), there).same == 1


# Models billed by another provider's list

LENDING = '[[provider]]\nid = "azure"\nfallback = ["openai"]\n[[provider]]\nid = "openai"'
LARGE = entry("openai/large", f"{STANDARD}, {BATCH}", more='match = { exact = ["l"], prefix = ["large-"] }')


def test_a_lent_model_becomes_one_of_its_own_when_the_list_adds_a_mode() -> None:
    here = catalog(LENDING, LARGE)
    there = price_list(*(entry(f"azure/{name}", f"{STANDARD}, {BATCH}") for name in ("large", "large-2026")))

    todo = sync(here, there)

    assert [(step.kind, step.model.name, step.model.lender) for step in todo.steps] == [
        ("filled", "azure/large", ""),
        ("filled", "azure/large-2026", ""),
    ]
    assert {step.model.match for step in todo.steps} == {Match()}
    assert history(todo.steps[0].model) == ["from the start: standard 5/30, batch 2.5/15"]
    assert sync(after(here, todo), there).same == 2
    written = after(here, todo)
    lent = {
        name: model_of(written, resolve(written, "azure", name) or 0).name
        for name in ("large", "l", "large-9")
    }
    assert lent == {"large": "azure/large", "l": "azure/large", "large-9": "azure/large"}


def test_a_lent_model_without_more_stays_lent() -> None:
    todo = sync(catalog(LENDING, LARGE), price_list(entry("azure/large", STANDARD)))

    assert (todo.steps, todo.same) == ((), 1)


def test_another_price_of_a_lent_model_is_a_conflict() -> None:
    todo = sync(catalog(LENDING, LARGE), price_list(entry("azure/large-2026", "input = 6, output = 30")))

    assert outcome(todo) == [
        ("conflict", "azure/large", "billed by the standard prices of openai, which are others there")
    ]
    assert (only(todo).listed_as, only(todo).source) == (("large-2026",), "first 1.0")


def test_on_request_a_lent_model_becomes_one_at_the_lists_price() -> None:
    todo = sync(
        catalog(LENDING, LARGE), price_list(entry("azure/large", "input = 6, output = 30")), prefer_list=True
    )

    assert [(step.kind, history(step.model)) for step in todo.steps] == [
        ("changed", ["from the start: standard 5/30", "2026-11-22: standard 6/30"])
    ]


def test_a_lender_that_changes_does_not_change_what_the_list_says_of_the_borrower() -> None:
    here = catalog(LENDING, LARGE)
    there = price_list(entry("openai/large", "input = 4, output = 20"), entry("azure/large", STANDARD))

    todo = sync(here, there, prefer_list=True)

    assert [(step.kind, step.model.name) for step in todo.steps] == [
        ("changed", "azure/large"),
        ("changed", "openai/large"),
    ]
    assert history(todo.steps[0].model)[-1] == "2026-11-22: standard 5/30"
    assert sync(after(here, todo), there, prefer_list=True).steps == ()


# What a person wrote


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("input = 4, output = 30", ["from the start standard input 5 to 4"]),
        (f"{STANDARD}, batch_input = 2, batch_output = 15", ["from the start batch input 2.5 to 2"]),
        (
            f"{STANDARD}, mode = {{ flex = {{ input = 3, output = 18 }} }}",
            ["from the start flex input - to 3", "from the start flex output - to 18"],
        ),
        (f"{STANDARD}, {BATCH}", []),
    ],
)
def test_what_a_person_wrote_is_left_alone(price: str, expected: list[str]) -> None:
    here = catalog(entry("acme/large", f"{STANDARD}, {BATCH}"))

    for prefer_list in (False, True):
        todo = sync(
            here,
            price_list(entry("acme/large", price)),
            protected={("acme", "large")},
            prefer_list=prefer_list,
        )
        assert todo.models == {}
        assert [changed(step) for step in todo.steps] == ([expected] if expected else [])
        assert {step.reason for step in todo.steps} <= {"written by hand"}


def test_an_entry_is_by_hand_unless_it_is_just_as_it_was_written() -> None:
    here = catalog(entry("acme/large", STANDARD))
    todo = sync(here, price_list(*(entry(f"acme/m{number}", STANDARD) for number in range(3))))
    text = carried_out(HEAD + entry("acme/mine", STANDARD), todo).replace(
        "output = 30.0", "output = 30.0 # so what", 1
    )
    second = text.index("output = 30.0\n")
    text = text[:second] + "output = 31.0\n" + text[second + len("output = 30.0\n") :]

    for content in (text, text.replace("\n", "\r\n")):
        read = read_layer(tomli.loads(content, parse_float=Decimal), path="", digest="")
        assert by_hand(read, content) == {("acme", "mine"), ("acme", "m0"), ("acme", "m1")}


# The file that is written


def test_the_file_keeps_what_it_said_and_gets_the_models() -> None:
    mine = f"# Ask Ann.\n{HEAD}{entry('acme/mine', STANDARD)}# The end.\n"
    todo = sync(
        catalog(entry("acme/mine", STANDARD)),
        price_list('[[provider]]\nid = "globex"', entry("globex/grand", STANDARD)),
    )

    text = carried_out(mine, todo)

    assert text.startswith(mine)
    assert text[len(mine) :] == (
        """
[[provider]]
id = "globex"

[[model]]
provider = "globex"
id = "grand"
source = "second 2.0"
synced = "SYNCED"
[[model.price]]
input = 5.0
output = 30.0
""".replace("SYNCED", read_layer(tomli.loads(text, parse_float=Decimal), path="", digest="").models[1].synced)
    )


def test_a_file_that_cannot_be_edited_is_refused() -> None:
    todo = sync(catalog(entry("acme/large", STANDARD)), price_list(entry("acme/new", STANDARD)))

    with pytest.raises(Problem, match="not valid TOML"):
        carried_out("schema = ", todo)
