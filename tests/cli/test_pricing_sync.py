from collections.abc import Callable

import pytest
from inline_snapshot import external_file, snapshot

Sync = Callable[..., str]
Write = Callable[[str, str | bytes], str]

PRICES = """
schema = 1
currency = "USD"
source = "ours"
date = 2026-10-01
standalone = true

# Ask Ann before you change this.
[[model]]
provider   = "acme"
id         = "acme-large"
match      = { exact = ["large"] }
[[model.price]]
input      = 4        # as of the contract
output     = 30
"""

FIRST = """[{"id": "acme", "models": [
  {"id": "acme-small", "match": {"equals": "acme-small"}, "prices": {"input_mtok": 1, "output_mtok": 3}},
  {"id": "acme-tiny", "match": {"equals": "acme-tiny"}, "prices": {"input_mtok": 0.1, "output_mtok": 0.3}}
]}]"""

SECOND = """[
  {"id": "acme", "models": [
    {"id": "acme-large", "match": {"equals": "acme-large"}, "prices": {"input_mtok": 5, "output_mtok": 30}},
    {"id": "acme-small", "match": {"or": [{"equals": "acme-small"}, {"equals": "small"}]},
     "prices": {"input_mtok": 2, "output_mtok": 3}},
    {"id": "acme-tiny", "match": {"equals": "acme-tiny"}, "prices": {"input_mtok": 0.1, "output_mtok": 0.3},
     "price_variants": [{"when": {"processing": "batch"}, "prices": {"input_mtok": 0.05, "output_mtok": 0.15}}]}
  ]},
  {"id": "globex", "models": [
    {"id": "grand", "match": {"equals": "grand"}, "prices": {"output_mtok": 10, "web_searches_kcount": 10,
     "input_mtok": {"base": 2, "tiers": [{"start": 200000, "price": 4}]}, "input_smell_mtok": 7}}
  ]}
]"""

MAP = """{
  "large": {"litellm_provider": "acme", "input_cost_per_token": 6e-6, "output_cost_per_token": 30e-6},
  "acme-small": {"litellm_provider": "acme", "input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6},
  "acme-tiny": {"litellm_provider": "acme", "input_cost_per_token": 1e-7, "output_cost_per_token": 3e-7,
                "input_cost_per_token_batches": 5e-8, "output_cost_per_token_batches": 15e-8}
}"""


@pytest.fixture(autouse=True)
def inputs(write: Write) -> None:
    """A catalog that a person wrote, two editions of a list, and another list."""
    for name, text in (("first", FIRST), ("second", SECOND), ("map", MAP)):
        write(f"{name}.json", text)
    write("prices.toml", PRICES)
    write("costopt.toml", 'pricing = "prices.toml"')


@pytest.mark.parametrize(
    ("name", "words", "width"),
    [
        ("80", [], 80),
        ("200", [], 200),
        ("pipe", [], None),
        ("json", ["-o", "json"], None),
        ("csv", ["-o", "csv"], None),
        ("md", ["-o", "md"], None),
    ],
)
def test_a_newer_list_reads(sync: Sync, name: str, words: list[str], width: int | None) -> None:
    sync("first.json", "--into", "own.toml")

    out = sync("second.json", "--into", "own.toml", "--dry-run", *words, width=width)

    assert out == external_file(f"screens/pricing-sync-{name}.txt")


def test_another_list_reads(sync: Sync) -> None:
    sync("first.json", "--into", "own.toml")

    assert sync("map.json", "--into", "own.toml", width=80) == snapshot("""\

 0 models added · 1 filled · 0 changed · 2 conflicts · 0 the same
 from litellm (map.json) · into own.toml · written

 filled in, USD per million tokens
 acme/acme-tiny
   batch  input $0.05 · output $0.15

 left alone: another standard price there, USD per million tokens
 1 conflict · here, before the arrow, from genai-prices (first.json)
 acme/acme-small
   standard  output $3.00 → $4.00

 left alone: written by hand, USD per million tokens
 1 conflict · here, before the arrow, from prices.toml
 acme/acme-large · listed as large
   standard  input $4.00 → $6.00

 what is left  costopt pricing sync --from map.json --into own.toml --dry-run -o
               csv
""")


