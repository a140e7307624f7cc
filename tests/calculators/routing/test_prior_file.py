import pytest

from costopt.calculators.routing.estimates import Prior
from costopt.calculators.routing.prior_file import read_prior
from costopt.errors import ConfigError
from costopt.pricing.catalog import Catalog


def test_models_go_by_the_catalogs_names_however_they_are_written(priced: Catalog) -> None:
    text = 'source = "our tests"\n[quality]\nacme-large = 1\n"openai/gpt-one" = 0.25\nGPT-TWO = 0\n'

    assert read_prior(text, "prior.toml", priced) == Prior(
        source="our tests",
        qualities={"acme/acme-large": 1.0, "openai/gpt-one": 0.25, "openai/gpt-two": 0.0},
    )


def test_a_model_that_the_catalog_lacks_may_be_the_logs(priced: Catalog) -> None:
    text = 'source = "our tests"\n[quality]\n"groq/ours-70b" = 0.5\n'

    assert read_prior(text, "prior.toml", priced).qualities == {"groq/ours-70b": 0.5}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("source = ", "`p` is not valid TOML: ", "mend the syntax there"),
        ("[quality]\na = 1", "`p`, line 1: `source` is missing", "who measured what"),
        ('source = ""\n[quality]\na = 1', "`p`, line 1: `source` is", "a string that is not empty"),
        ('source = "s"', "the table `[quality]` is missing or empty", '"openai/gpt-4o" = 0.87'),
        ('source = "s"\nquality = 1', "`p`, line 2: `quality` is `1`, not a table", "a table"),
        ('source = "s"\nx = 1\n[quality]\na = 1', "`p`, line 2: unknown key `x`", "quality, source"),
        ('source = "s"\n[quality]\na = 1.01', "`p`, line 3: `a` is `1.01`, not a number", "from 0 to 1"),
        ('source = "s"\n[quality]\na = inf', "`p`, line 3: `a` is `inf`, not a number", "from 0 to 1"),
        ('source = "s"\n[quality]\na = true', "`p`, line 3: `a` is `true`, not a number", "from 0 to 1"),
        ('source = "s"\n[quality]\na = [1]', "`p`, line 3: `a` is a list, not a number", "from 0 to 1"),
        (
            'source = "s"\n[quality]\na.b = 1',
            "`p`, line 3: `a` is a table, not a number",
            'quote a name with a dot: `"a..."`',
        ),
        (
            'source = "s"\n[quality]\ngpt-one = 1\n"openai/gpt-one" = 1',
            "`p`, line 4: `openai/gpt-one` is `openai/gpt-one` once more",
            "keep one of them",
        ),
    ],
)
def test_what_is_wrong_is_told(priced: Catalog, text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_prior(text, "p", priced)
    assert message in caught.value.message
    assert hint in caught.value.hint
