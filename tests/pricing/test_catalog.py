import datetime as dt
import gc
import hashlib
from contextlib import suppress
from pathlib import Path

import pytest

from costopt.errors import CatalogError
from costopt.pricing import catalog as catalog_module
from costopt.pricing.catalog import MODES, RATE_FIELDS, Catalog, Match, Provider, Rates, Tier, load_catalog
from costopt.pricing.entries import ModePrice

HEAD = """
schema = 1
currency = "USD"
"""

MODEL = """
[[model]]
provider = "acme"
id = "large"
"""

PRICED = HEAD + MODEL + "[[model.price]]\n"


def load(tmp_path: Path, toml: str) -> Catalog:
    file = tmp_path / "prices.toml"
    file.write_text(toml, encoding="utf-8")
    return load_catalog(file)


def refusal(tmp_path: Path, toml: str) -> str:
    """The message and hint that a catalog is refused with, without the directory."""
    with pytest.raises(CatalogError) as caught:
        load(tmp_path, toml)
    return f"{caught.value.message}\n{caught.value.hint}".replace(str(tmp_path), "TMP")


def test_a_rate_per_million_is_whole_pico_dollars_per_token(tmp_path: Path) -> None:
    catalog = load(
        tmp_path,
        PRICED
        + """
        input = 5
        cached_input = 0.500000
        cache_write_5m = 6.25
        cache_write_1h = 1e1
        output = 30.0
        reasoning = 0.000001
        """,
    )

    assert catalog.models[0].prices[0].modes["standard"].rates == Rates(
        input=5_000_000,
        cached_input=500_000,
        cache_write_5m=6_250_000,
        cache_write_1h=10_000_000,
        output=30_000_000,
        reasoning=1,
    )


def test_a_fee_per_thousand_is_whole_pico_dollars_each(tmp_path: Path) -> None:
    catalog = load(tmp_path, PRICED + "request_per_1k = 5.0\nweb_search_per_1k = 0.0")

    assert catalog.models[0].prices[0].modes["standard"].rates == Rates(request=5_000_000_000, web_search=0)


def test_every_rate_field_has_a_rate(tmp_path: Path) -> None:
    rates = load(tmp_path, PRICED + "input = 1").models[0].prices[0].modes["standard"].rates

    assert {field: getattr(rates, field) for field in RATE_FIELDS} == {
        **dict.fromkeys(RATE_FIELDS, None),
        "input": 1_000_000,
    }


def test_a_tier_inherits_what_it_does_not_name_from_the_base_of_its_mode(tmp_path: Path) -> None:
    catalog = load(
        tmp_path,
        PRICED
        + """
        input = 5.0
        output = 30.0
        batch_input = 2.5
        batch_output = 15.0
        [[model.price.tier]]
        above = 100_000
        input = 6.0
        [[model.price.tier]]
        above = 272_000
        input = 10.0
        batch_output = 22.5
        """,
    )

    assert catalog.models[0].prices[0].modes == {
        "standard": ModePrice(
            Rates(input=5_000_000, output=30_000_000),
            (
                Tier(100_000, Rates(input=6_000_000, output=30_000_000)),
                Tier(272_000, Rates(input=10_000_000, output=30_000_000)),
            ),
        ),
        "batch": ModePrice(
            Rates(input=2_500_000, output=15_000_000),
            (Tier(272_000, Rates(input=2_500_000, output=22_500_000)),),
        ),
    }


def test_flex_and_priority_have_tables_of_their_own(tmp_path: Path) -> None:
    catalog = load(
        tmp_path,
        PRICED
        + """
        input = 5.0
        [model.price.mode.flex]
        input = 2.5
        output = 9.0
        tier = [{ above = 1000, output = 10.0 }]
        [model.price.mode.priority]
        input = 12.5
        """,
    )

    modes = catalog.models[0].prices[0].modes
    assert modes["flex"] == ModePrice(
        Rates(input=2_500_000, output=9_000_000), (Tier(1000, Rates(input=2_500_000, output=10_000_000)),)
    )
    assert modes["priority"] == ModePrice(Rates(input=12_500_000))
    assert set(modes) <= set(MODES)