def test_the_lists_price_is_taken_on_request(sync: Sync) -> None:
    sync("first.json", "--into", "own.toml")

    words = ("--into", "own.toml", "--prefer-list", "--effective", "2026-12-01", "--config", "costopt.toml")
    assert sync("map.json", *words, "--dry-run", width=80) == snapshot("""\

 0 models added · 1 filled · 1 changed · 1 conflict · 0 the same
 from litellm (map.json) · into own.toml · not written: this was a dry run
 prices that changed without a date hold from 2026-12-01 on

 filled in, USD per million tokens
 acme/acme-tiny
   batch  input $0.05 · output $0.15

 changed, USD per million tokens
 acme/acme-small · from 2026-12-01
   standard  output $3.00 → $4.00

 left alone: written by hand, USD per million tokens
 1 conflict · here, before the arrow, from prices.toml
 acme/acme-large · listed as large
   standard  input $4.00 → $6.00

 every rate  costopt pricing sync --from map.json --into own.toml --effective
             2026-12-01 --config costopt.toml --prefer-list --dry-run -o csv
""")


def test_a_list_of_new_models_reads(sync: Sync) -> None:
    assert sync("first.json", "--into", "own.toml") == snapshot("""\

 2 models added · 0 filled · 0 changed · 0 conflicts · 0 the same
 from genai-prices (first.json) · into own.toml · written
 added  acme/acme-small · acme/acme-tiny
""")
    assert sync("first.json", "--into", "own.toml") == snapshot("""\

 0 models added · 0 filled · 0 changed · 0 conflicts · 2 the same
 from genai-prices (first.json) · into own.toml · nothing to write
""")


def test_a_name_of_another_model_is_a_conflict_without_figures(sync: Sync, write: Write) -> None:
    write("names.json", FIRST.replace('"equals": "acme-tiny"', '"equals": "large"'))

    assert sync("names.json", "--into", "own.toml") == snapshot("""\

 2 models added · 0 filled · 0 changed · 1 conflict · 0 the same
 from genai-prices (names.json) · into own.toml · written
 added  acme/acme-small · acme/acme-tiny

 left alone: its name `large` is that of acme/acme-large here
 1 conflict
 acme/acme-tiny

 what is left  costopt pricing sync --from names.json --into own.toml --dry-run -o csv
""")


def test_what_a_catalog_cannot_hold_is_not_said_to_be_here(sync: Sync, write: Write) -> None:
    write("broken.json", FIRST.replace('"equals": "acme-tiny"', '"regex": "("'))

    assert sync("broken.json", "--into", "own.toml", "--dry-run") == snapshot("""\

 1 model added · 0 filled · 0 changed · 1 conflict · 0 the same
 from genai-prices (broken.json) · into own.toml · not written: this was a dry run
 added  acme/acme-small

 left alone: a catalog cannot hold it: model `acme/acme-tiny`: `regex` has `(`, which is not a regular expression: missing ), unterm…, USD per million tokens
 1 conflict
 acme/acme-tiny
   standard  input none → $0.10 · output none → $0.30

 every rate  costopt pricing sync --from broken.json --into own.toml --dry-run -o csv
""")


def test_a_mode_that_a_hand_written_model_lacks_is_a_conflict(sync: Sync, write: Write) -> None:
    batch = '"input_cost_per_token_batches": 1e-6, "output_cost_per_token_batches": 2e-6'
    write("batch.json", MAP.replace("6e-6,", f"4e-6, {batch},"))

    assert sync("batch.json", "--into", "own.toml", "--dry-run") == snapshot("""\

 2 models added · 0 filled · 0 changed · 1 conflict · 0 the same
 from litellm (batch.json) · into own.toml · not written: this was a dry run
 added  acme/acme-small · acme/acme-tiny

 left alone: written by hand, USD per million tokens
 1 conflict · prices here from prices.toml
 acme/acme-large · listed as large
   batch  input none → $1.00 · output none → $2.00

 every rate  costopt pricing sync --from batch.json --into own.toml --dry-run -o csv
""")


def test_new_names_alone_have_no_day_and_no_unit(sync: Sync, write: Write) -> None:
    sync("first.json", "--into", "own.toml")
    names = ", ".join(f'{{"equals": "{name}"}}' for name in ("acme-small", "a", "b", "c", "d"))
    write("names.json", FIRST.replace('{"equals": "acme-small"}', f'{{"or": [{names}]}}'))

    assert sync("names.json", "--into", "own.toml") == snapshot("""\

 0 models added · 0 filled · 1 changed · 0 conflicts · 1 the same
 from genai-prices (names.json) · into own.toml · written

 changed
 acme/acme-small · new names a, b, c and 1 more
""")


