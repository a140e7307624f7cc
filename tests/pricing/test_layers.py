import datetime as dt
import hashlib
from collections.abc import Callable
from decimal import Decimal

import pytest

from costopt.pricing.age import verified_on
from costopt.pricing.catalog import Catalog, Match, load_layers, report_of
from costopt.pricing.lending import model_of
from costopt.pricing.matching import resolve

Stacked = Callable[..., Catalog]
Refused = Callable[..., str]
Rate = Callable[..., Decimal | None]

LARGE = """
[[model]]
provider = "acme"
id = "large"
match = { exact = ["large-1"], prefix = ["large-"] }
tokenizer = "o200k_base"
[[model.price]]
input = 10
[[model.price]]
from = 2026-07-01
input = 8
"""


def model(prices: str, *, extend: bool = False, provider: str = "acme", name: str = "large") -> str:
    """A model with these `[[model.price]]` tables."""
    flag = "extend = true\n" if extend else ""
    return f'[[model]]\nprovider = "{provider}"\nid = "{name}"\n{flag}{prices}\n'


def listed(catalog: Catalog, name: str = "large") -> list[tuple[str, int]]:
    """The first day and the input rate in USD of each of a model's prices."""
    (found,) = [each for each in catalog.models if each.id == name]
    rates = [(row.starts, row.modes["standard"].rates.input or 0) for row in found.prices]
    return [(str(starts), rate // 10**6) for starts, rate in rates]


# Models


def test_a_model_of_an_upper_file_has_its_own_prices_only(stacked: Stacked) -> None:
    catalog = stacked(LARGE, model("[[model.price]]\nfrom = 2026-09-01\ninput = 5"))

    assert listed(catalog) == [("2026-09-01", 5)]


def test_the_uppermost_of_many_files_counts(stacked: Stacked, rate: Rate) -> None:
    files = [LARGE, *(model(f"[[model.price]]\ninput = {price}") for price in (3, 2, 1))]

    assert rate(stacked(*files), "acme/large") == 1
    assert rate(stacked(*files[:3]), "acme/large") == 2


def test_what_an_upper_file_does_not_say_again_stays(stacked: Stacked) -> None:
    (found,) = stacked(LARGE, model("[[model.price]]\ninput = 5")).models

    assert (found.match, found.tokenizer) == (Match(("large-1",), ("large-",)), "o200k_base")


def test_names_and_tokenizer_said_again_replace_those_below(stacked: Stacked) -> None:
    upper = model('match = { exact = ["big"] }\ntokenizer = "llama3"\n[[model.price]]\ninput = 5')
    (found,) = stacked(LARGE, upper).models

    assert (found.match, found.tokenizer) == (Match(("big",)), "llama3")


def test_an_extension_adds_its_names_to_those_below(stacked: Stacked) -> None:
    upper = model('match = { exact = ["big"] }\n[[model.price]]\nfrom = 2026-09-01\ninput = 5', extend=True)
    (found,) = stacked(LARGE, upper).models

    assert found.match == Match(("big", "large-1"), ("large-",))


@pytest.mark.parametrize(
    ("claim", "prices", "expected"),
    [
        ("a later price is added", "from = 2026-09-01", [("None", 10), ("2026-07-01", 8), ("2026-09-01", 5)]),
        (
            "one between stands between",
            "from = 2026-05-01",
            [("None", 10), ("2026-05-01", 5), ("2026-07-01", 8)],
        ),
        ("one of the same day takes its place", "from = 2026-07-01", [("None", 10), ("2026-07-01", 5)]),
        ("one without a day is the first", "", [("None", 5), ("2026-07-01", 8)]),
    ],
)
def test_an_extension_adds_its_prices_to_those_below(
    stacked: Stacked, claim: str, prices: str, expected: list[tuple[str, int]]
) -> None:
    catalog = stacked(LARGE, model(f"[[model.price]]\n{prices}\ninput = 5", extend=True))

    assert listed(catalog) == expected, claim


def test_an_extension_may_begin_before_all_prices_below(stacked: Stacked) -> None:
    dated = model("[[model.price]]\nfrom = 2026-07-01\ninput = 8")
    catalog = stacked(dated, model("[[model.price]]\nfrom = 2026-05-01\ninput = 5", extend=True))

    assert listed(catalog) == [("2026-05-01", 5), ("2026-07-01", 8)]


def test_an_extension_for_some_hours_leaves_the_others(stacked: Stacked, rate: Rate) -> None:
    night = '[[model.price]]\nhours_utc = ["22:00-06:00"]\ninput = 1'
    catalog = stacked(LARGE, model(night, extend=True))

    assert rate(catalog, "acme/large", "2026-10-01T23:00") == 1
    assert rate(catalog, "acme/large", "2026-10-01T12:00") == 8
    assert rate(catalog, "acme/large", "2026-06-01T12:00") == 10


def test_an_extension_of_nothing_is_a_model_of_its_own(stacked: Stacked) -> None:
    assert listed(stacked("", model("[[model.price]]\ninput = 5", extend=True))) == [("None", 5)]


EURO = 'schema = 1\ncurrency = "EUR"\n'
TWO_RATES = EURO + "[[exchange]]\nusd = 1.0\n[[exchange]]\nfrom = 2026-07-01\nusd = 2.0\n"


def test_a_change_of_exchange_below_is_no_change_of_price(stacked: Stacked, rate: Rate) -> None:
    below = TWO_RATES + model("[[model.price]]\ninput = 10")
    catalog = stacked(below, model("[[model.price]]\nfrom = 2026-05-01\ninput = 5", extend=True))

    days = ("2026-04-30", "2026-05-01", "2026-06-30", "2026-07-01", "2026-12-31")
    assert [rate(catalog, "acme/large", day) for day in days] == [10, 5, 5, 5, 5]


def test_a_change_of_exchange_above_is_no_change_of_price(stacked: Stacked, rate: Rate) -> None:
    below = model("[[model.price]]\ninput = 10\n[[model.price]]\nfrom = 2026-06-01\ninput = 8")
    above = TWO_RATES + model("[[model.price]]\nfrom = 2026-05-01\ninput = 5", extend=True)

    days = ("2026-04-30", "2026-05-01", "2026-05-31", "2026-06-01", "2026-07-01")
    assert [rate(stacked(below, above), "acme/large", day) for day in days] == [10, 5, 5, 8, 8]


def test_an_extension_in_another_currency_takes_the_place_of_a_price_of_the_same_day(
    stacked: Stacked, rate: Rate
) -> None:
    below = TWO_RATES + model("[[model.price]]\ninput = 10\n[[model.price]]\nfrom = 2026-08-01\ninput = 9")
    catalog = stacked(below, model("[[model.price]]\ninput = 5", extend=True))

    days = ("2026-01-01", "2026-07-01", "2026-08-01")
    assert [rate(catalog, "acme/large", day) for day in days] == [5, 5, 18]


def test_prices_of_an_extended_model_keep_the_date_and_source_of_their_own_file(stacked: Stacked) -> None:
    below = 'source = "the page"\ndate = 2026-01-01\n' + LARGE
    above = 'source = "our desk"\ndate = 2026-10-01\n' + model(
        "[[model.price]]\nfrom = 2026-09-01\ninput = 5", extend=True
    )
    catalog = stacked(below, above)
    (found,) = catalog.models

    assert [verified_on(catalog, found, row) for row in found.prices] == [
        dt.date(2026, 1, 1),
        dt.date(2026, 1, 1),
        dt.date(2026, 10, 1),
    ]
    assert [row.sources for row in found.prices] == [{"standard": "the page"}, {"standard": "the page"}, {}]


def test_what_a_price_says_of_its_date_and_source_outlives_an_extension(stacked: Stacked) -> None:
    own = model(
        'source = "the list"\n[[model.price]]\nverified = 2026-02-02\ninput = 1\nbatch_input = 1\n'
        'source = { batch = "the bill" }'
    )
    above = model("[[model.price]]\nfrom = 2026-09-01\ninput = 5", extend=True)
    (row, _) = stacked("date = 2026-01-01\n" + own, above).models[0].prices

    assert row.verified == dt.date(2026, 2, 2)
    assert row.sources == {"standard": "the list", "batch": "the bill"}


def test_new_models_come_before_those_below(stacked: Stacked) -> None:
    lower = model("[[model.price]]", name="a") + model("[[model.price]]", name="b")
    upper = model("[[model.price]]", name="b") + model("[[model.price]]", name="c")

    assert [(each.id, each.layer) for each in stacked(lower, upper).models] == [("c", 1), ("a", 0), ("b", 1)]


def test_an_extension_that_makes_too_many_prices_names_the_model_and_its_line(refused: Refused) -> None:
    def days(first: int, count: int) -> str:
        start = dt.date.fromordinal(first)
        return "".join(
            f"[[model.price]]\nfrom = {start + dt.timedelta(days=number)}\ninput = 1\n"
            for number in range(count)
        )

    upper = model(days(740_600, 10), extend=True)

    assert refused(model(days(739_000, 991)), upper) == (
        "`1.toml`, line 3: model `acme/large`: it has 1001 prices, counting each exchange and contract period\n"
        "a model can have 1000 at most"
    )


# Standing alone


def test_a_file_that_stands_alone_hides_all_below_and_nothing_above(stacked: Stacked) -> None:
    alone = "standalone = true\n" + model("[[model.price]]\ninput = 5", name="own")
    terms = "[[adjust]]\nmultiply = 0.5\n"
    catalog = stacked(LARGE + terms, alone, model("[[model.price]]\ninput = 6", name="further"))

    assert [(each.id, each.layer) for each in catalog.models] == [("further", 1), ("own", 0)]
    assert catalog.adjustments == ()
    assert [layer.path[-6:] for layer in catalog.layers] == ["1.toml", "2.toml"]


def test_of_two_that_stand_alone_the_upper_one_does(stacked: Stacked) -> None:
    catalog = stacked("standalone = true\n" + LARGE, "standalone = true\n")

    assert catalog.models == ()
    assert len(catalog.layers) == 1


def test_what_stands_alone_cannot_refer_to_what_is_below(refused: Refused) -> None:
    alone = 'standalone = true\n[[alias]]\nraw = "chat"\nmodel = "acme/large"'

    assert refused(LARGE, alone).startswith(
        "`1.toml`, line 6: alias 1: the catalog has no model `acme/large`"
    )


# Providers


def test_what_all_files_say_of_a_provider_counts_the_upper_ones_first(stacked: Stacked) -> None:
    lower = """
[[provider]]
id = "acme"
names = ["acme inc"]
strip = ["acme/"]
fallback = ["vendor"]
infer = { prefix = ["l"], regex = ["x"] }
[[provider]]
id = "vendor"
"""
    upper = """
[[provider]]
id = "desk"
[[provider]]
id = "acme"
names = ["our acme", "acme inc"]
strip = ["our/"]
fallback = ["desk"]
infer = { prefix = ["o"], exact = ["e"], suffix = ["s"], contains = ["c"] }
gateway = true
"""
    catalog = stacked(lower, upper)

    assert list(catalog.providers) == ["desk", "acme", "vendor"]
    acme = catalog.providers["acme"]
    assert acme.names == ("our acme", "acme inc")
    assert acme.strip == ("our/", "acme/")
    assert acme.fallback == ("desk", "vendor")
    assert acme.infer == Match(("e",), ("o", "l"), ("s",), ("c",), ("x",))
    assert acme.gateway


def test_a_gateway_below_is_one_also_where_an_upper_file_does_not_say_so(stacked: Stacked) -> None:
    gateway = '[[provider]]\nid = "router"\ngateway = true\n'

    assert stacked(gateway, '[[provider]]\nid = "router"\nstrip = ["r/"]\n').providers["router"].gateway


def test_a_provider_that_only_a_model_names_is_one(stacked: Stacked) -> None:
    assert set(stacked(LARGE, model("[[model.price]]", provider="desk")).providers) == {"acme", "desk"}


def test_a_fallback_may_be_a_provider_of_a_file_below(stacked: Stacked, refused: Refused) -> None:
    desk = '[[provider]]\nid = "desk"\nfallback = ["acme"]\n'

    assert stacked(LARGE, desk).providers["desk"].fallback == ("acme",)
    assert refused("", desk) == (
        "`1.toml`, line 5: provider `desk`: `fallback` names `acme`, which the catalog does not have\n"
        "use the `id` of a `[[provider]]`"
    )


KNOWN = '[[provider]]\nid = "acme"\nnames = ["acme_inc"]\n'


@pytest.mark.parametrize(
    ("upper", "message"),
    [
        (
            model("[[model.price]]", provider="Acme"),
            (
                "`1.toml`, line 4: model `Acme/large`: its provider is `acme` in the catalog\n"
                'write `provider = "acme"`'
            ),
        ),
        (
            model("[[model.price]]", provider="acme-inc"),
            (
                "`1.toml`, line 4: model `acme-inc/large`: its provider is `acme` in the catalog\n"
                'write `provider = "acme"`'
            ),
        ),
        (
            '[[provider]]\nid = "ACME"',
            '`1.toml`, line 4: provider `ACME` is `acme` in the catalog\nwrite `id = "acme"`',
        ),
    ],
)
def test_a_provider_spelt_otherwise_than_below_is_refused_as_its_models_would_be_lost(
    refused: Refused, upper: str, message: str
) -> None:
    assert refused(KNOWN, upper) == message


def test_a_provider_spelt_otherwise_in_the_same_file_is_refused(refused: Refused) -> None:
    assert refused(KNOWN + model("[[model.price]]", provider="Acme")).startswith(
        "`0.toml`, line 7: model `Acme/large`: its provider is `acme`"
    )


def test_a_file_may_make_a_name_of_a_provider_below_a_provider_of_its_own(stacked: Stacked) -> None:
    own = '[[provider]]\nid = "acme-inc"\n' + model("[[model.price]]", provider="acme-inc")
    catalog = stacked(KNOWN + LARGE, own)

    number = resolve(catalog, "Acme Inc", "large")
    assert number is not None
    assert model_of(catalog, number).provider == "acme-inc"


# All together


def test_the_digest_of_one_file_is_that_of_its_bytes_and_of_several_that_of_their_digests(
    stacked: Stacked,
) -> None:
    one, two = (
        hashlib.sha256(text.encode()).hexdigest()
        for text in ("schema=1\ncurrency='USD'", "schema=1\ncurrency='USD'\n")
    )

    assert stacked("schema=1\ncurrency='USD'").digest == one
    both = stacked("schema=1\ncurrency='USD'", "schema=1\ncurrency='USD'\n")
    assert both.digest == hashlib.sha256(f"{one}\n{two}".encode()).hexdigest()
    assert (
        stacked("schema=1\ncurrency='USD'", "schema=1\ncurrency='USD'\nstandalone=true").digest != both.digest
    )


def test_a_report_names_every_file_from_the_lowest_up(stacked: Stacked) -> None:
    report = report_of(stacked('source = "the page"\ndate = 2026-01-01', 'source = "our desk"'))

    assert (report.source, report.date) == ("the page", "2026-01-01")
    assert [(layer.path[-6:], layer.source, layer.date) for layer in report.layers] == [
        ("0.toml", "the page", "2026-01-01"),
        ("1.toml", "our desk", None),
    ]


def test_a_problem_is_told_of_the_file_that_has_it(refused: Refused) -> None:
    assert refused(LARGE, "[[adjust]]\nmultiply = 2000\n", LARGE).startswith("`1.toml`, line 4: adjust 1: ")


def test_no_file_is_no_catalog() -> None:
    with pytest.raises(AssertionError):
        load_layers([])