def test_a_price_without_rates_is_known_but_unpriced(tmp_path: Path) -> None:
    assert load(tmp_path, PRICED).models[0].prices[0].modes == {}


def test_a_threshold_may_include_its_size(tmp_path: Path) -> None:
    tiers = "[{ at_least = 2, input = 2 }, { at_least = 200_000, input = 3 }, { above = 200_000, input = 4 }]"
    (row,) = load(tmp_path, f"{PRICED}input = 1\ntier = {tiers}").models[0].prices

    assert [tier.above for tier in row.modes["standard"].tiers] == [1, 199_999, 200_000]


def test_a_row_says_when_it_was_verified_and_where_its_modes_are_from(tmp_path: Path) -> None:
    prices = """
        input = 1
        [[model.price]]
        from = 2026-07-01
        input = 1
        batch_input = 1
        verified = 2026-11-10
        source = { batch = "the bill", standard = "the page" }
        """
    first, second = load(tmp_path, PRICED + prices).models[0].prices

    assert (first.verified, first.sources) == (None, {})
    assert second.verified == dt.date(2026, 11, 10)
    assert second.sources == {"batch": "the bill", "standard": "the page"}


def test_audio_and_images_have_rates_of_their_own(tmp_path: Path) -> None:
    rates = "input_audio = 1\ncached_audio = 2\ninput_image = 3\ncached_image = 4\noutput_audio = 5\noutput_image = 6"
    (row,) = load(tmp_path, PRICED + rates).models[0].prices

    assert row.modes["standard"].rates == Rates(
        input_audio=1_000_000,
        cached_audio=2_000_000,
        input_image=3_000_000,
        cached_image=4_000_000,
        output_audio=5_000_000,
        output_image=6_000_000,
    )


def test_a_model_keeps_its_source_flag_and_fingerprint(tmp_path: Path) -> None:
    own = 'source = "the list"\nextend = true\nsynced = "abc"\n[[model.price]]'
    (model,) = load(tmp_path, PRICED.replace("[[model.price]]", own)).models

    assert (model.source, model.extend, model.synced, model.layer) == ("the list", True, "abc", 0)


def test_a_row_keeps_its_date_hours_and_weekdays(tmp_path: Path) -> None:
    catalog = load(
        tmp_path,
        PRICED
        + """
        input = 1.0
        [[model.price]]
        from = 2026-08-17
        hours_utc = ["22:30-06:00", "10:00-24:00", "00:00-24:00"]
        weekdays = [1, 7]
        input = 2.0
        """,
    )

    base, peak = catalog.models[0].prices
    assert (base.starts, base.hours_utc, base.weekdays) == (None, (), frozenset())
    assert peak.starts == dt.date(2026, 8, 17)
    assert peak.hours_utc == ((1350, 360), (600, 1440), (0, 1440))
    assert peak.weekdays == {1, 7}


def test_names_are_lower_cased_and_patterns_are_not(tmp_path: Path) -> None:
    catalog = load(
        tmp_path,
        PRICED.replace(
            "[[model.price]]",
            r"""match = { exact = ["Large", "large "], prefix = ["L-"], suffix = ["-X"], contains = ["Y"], regex = ['^L\D'] }
            [[model.price]]""",
        ),
    )

    assert catalog.models[0].match == Match(
        exact=("large",), prefix=("l-",), suffix=("-x",), contains=("y",), regex=(r"^L\D",)
    )


def test_a_provider_is_kept_with_its_spellings(tmp_path: Path) -> None:
    catalog = load(
        tmp_path,
        HEAD
        + """
        [[provider]]
        id = "gate"
        names = ["the_gate"]
        strip = ["gate/"]
        fallback = ["acme"]
        infer = { prefix = ["gate-"] }
        gateway = true
        """
        + MODEL
        + "[[model.price]]\ninput = 1.0",
    )

    assert catalog.providers == {
        "gate": Provider(
            "gate", ("the_gate",), ("gate/",), ("acme",), infer=Match(prefix=("gate-",)), gateway=True
        ),
        "acme": Provider("acme"),
    }