def test_a_screen_shows_the_first_of_all_there_is(sync: Sync, write: Write) -> None:
    def model(name: str, prices: str) -> str:
        return f'{{"id": "{name}", "match": {{"equals": "{name}"}}, "prices": {{{prices}}}}}'

    hand = "".join(
        f'[[model]]\nprovider = "acme"\nid = "h{number}"\n[[model.price]]\ninput = 1\n' for number in range(9)
    )
    write("prices.toml", PRICES + hand)
    tiers = ", ".join(f'{{"start": {number}000, "price": {number}}}' for number in range(10, 20))
    kinds = "".join(f', "input_{kind}_mtok": 1' for kind in ("a", "b", "c", "d", "e", "f"))
    models = [
        *(model(f"n{number}", '"input_mtok": 9') for number in range(12)),
        *(model(f"h{number}", '"input_mtok": 9') for number in range(9)),
        model("acme-large", f'"input_mtok": {{"base": 5, "tiers": [{tiers}]}}{kinds}'),
    ]
    write("many.json", f'[{{"id": "acme", "models": [{", ".join(models)}]}}]')

    assert sync("many.json", "--into", "own.toml", "--dry-run", width=100) == snapshot("""\

 12 models added · 0 filled · 0 changed · 10 conflicts · 0 the same
 from genai-prices (many.json) · into own.toml · not written: this was a dry run
 added  acme/n0 · acme/n1 · acme/n10 · acme/n11 · acme/n2 · acme/n3 · acme/n4 · acme/n5 · acme/n6
        acme/n7 · and 2 more
 left out  rate input_a_mtok: 1 · rate input_b_mtok: 1 · rate input_c_mtok: 1 · rate input_d_mtok: 1
           rate input_e_mtok: 1 · and 1 more

 left alone: written by hand, USD per million tokens
 10 conflicts · here, before the arrow, from prices.toml
 acme/acme-large
   standard  input $4.00 → $5.00
 acme/h0
   standard  input $1.00 → $9.00
 acme/h1
   standard  input $1.00 → $9.00
 acme/h2
   standard  input $1.00 → $9.00
 acme/h3
   standard  input $1.00 → $9.00
 acme/h4
   standard  input $1.00 → $9.00
 acme/h5
   standard  input $1.00 → $9.00
 acme/h6
   standard  input $1.00 → $9.00
 and 2 more models

 every rate  costopt pricing sync --from many.json --into own.toml --dry-run -o csv
""")


def test_a_screen_names_the_most_frequent_conflicts_first(sync: Sync, write: Write) -> None:
    taken = ", ".join(f'"n{number}"' for number in range(10))
    other = '[[model]]\nprovider = "acme"\nid = "acme-other"\n[[model.price]]\ninput = 1\n'
    write("prices.toml", PRICES.replace('"large"', f'"large", {taken}') + other)
    models = [
        f'{{"id": "m{number}", "match": {{"equals": "n{number}"}}, "prices": {{"input_mtok": 1}}}}'
        for number in range(10)
    ]
    models += [
        f'{{"id": "acme-{name}", "match": {{"equals": "acme-{name}"}}, "prices": {{"input_mtok": 5}}}}'
        for name in ("large", "other")
    ]
    write("taken.json", f'[{{"id": "acme", "models": [{", ".join(models)}]}}]')

    reasons = [
        row
        for row in sync("taken.json", "--into", "own.toml", "--dry-run").splitlines()
        if "left alone" in row or "more conflicts" in row
    ]

    assert reasons == snapshot(
        [
            " left alone: written by hand, USD per million tokens",
            " left alone: its name `n0` is that of acme/acme-large here",
            " left alone: its name `n1` is that of acme/acme-large here",
            " left alone: its name `n2` is that of acme/acme-large here",
            " left alone: its name `n3` is that of acme/acme-large here",
            " left alone: its name `n4` is that of acme/acme-large here",
            " left alone: its name `n5` is that of acme/acme-large here",
            " left alone: its name `n6` is that of acme/acme-large here",
            " and 3 more conflicts",
        ]
    )
