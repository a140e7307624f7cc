import datetime as dt
import gzip
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from costopt.errors import CatalogError
from costopt.pricing.entries import Rates
from costopt.pricing.sources.opening import SOURCES, read_price_list

MAP = '{"large": {"litellm_provider": "acme", "input_cost_per_token": 4e-06, "output_cost_per_token": 8e-06}}'
LIST = '[{"id": "acme", "models": [{"id": "large", "match": {"equals": "l"}, "prices": {"input_mtok": 4}}]}]'
EXPECTED = "it should be the JSON of genai-prices (a list of providers) or of LiteLLM (an object of models)"

Write = Callable[[str, str | bytes], str]


def refusal(name: str) -> str:
    with pytest.raises(CatalogError) as caught:
        read_price_list(name)
    return f"{caught.value.message}\n{caught.value.hint}"


@pytest.mark.parametrize("name", ["prices.json", "prices.json.gz"])
@pytest.mark.parametrize(("text", "form"), [(MAP, "litellm"), (LIST, "genai-prices")])
def test_a_file_of_either_form_is_read(write: Write, name: str, text: str, form: str) -> None:
    content = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()

    layer = read_price_list(write(name, content)).layer

    source = f"{form} ({name})"
    assert (layer.path, layer.source, layer.date) == (name, source, None)
    assert layer.digest == hashlib.sha256(content).hexdigest()
    assert [(model.provider, model.id, model.source) for model in layer.models] == [("acme", "large", source)]
    assert layer.models[0].prices[0].modes["standard"].rates.input == 4_000_000


@pytest.mark.parametrize(("source", "expected"), [("", "own.toml"), ('source = "ours"', "ours")])
def test_a_catalog_file_is_a_price_list_too(write: Write, source: str, expected: str) -> None:
    entry = '[[model]]\nprovider = "acme"\nid = "large"\nextend = true\n[[model.price]]\ninput = 4\n'

    layer = read_price_list(write("own.toml", f'schema = 1\ncurrency = "USD"\n{source}\n{entry}')).layer

    assert [(model.name, model.source, model.extend) for model in layer.models] == [
        ("acme/large", expected, False)
    ]


def test_the_installed_genai_prices_is_read_with_its_release_and_date() -> None:
    layer = read_price_list("genai-prices").layer

    assert (layer.source, layer.date) == ("genai-prices 0.2.3 (MIT)", dt.date(2026, 11, 10))
    (mini,) = (model for model in layer.models if (model.provider, model.id) == ("openai", "gpt-4o-mini"))
    assert mini.prices[-1].modes["batch"].rates == Rates(
        input=75_000, cached_input=75_000, output=300_000, web_search=10_000_000_000
    )
    assert {model.source for model in layer.models} == {layer.source}
    assert len(layer.digest) == 64


@pytest.mark.parametrize(
    ("name", "file", "source"),
    [
        ("litellm", "model_prices_and_context_window_backup.json", "litellm 1.2.3 (MIT)"),
        ("tokencostauto", "model_prices.json", "tokencostauto 1.2.3 (MIT; LiteLLM's list)"),
    ],
)
def test_the_map_of_an_installed_package_is_read_without_importing_it(
    write: Write, monkeypatch: pytest.MonkeyPatch, name: str, file: str, source: str
) -> None:
    write(f"{name}/__init__.py", "raise RuntimeError")
    path = write(f"{name}/{file}", MAP)
    write(f"{name}-1.2.3.dist-info/METADATA", f"Name: {name}\nVersion: 1.2.3\n")
    monkeypatch.syspath_prepend(Path.cwd())

    layer = read_price_list(name).layer

    assert (layer.path, layer.source, len(layer.models)) == (str(Path.cwd() / path), source, 1)


@pytest.mark.parametrize(
    ("name", "module", "wanted"),
    [
        ("genai-prices", "genai_prices.data", "'llm-costopt[sync]'"),
        ("litellm", "litellm", "--no-deps litellm"),
        ("tokencostauto", "tokencostauto", "--no-deps tokencostauto"),
    ],
)
def test_a_package_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, module: str, wanted: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)

    assert refusal(name) == f"The package `{name}` is not installed\nrun `pip install {wanted}`"
    assert name in SOURCES


def test_a_file_that_is_missing_is_refused() -> None:
    assert refusal("litelm") == (
        "Cannot read the price list `litelm`: No such file or directory\n"
        "name a file, or one of the packages genai-prices, litellm, tokencostauto"
    )


def test_what_is_not_json_is_refused(write: Write) -> None:
    assert refusal(write("prices.json", "{")) == (
        "`prices.json` is not JSON: Expecting property name enclosed in double quotes: "
        f"line 1 column 2 (char 1)\n{EXPECTED}"
    )
    assert refusal(write("prices.json", b'["\xff"]')).startswith("`prices.json` is not JSON: 'utf-8' codec")


def test_a_damaged_archive_is_refused(write: Write) -> None:
    packed = gzip.compress(MAP.encode())

    for content in (b"{}", packed[:-9], packed[:10] + b"\xff" + packed[11:]):
        assert refusal(write("prices.json.gz", content)).startswith("`prices.json.gz` cannot be unpacked: ")


@pytest.mark.parametrize("text", ["[]", "{}", "1", '{"openai": {"models": {}}}'])
def test_json_that_is_no_price_list_is_refused(write: Write, text: str) -> None:
    assert refusal(write("prices.json", text)) == f"`prices.json` is not a price list\n{EXPECTED}"


def test_a_price_list_with_a_mistake_in_it_is_refused_by_its_place(write: Write) -> None:
    assert refusal(write("prices.json", LIST.replace('"match": {"equals": "l"},', ""))) == (
        f"`prices.json`: `0.models.0.match`: Field required\n{EXPECTED}"
    )
    assert refusal(write("prices.json", MAP.replace('"acme"', "1"))) == (
        f"`prices.json`: `large.litellm_provider`: Input should be a valid string\n{EXPECTED}"
    )


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ('{"input_mtok": -1}', "input_mtok`: Input should be greater than or equal to 0"),
        (
            '[{"constraint": {"start_date": "soon"}, "prices": {"input_mtok": 4}}]',
            "0.constraint.start_date`: Input should be a valid date or datetime, input is too short",
        ),
    ],
)
def test_a_mistake_in_a_value_of_several_forms_is_that_of_the_form_it_has(
    write: Write, prices: str, expected: str
) -> None:
    assert refusal(write("prices.json", LIST.replace('{"input_mtok": 4}', prices))) == (
        f"`prices.json`: `0.models.0.prices.{expected}\n{EXPECTED}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        MAP.replace("4e-06", "1e99999999999999999999"),
        LIST.replace("4", "1e-99999999999999999999"),
    ],
)
def test_a_number_or_nesting_beyond_all_measure_is_refused(write: Write, text: str) -> None:
    assert refusal(write("prices.json", text)) == (
        "`prices.json` has a number or nesting beyond all measure\nno price is that long"
    )


def test_an_infinite_rate_is_a_rate_that_cannot_be(write: Write) -> None:
    path = write("prices.json", MAP.replace("4e-06", "Infinity"))

    assert read_price_list(path).left_out == {"models: a rate that is not between 0 and 1 USD": 1}
