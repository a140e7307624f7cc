from collections.abc import Iterable
from decimal import Decimal

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from costopt.pricing.editing import edited
from costopt.pricing.entries import Match, Model, ModePrice, PriceRow, Provider, Rates
from costopt.pricing.fields import Problem
from costopt.pricing.writing import model_text, provider_text

FILE = """\
# Our prices; ask Ann before you change them.
schema = 1
currency   =   'USD'   # dollars

[[provider]]
id = "acme"

# The large one.
[[ model ]]  # since May
  provider = "acme"
  id = "large"
  [[model.price]]
  input = 5   # was 6

  [model.price.mode.flex]
  input = 2.5

# The small one.

[[model]]
provider = "acme"
id = "small"
price = [{ input = 1.0 }]
# The end.
"""


def model(name: str, rate: int = 7_000_000) -> Model:
    row = PriceRow(None, (), frozenset(), {"standard": ModePrice(Rates(input=rate))})
    return Model("acme", name, Match(), (row,))


def put(content: str, *models: Model, providers: Iterable[Provider] = ()) -> str:
    return edited(content, {(each.provider, each.id): each for each in models}, tuple(providers))


def refusal(content: str) -> str:
    with pytest.raises(Problem) as caught:
        put(content, model("large"))
    return f"{caught.value}\n{caught.value.hint}"


def test_without_an_entry_not_a_byte_changes() -> None:
    assert put(FILE) == FILE


def test_an_entry_is_replaced_where_it_stands_and_comments_after_it_stay() -> None:
    assert put(FILE, model("large")) == (
        """\
# Our prices; ask Ann before you change them.
schema = 1
currency   =   'USD'   # dollars

[[provider]]
id = "acme"

# The large one.
[[model]]
provider = "acme"
id = "large"
[[model.price]]
input = 7.0

# The small one.

[[model]]
provider = "acme"
id = "small"
price = [{ input = 1.0 }]
# The end.
"""
    )


def test_the_last_entry_is_replaced_too() -> None:
    before, comment, _ = FILE.partition("# The small one.\n\n")

    assert put(FILE, model("small")) == before + comment + model_text(model("small")) + "# The end.\n"
    assert put(FILE.removesuffix("# The end.\n").rstrip(), model("small")) == (
        before + comment + model_text(model("small"))
    )


def test_a_new_entry_is_added_at_the_end_after_a_blank_line() -> None:
    assert put(FILE, model("new")) == f"{FILE}\n{model_text(model('new'))}"
    assert put(f"{FILE}\n", model("new")) == f"{FILE}\n{model_text(model('new'))}"
    assert put(FILE.rstrip("\n"), model("new")) == f"{FILE}\n{model_text(model('new'))}"


def test_a_provider_is_added_only_if_the_file_has_none_of_that_name() -> None:
    new = Provider("other", strip=("other/",))

    assert put(FILE, providers=[Provider("acme", strip=("acme/",)), new]) == f"{FILE}\n{provider_text(new)}"


def test_a_file_that_says_nothing_gets_a_head() -> None:
    head = 'schema = 1\ncurrency = "USD"\n'

    assert put("", model("large")) == f"{head}\n{model_text(model('large'))}"
    assert put("# Mine.\n", providers=[Provider("acme")]) == f'# Mine.\n\n{head}\n[[provider]]\nid = "acme"\n'


def test_line_ends_stay_what_they_are() -> None:
    content = put(FILE.replace("\n", "\r\n"), model("large"), model("new"))

    assert content == put(FILE, model("large"), model("new")).replace("\n", "\r\n")


def test_headers_within_strings_and_comments_are_none() -> None:
    content = (
        'schema = 1\nsource = """\n[[model]]\\"""\n"""\n'
        "# [[model]]\n[[model]]\nprovider = 'acme'\nid = 'large'\n"
        "source = '''\n[[model]]\n'''\ntokenizer = \"[[model]]#\"\n"
    )

    assert put(content, model("large")) == content[: content.index("[[model]]\nprov")] + model_text(
        model("large")
    )


def test_other_tables_between_models_stay() -> None:
    content = (
        "[[model]]\nprovider = 'acme'\nid = 'large'\n[[provider]]\nid = 'acme'\n"
        "[[model]]\nprovider = 'acme'\nid = 'small'\n"
        "[[alias]]\nraw = 'x'\n"
    )

    assert put(content, model("large"), model("small")) == (
        f"{model_text(model('large'))}[[provider]]\nid = 'acme'\n{model_text(model('small'))}[[alias]]\nraw = 'x'\n"
    )


def test_models_that_are_not_laid_out_in_tables_are_refused() -> None:
    expected = (
        "its models cannot be edited one by one\nwrite each as a `[[model]]` table with lines of its own"
    )

    assert refusal('model = [{ provider = "acme", id = "large" }]') == expected
    assert (
        refusal(
            "[[model]]\nprovider = 'acme'\nid = 'large'\n[['provider']]\nid = 'acme'\n[model.match]\nexact = ['x']\n"
        )
        == expected
    )


def test_an_inline_list_of_models_cannot_be_added_to() -> None:
    assert refusal('model = [{ provider = "acme", id = "small" }]').endswith(
        "write each as a `[[model]]` table with lines of its own"
    )


def test_what_is_not_toml_is_refused() -> None:
    assert (
        refusal("schema = ")
        == "it is not valid TOML: Invalid value (at end of document)\nmend the syntax there"
    )


# Whatever is asked for is there afterwards, and nothing else has changed

NAMES = st.sampled_from(["large", "small", "a'b", '"""', "'''", "\\", "#", "[[model]]", "\n[[model]]\n", "é"])
NOTES = st.sampled_from(["", "\n", "# [[model]] \"\"\" '''\n", "\n\n# note\n", "\t\n"])


@given(st.lists(st.tuples(NAMES, NOTES), unique_by=lambda item: item[0]), st.frozensets(NAMES), NOTES)
def test_the_result_says_what_was_asked_for(
    present: list[tuple[str, str]], wanted: frozenset[str], start: str
) -> None:
    content = start + "".join(model_text(model(name, 1)) + note for name, note in present)

    result = put(content, *(model(name, 2) for name in sorted(wanted)))

    listed = tomli.loads(result, parse_float=Decimal).get("model", [])
    rates = {each["id"]: each["price"][0]["input"] for each in listed}
    old = {name: Decimal("0.000001") for name, _ in present}
    assert rates == old | dict.fromkeys(wanted, Decimal("0.000002"))
    for name, note in present:
        kept = name not in wanted
        assert (model_text(model(name, 1 if kept else 2)) + note) in result