def test_a_catalog_says_where_it_comes_from(tmp_path: Path) -> None:
    toml = HEAD + 'source = "a price page"\ndate = 2026-11-10'
    catalog = load(tmp_path, toml)

    assert catalog.digest == hashlib.sha256(toml.encode()).hexdigest()
    (layer,) = catalog.layers
    assert layer.source == "a price page"
    assert layer.date == dt.date(2026, 11, 10)
    assert layer.path == str(tmp_path / "prices.toml")


def test_source_and_date_are_optional(tmp_path: Path) -> None:
    catalog = load(tmp_path, HEAD)

    assert (catalog.layers[0].source, catalog.layers[0].date, catalog.models) == ("", None, ())


def test_a_catalog_equals_only_itself(tmp_path: Path) -> None:
    assert len({load(tmp_path, HEAD), load(tmp_path, HEAD)}) == 2


@pytest.mark.parametrize("is_on", [True, False])
@pytest.mark.parametrize("toml", [PRICED + "input = 1", PRICED + "input = true"], ids=["loaded", "refused"])
def test_pythons_garbage_collector_is_left_as_it_was(tmp_path: Path, toml: str, *, is_on: bool) -> None:
    was_on = gc.isenabled()
    (gc.enable if is_on else gc.disable)()
    try:
        with suppress(CatalogError):
            load(tmp_path, toml)
        assert gc.isenabled() is is_on
    finally:
        (gc.enable if was_on else gc.disable)()


def test_a_rate_that_was_read_before_does_not_let_true_pass(tmp_path: Path) -> None:
    row = PRICED + "input = 1\noutput = 1.0"
    load(tmp_path, row)

    assert "`output` is `true`, not a number" in refusal(tmp_path, row.replace("1.0", "true"))


def test_the_installed_catalog_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pricing.toml").write_text(HEAD + 'source = "wheel"', encoding="utf-8")
    monkeypatch.setattr(catalog_module, "_PACKAGE", tmp_path)

    assert load_catalog().layers[0].source == "wheel"


def test_a_checkout_has_the_catalog_at_its_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pricing.toml").write_text(HEAD + 'source = "checkout"', encoding="utf-8")
    monkeypatch.setattr(catalog_module, "_PACKAGE", tmp_path / "nothing")
    monkeypatch.setattr(catalog_module, "_CHECKOUT", tmp_path)

    assert load_catalog().layers[0].source == "checkout"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"Cannot read the price catalog .*absent\.toml.*No such file"):
        load_catalog(tmp_path / "absent.toml")


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_bytes(b'source = "\xff"')

    with pytest.raises(CatalogError, match="not UTF-8"):
        load_catalog(file)


def test_a_syntax_error_names_file_and_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, "schema = 1\ncurrency = \n")

    assert message.startswith("`TMP/prices.toml` is not valid TOML: ")
    assert "line 2" in message


def test_a_refusal_names_file_model_price_and_key(tmp_path: Path) -> None:
    assert refusal(tmp_path, PRICED + 'input = "5"') == (
        '`TMP/prices.toml`, line 9: model `acme/large`: price 1: `input` is `"5"`, not a number\n'
        "expected: a number"
    )


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('currency = "USD"', "`schema` is `None`, not `1`"),
        ('schema = 2\ncurrency = "USD"', "`schema` is `2`, not `1`"),
        ('schema = true\ncurrency = "USD"', "`schema` is `True`, not `1`"),
        ('schema = 1\ncurrency = "EUR"', "`exchange` is missing: rates are in EUR"),
        ('schema = 1\ncurrency = "Euro"', '`currency` is `"Euro"`, not a code of three capitals'),
        ("schema = 1", "`currency` is missing"),
        (HEAD + 'date = "2026-11-10"', "`date` is"),
        (HEAD + "source = 1", "`source` is `1`, not a string"),
        (HEAD + "model = 1", "`model` is `1`, not a list of tables"),
        (HEAD + "[model]", "`model` is a table, not a list of tables"),
        (HEAD + "modle = []", "unknown key `modle`\ndid you mean `model`?"),
        (HEAD + "standalone = 1", "`standalone` is `1`, not true or false"),
        (
            HEAD + '[[provider]]\nname = "acme"',
            "provider `number 1`: unknown key `name`\ndid you mean `names`?",
        ),
        (HEAD + "[[provider]]", "provider `number 1`: `id` is missing"),
        (HEAD + '[[provider]]\nid = "a"\n[[provider]]\nid = "a"', "provider `a`: it is there twice"),
        (
            HEAD + '[[provider]]\nid = "a"\n[[provider]]\nid = "b"\nnames = ["A"]',
            "provider `b`: the name `a` is also provider `a`'s",
        ),
        (
            HEAD + '[[provider]]\nid = "a"\nfallback = ["b"]',
            "`fallback` names `b`, which the catalog does not have",
        ),
        (HEAD + '[[provider]]\nid = "a"\ngateway = 1', "`gateway` is `1`, not true or false"),
        (HEAD + '[[model]]\nid = "x"', "model `?/x`: `provider` is missing"),
        (HEAD + '[[model]]\nprovider = "acme"\nid = " "', 'model `acme/ `: `id` is `" "`, not a string'),
        (HEAD + MODEL, "model `acme/large`: it has no price"),
        (
            HEAD + MODEL + "tokenizer = 1\n[[model.price]]",
            "model `acme/large`: `tokenizer` is `1`, not a string",
        ),
        (HEAD + MODEL + 'match = "large"', '`match` is `"large"`, not a table'),
        (HEAD + MODEL + 'match = { glob = ["x"] }', "unknown key `glob`"),
        (HEAD + MODEL + "match = { exact = [true] }", "`exact` is a list, not a list of strings"),
        (HEAD + MODEL + 'match = { prefix = [""] }', "`prefix` is a list, not a list of strings"),
        (HEAD + MODEL + 'match = { regex = ["("] }', "`regex` has `(`, which is not a regular expression"),
        (PRICED + MODEL + "[[model.price]]", "model `acme/large`: it is there twice"),
        (
            PRICED.replace("[[model.price]]", 'match = { exact = ["x"] }\n[[model.price]]')
            + '[[model]]\nprovider = "acme"\nid = "small"\nmatch = { exact = ["X"] }\n[[model.price]]',
            "model `acme/small`: the exact name `x` is also `acme/large`'s",
        ),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, toml: str, message: str) -> None:
    assert message in refusal(tmp_path, toml)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("inptu = 1", "unknown key `inptu`\ndid you mean `input`?"),
        ("input = true", "`input` is `true`, not a number"),
        ("input = -1", "`input` is `-1`, not between 0 and 100,000,000"),
        ("input = 1e9", "`input` is `1E+9`, not between"),
        ("input = nan", "`input` is `NaN`, not between"),
        ("input = inf", "`input` is `Infinity`, not between"),
        ("input = 0.0000005", "`input` is `5E-7`, which has more than six decimals"),
        ("input = 1.0000005", "`input` is `1.0000005`, which has more than six decimals"),
        ("input = 1e-999999", "which has more than six decimals"),
        (
            "cached_input = 1\nbatch_input = 1",
            "`batch_cached_input` is missing beside `batch_input` and the standard `cached_input`",
        ),
        ("cache_write_5m = 1\nbatch_input = 1", "`batch_cache_write_5m` is missing"),
        ("cache_write_1h = 1\nbatch_input = 1", "`batch_cache_write_1h` is missing"),
        ("from = 2026-08-21T00:00:00", "not a date such as 2026-08-21"),
        (
            "from = 2026-01-02\n[[model.price]]\nfrom = 2026-01-02",
            "price 2: `from` is 2026-01-02, which overlaps",
        ),
        (
            "from = 2026-01-02\n[[model.price]]\nfrom = 2026-01-01",
            "price 2: `from` is 2026-01-01, which overlaps",
        ),
        ("[[model.price]]", "price 2: `from` is absent, which overlaps an earlier price"),
        ("hours_utc = []", "`hours_utc` is an empty list, not at least one window"),
        ('hours_utc = "01:00-04:00"', "not a list of strings"),
        ('hours_utc = ["1:00-4:00"]', '`hours_utc` is `"1:00-4:00"`, not a window'),
        ('hours_utc = ["24:00-01:00"]', "not a window"),
        ('hours_utc = ["01:00-01:00"]', "not a window"),
        ("weekdays = []", "`weekdays` is an empty list, not a list of different numbers"),
        ("weekdays = 1", "`weekdays` is `1`, not a list of different numbers"),
        ("weekdays = [0]", "`weekdays` is a list, not a list of different numbers"),
        ("weekdays = [1, 1]", "`weekdays` is a list, not a list of different numbers"),
        ("weekdays = [true]", "`weekdays` is a list, not a list of different numbers"),
        ("input = 1\ntier = [{ input = 2 }]", "a tier needs one threshold"),
        ("input = 1\ntier = [{ above = 0, input = 2 }]", "`above` is `0`, not a whole number of tokens"),
        (
            "input = 1\ntier = [{ above = true, input = 2 }]",
            "`above` is `true`, not a whole number of tokens",
        ),
        ("input = 1\ntier = [{ above = 9, at_least = 10, input = 2 }]", "a tier needs one threshold"),
        (
            "input = 1\ntier = [{ at_least = 1, input = 2 }]",
            "`at_least` is `1`, not a whole number of tokens above 1",
        ),
        (
            "input = 1\ntier = [{ at_least = 1.5, input = 2 }]",
            "`at_least` is `1.5`, not a whole number of tokens above 1",
        ),
        (
            "input = 1\ntier = [{ above = 9, input = 2 }, { at_least = 10, input = 3 }]",
            "a tier starts above 9 tokens after one above 9",
        ),
        ('verified = "2026-11-10"', '`verified` is `"2026-11-10"`, not a date such as 2026-08-21'),
        ('source = "a page"', '`source` is `"a page"`, not a table'),
        ('source = { btach = "x" }', "`source`: unknown key `btach`\ndid you mean `batch`?"),
        ('source = { batch = "" }', '`source`: `batch` is `""`, not a string that is not empty'),
        ("input = 1\ntier = [{ above = 9 }]", "a tier has no rate"),
        ("input = 1\ntier = [{ above = 9, outptu = 2 }]", "unknown key `outptu`\ndid you mean `output`?"),
        (
            "input = 1\ntier = [{ above = 9, input = 2 }, { above = 9, input = 3 }]",
            "a tier starts above 9 tokens after one above 9\norder the tiers",
        ),
        ("input = 1\ntier = [{ above = 9, batch_input = 2 }]", "`batch_input` stands in a tier only"),
        (
            "input = 1\nbatch_input = 1\ntier = [{ above = 9, cached_input = 1, batch_input = 2 }]",
            "`batch_cached_input` is missing",
        ),
        ("mode = 1", "`mode` is `1`, not a table"),
        ("[model.price.mode.fast]\ninput = 1", "unknown key `fast`"),
        ("[model.price.mode]\nflex = 1", "mode flex: `flex` is `1`, not a table"),
        ("[model.price.mode.flex]", "mode flex: it has no rate"),
        ("[model.price.mode.flex]\nbatch_input = 1", "mode flex: unknown key `batch_input`"),
        (
            "[model.price.mode.flex]\ninput = 1\ntier = [{ above = 9, input = 2 }, { above = 8, input = 3 }]",
            "mode flex: a tier starts above 8 tokens after one above 9",
        ),
    ],
)
def test_a_price_that_could_be_misread_is_refused(tmp_path: Path, row: str, message: str) -> None:
    assert message in refusal(tmp_path, PRICED + row)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("schema = 2", "`TMP/prices.toml`, line 1: `schema` is `2`"),
        ('\n\ncurrency = "USD"', "`TMP/prices.toml`, line 1: `schema` is `None`"),
        (HEAD + "modle = []", "line 4: unknown key `modle`"),
        (HEAD + '\nsource = "x"\ndate = 2026', "line 6: `date` is `2026`"),
        (HEAD + '[[provider]]\nid = "a"\nfallback = ["b"]', "line 6: provider `a`: `fallback` names `b`"),
        (HEAD + '[[provider]]\nid = "a"\n[[provider]]\nid = "a"', "line 6: provider `a`: it is there twice"),
        (
            HEAD + '[[provider]]\nid = "a"\n[[provider]]\nid = "b"\nnames = ["A"]',
            "line 8: provider `b`: the name `a` is also",
        ),
        (
            HEAD + '[[provider]]\nid = "a"\n[provider.infer]\nregex = ["("]',
            "line 7: provider `a`: `regex` has `(`",
        ),
        (
            HEAD + MODEL + 'match = { exact = ["a"],\n  glob = ["x"] }',
            "line 9: model `acme/large`: unknown key `glob`",
        ),
        (HEAD + MODEL, "line 5: model `acme/large`: it has no price"),
        (PRICED + "input = 1" + MODEL + "[[model.price]]", "line 10: model `acme/large`: it is there twice"),
        (
            PRICED + "input = 1\n[[model.price]]\n\ninptu = 1",
            "line 12: model `acme/large`: price 2: unknown key `inptu`",
        ),
        (PRICED + "input = 1\n[[model.price]]", "line 10: model `acme/large`: price 2: `from` is absent"),
        (
            PRICED + "input = 1\n[[model.price.tier]]\nabove = 9\noutput = -1",
            "line 12: model `acme/large`: price 1: `output` is `-1`",
        ),
        (
            PRICED + "[model.price.mode.flex]\ntier = 1",
            "line 10: model `acme/large`: price 1: mode flex: `tier` is `1`",
        ),
        (
            PRICED + "input = 1\ncached_input = 1\n\nbatch_input = 1",
            "line 12: model `acme/large`: price 1: `batch_cached_input`",
        ),
        (
            PRICED + "input = 1\ncached_input = 1\n[model.price.mode.flex]\ninput = 1",
            "line 12: model `acme/large`: price 1: mode flex: `cached_input` is missing beside `input` and the standard",
        ),
        (
            PRICED + "input = 1\noutput_audio = 1\nbatch_input = 1",
            "line 11: model `acme/large`: price 1: `batch_output_audio`",
        ),
    ],
)
def test_a_refusal_names_the_line(tmp_path: Path, toml: str, message: str) -> None:
    assert message in refusal(tmp_path, toml)


@pytest.mark.parametrize(
    "number",
    ["9" * 5000, "1e-99999999999999999999", "[" * 5000 + "]" * 5000],
    ids=["digits", "exponent", "nesting"],
)
def test_a_figure_beyond_all_measure_is_refused_without_a_traceback(tmp_path: Path, number: str) -> None:
    assert refusal(tmp_path, f"{PRICED}input = {number}") == (
        "`TMP/prices.toml` has a number or nesting beyond all measure\nno price is that long"
    )


def test_more_prices_or_tiers_than_a_rate_id_has_room_for_are_refused(tmp_path: Path) -> None:
    tiers = ", ".join(f"{{ above = {size}, input = 1 }}" for size in range(1, 17))
    prices = "\n[[model.price]]\ninput = 1" * 1000

    assert "it has 16 tiers" in refusal(tmp_path, f"{PRICED}input = 1\ntier = [{tiers}]")
    assert "it has 1001 prices" in refusal(tmp_path, f"{PRICED}input = 1{prices}")
