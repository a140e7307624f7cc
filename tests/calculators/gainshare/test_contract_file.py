import datetime as dt
from decimal import Decimal

import pytest

from costopt.calculators.gainshare.contract_file import ContractFile, Names, read_contracts
from costopt.calculators.gainshare.contracts import Baseline, Contract, ExchangeRate, Tier
from costopt.errors import ConfigError

LEAST = """\
schema = 1
[[contract]]
tenant = "acme"
start = 2026-01-01
percentage = 25
baseline = "openai/gpt-5.5"
"""


def read(*texts: str) -> tuple[Contract, ...]:
    return read_contracts(ContractFile(f"{n}.toml", text.encode()) for n, text in enumerate(texts))


def names(frontier: str) -> Names:
    """A frontier model, and one of the catalog."""
    return Names([frontier], ["openai/gpt-5.5"], {"openai/gpt-5.5": "openai/gpt-5.5"}.get)


def refused(*texts: str) -> tuple[str, str]:
    with pytest.raises(ConfigError) as caught:
        read(*texts)
    return caught.value.message, caught.value.hint


def test_what_is_left_out_has_its_usual_value() -> None:
    assert read(LEAST) == (
        Contract(
            tenant="acme",
            start=dt.date(2026, 1, 1),
            tiers=(Tier(above=Decimal(0), percentage=Decimal(25)),),
            baseline=(Baseline(model="openai/gpt-5.5"),),
        ),
    )


def test_every_term_is_read() -> None:
    (terms,) = read(
        """
        schema = 1
        [[contract]]
        tenant = "acme"
        start = 2026-01-01
        end = 2026-12-31
        base_fee = 500.50
        minimum = 600
        cap = 5_000
        floor = 1e3
        currency = "EUR"
        exchange = [{ from = 2026-01-01, usd = 1.08 }, { from = 2026-07-01, usd = 1.1 }]
        rounding = "half_even"
        decimals = 0
        losing_month = "carry_forward"
        [[contract.tier]]
        above = 0
        percentage = 20
        [[contract.tier]]
        above = 10_000
        percentage = 12.5
        [[contract.baseline]]
        model = "premium"
        flat = true
        capability = "code"
        [[contract.baseline]]
        model = "openai/gpt-5.5"
        tag = "chat"
        [[contract.baseline]]
        model = "openai/gpt-5.4"
        """
    )

    assert terms == Contract(
        tenant="acme",
        start=dt.date(2026, 1, 1),
        end=dt.date(2026, 12, 31),
        tiers=(
            Tier(above=Decimal(0), percentage=Decimal(20)),
            Tier(above=Decimal(10_000), percentage=Decimal("12.5")),
        ),
        base_fee=Decimal("500.5"),
        minimum=Decimal(600),
        cap=Decimal(5000),
        floor=Decimal(1000),
        baseline=(
            Baseline(model="premium", flat=True, capability="code"),
            Baseline(model="openai/gpt-5.5", tag="chat"),
            Baseline(model="openai/gpt-5.4"),
        ),
        currency="EUR",
        exchange=(
            ExchangeRate(starts=dt.date(2026, 1, 1), usd=Decimal("1.08")),
            ExchangeRate(starts=dt.date(2026, 7, 1), usd=Decimal("1.1")),
        ),
        rounding="half_even",
        decimals=0,
        losing_month="carry_forward",
    )


def test_the_digest_does_not_depend_on_how_the_terms_are_written() -> None:
    other = (
        LEAST.replace("= 25", "= 25.0").replace("schema = 1", "\ufeff# terms\nschema = 1\n\n")
        + "floor = -0.0\n"
    )

    assert read(LEAST)[0].sha256 == read(other)[0].sha256


def test_the_order_of_files_and_contracts_is_irrelevant() -> None:
    one = LEAST + "end = 2026-06-30\n"
    other = LEAST.replace("2026-01-01", "2026-07-01")
    third = LEAST.replace("acme", "Zeta")

    assert read(one, other, third) == read(third, other, one) == read(other + third.partition("\n")[2], one)
    assert [(each.tenant, each.start.month) for each in read(other, third, one)] == [
        ("Zeta", 1),
        ("acme", 1),
        ("acme", 7),
    ]


@pytest.mark.parametrize(
    ("found", "instead", "message", "hint"),
    [
        ("schema = 1\n", "", "line 1: `schema` is `None`, not `1`", "start the file with `schema = 1`"),
        ("schema = 1", "schema = 2", "line 1: `schema` is `2`, not `1`", "start the file with `schema = 1`"),
        ("schema = 1", "schema = 1\nshema = 1", "line 2: unknown key `shema`", "did you mean `schema`?"),
        (
            'tenant = "acme"',
            'tenant = ""',
            'line 3: contract 1: `tenant` is `""`, not a string that is not empty',
            "expected: a string that is not empty",
        ),
        ('tenant = "acme"\n', "", "line 2: contract 1: `tenant` is missing", 'add `tenant = "..."`'),
        (
            "start = 2026-01-01\n",
            "",
            "line 2: contract 1: `start` is missing",
            "add its first day: `start = 2026-01-01`",
        ),
        (
            "2026-01-01",
            '"2026-01-01"',
            'line 4: contract 1: `start` is `"2026-01-01"`, not a date such as 2026-08-21',
            "expected: a date such as 2026-08-21",
        ),
        (
            "percentage",
            "end = 2025-12-31\npercentage",
            "line 5: contract 1: `end` is 2025-12-31, which is before `start`, 2026-01-01",
            "name the last day on which it holds",
        ),
        (
            "percentage = 25\n",
            "",
            "line 2: contract 1: `percentage` is missing",
            "add `percentage = 25` for a quarter of the savings",
        ),
        (
            "= 25",
            "= 101",
            "line 5: contract 1: `percentage` is `101`, not a percentage from 0 to 100, such as 25 for a quarter",
            "expected: a percentage from 0 to 100, such as 25 for a quarter",
        ),
        (
            "= 25",
            "= -0.5",
            "line 5: contract 1: `percentage` is `-0.5`, not a percentage from 0 to 100, such as 25 for a quarter",
            "expected: a percentage from 0 to 100, such as 25 for a quarter",
        ),
        (
            "= 25",
            "= nan",
            "line 5: contract 1: `percentage` is `NaN`, not a percentage from 0 to 100, such as 25 for a quarter",
            "expected: a percentage from 0 to 100, such as 25 for a quarter",
        ),
        (
            "= 25",
            "= true",
            "line 5: contract 1: `percentage` is `true`, not a percentage from 0 to 100, such as 25 for a quarter",
            "expected: a percentage from 0 to 100, such as 25 for a quarter",
        ),
        (
            "= 25",
            "= 33.3333333",
            "line 5: contract 1: `percentage` is `33.3333333`, not a number of at most 6 decimals",
            "expected: a number of at most 6 decimals",
        ),
        (
            "percentage",
            "base_fee = -1\npercentage",
            "line 5: contract 1: `base_fee` is `-1`, not an amount from 0 to 1,000,000,000,000",
            "expected: an amount from 0 to 1,000,000,000,000",
        ),
        (
            "percentage",
            "cap = 1\nminimum = 2\npercentage",
            "line 5: contract 1: `cap` is 1, which is below `minimum`, 2",
            "the cap is the most that an invoice asks for, base fee included",
        ),
        (
            "percentage",
            "base_fee = 2\ncap = 1\npercentage",
            "line 6: contract 1: `cap` is 1, which is below `base_fee`, 2",
            "the cap is the most that an invoice asks for, base fee included",
        ),
        (
            "percentage = 25",
            "percentage = 25\ntier = [{ above = 0, percentage = 1 }]",
            "line 5: contract 1: `percentage` stands beside `tier`",
            "a single percentage is `percentage`, several are `[[contract.tier]]`: keep one of the two",
        ),
        (
            "percentage = 25",
            "tier = []",
            "line 5: contract 1: `tier` is an empty list, not at least one `[[contract.tier]]`",
            "expected: at least one `[[contract.tier]]`",
        ),
        (
            "percentage = 25",
            "tier = [\n{ above = 10, percentage = 1 },\n{ above = 10, percentage = 2 }]",
            "line 7: contract 1: tier 2: `above` is 10, which is not more than in the tier before it",
            "order the tiers by `above`",
        ),
        (
            "percentage = 25",
            "tier = [{ percentage = 1 }]",
            "line 5: contract 1: tier 1: `above` is missing",
            "add the savings above which it holds: `above = 0`",
        ),
        (
            "percentage = 25",
            "tier = [{ above = 0, percent = 1 }]",
            "line 5: contract 1: tier 1: unknown key `percent`",
            "did you mean `percentage`?",
        ),
        (
            "percentage = 25",
            'percentage = 25\nrounding = "up"',
            'line 6: contract 1: `rounding` is `"up"`, not "half_up" or "half_even"',
            'expected: "half_up" or "half_even"',
        ),
        (
            "percentage = 25",
            'percentage = 25\nlosing_month = ["nothing"]',
            'line 6: contract 1: `losing_month` is a list, not "nothing" or "carry_forward"',
            'expected: "nothing" or "carry_forward"',
        ),
        (
            "percentage = 25",
            "percentage = 25\ndecimals = 5",
            "line 6: contract 1: `decimals` is `5`, not a whole number from 0 to 4",
            "expected: a whole number from 0 to 4",
        ),
        (
            "percentage = 25",
            "percentage = 25\ndecimals = true",
            "line 6: contract 1: `decimals` is `true`, not a whole number from 0 to 4",
            "expected: a whole number from 0 to 4",
        ),
        (
            "percentage = 25",
            'percentage = 25\ncurrency = "euro"',
            'line 6: contract 1: `currency` is `"euro"`, not a code of three capitals such as "USD" or "EUR"',
            'expected: a code of three capitals such as "USD" or "EUR"',
        ),
        (
            "percentage = 25",
            'percentage = 25\ncurrency = "EUR"',
            "line 6: contract 1: `exchange` is missing: rates are in EUR",
            "add `[[contract.exchange]]` with `usd`, what one EUR is in US dollars, and `from`, its first day",
        ),
        (
            "percentage = 25",
            'percentage = 25\ncurrency = "EUR"\nexchange = [\n{ from = 2026-01-02, usd = 1.08 }]',
            "line 8: contract 1: exchange 1: `from` is 2026-01-02, which is after the contract's `start`, 2026-01-01",
            "every day of the contract needs a rate of exchange: name one from its start on",
        ),
        (
            'baseline = "openai/gpt-5.5"\n',
            "",
            "line 2: contract 1: `baseline` is missing",
            'add the model that is compared with: `baseline = "openai/gpt-5.5"`',
        ),
        (
            '"openai/gpt-5.5"',
            '" "',
            'line 6: contract 1: `baseline` is `" "`, not a string that is not empty',
            "expected: a string that is not empty",
        ),
        (
            '"openai/gpt-5.5"',
            '["openai/gpt-5.5"]',
            (
                "line 6: contract 1: `baseline` is a list, not a model, or a list of tables, written"
                " `[[contract.baseline]]`"
            ),
            "expected: a model, or a list of tables, written `[[contract.baseline]]`",
        ),
        (
            '"openai/gpt-5.5"',
            "[]",
            (
                "line 6: contract 1: `baseline` is an empty list, not a model, or a list of tables, written"
                " `[[contract.baseline]]`"
            ),
            "expected: a model, or a list of tables, written `[[contract.baseline]]`",
        ),
        (
            '"openai/gpt-5.5"',
            '[{ model = "a", tag = "x" },\n{ model = "b", tag = "x", capability = "code" }]',
            "line 7: contract 1: baseline 2: it is never used: `a for tag x` above it fits the same requests",
            "order them from the narrowest to the one for all others",
        ),
        (
            '"openai/gpt-5.5"',
            '[{ model = "a", tag = "co*" },\n{ model = "b", tag = "code" }]',
            "line 7: contract 1: baseline 2: it is never used: `a for tag co*` above it fits the same requests",
            "order them from the narrowest to the one for all others",
        ),
        (
            '"openai/gpt-5.5"',
            '[{ model = "a", start = 2026-01-01 },\n{ model = "b", start = 2026-07-01 }]',
            "line 7: contract 1: baseline 2: it is never used: `a from 2026-01-01` above it fits the same requests",
            "order them from the narrowest to the one for all others",
        ),
        (
            '"openai/gpt-5.5"',
            '[{ model = "a", end = 2025-12-31 }]',
            (
                "line 6: contract 1: baseline 1: it is never used: the contract does not hold from 2026-01-01 to"
                " 2025-12-31"
            ),
            "name days of the contract, or leave them out",
        ),
        (
            '"openai/gpt-5.5"',
            '[{ model = "a", start = 2026-03-01, end = 2026-02-01 }]',
            "line 6: contract 1: baseline 1: `end` is 2026-02-01, which is before `start`, 2026-03-01",
            "name the last day on which it holds",
        ),
        (
            '"openai/gpt-5.5"',
            '[{ model = "a", tags = "x" }]',
            "line 6: contract 1: baseline 1: unknown key `tags`",
            "did you mean `tag`?",
        ),
        ("baseline", "basline", "line 6: contract 1: unknown key `basline`", "did you mean `baseline`?"),
    ],
)
def test_a_mistake_is_named_with_file_line_key_and_what_was_expected(
    found: str, instead: str, message: str, hint: str
) -> None:
    assert refused(LEAST.replace(found, instead, 1)) == (f"`0.toml`, {message}", hint)


def test_a_baseline_that_nobody_knows_is_a_mistake() -> None:
    rules = LEAST.replace(
        '"openai/gpt-5.5"', '[{ model = "openai/gpt-5.5", tag = "x" },\n{ model = "premum" }]'
    )
    files = [
        ContractFile("a.toml", LEAST.encode()),
        ContractFile("b.toml", rules.replace("acme", "b").encode()),
    ]

    assert len(read_contracts(files, names("premum"))) == 2
    with pytest.raises(ConfigError) as caught:
        read_contracts(files, names("premium"))
    assert caught.value.message == (
        "`b.toml`, line 7: contract 1: the baseline `premum` is neither in the catalog nor a frontier model"
    )
    assert caught.value.hint == "did you mean `premium`?"
    with pytest.raises(ConfigError, match="line 6: contract 1: the baseline `openai/gpt") as caught:
        read_contracts(files, Names((), (), lambda _: None))
    assert caught.value.hint == "`costopt frontier list` names frontier models"


def test_a_file_without_a_contract_is_a_mistake() -> None:
    assert refused("schema = 1\n") == ("`0.toml`, line 1: it has no contract", "add a `[[contract]]`")


def test_what_is_no_toml_is_a_mistake() -> None:
    message, hint = refused("schema = ")
    assert message.startswith("`0.toml` is not valid TOML: ")
    assert hint == "mend the syntax there"

    with pytest.raises(ConfigError, match="`a` is not UTF-8: invalid start byte"):
        read_contracts([ContractFile("a", b"\xff")])

    message, hint = refused(f"schema = {'9' * 5000}")
    assert (message, hint) == (
        "`0.toml` has a number or nesting beyond all measure",
        "no contract is that large",
    )


def test_contracts_of_a_tenant_must_not_overlap_whatever_file_they_are_in() -> None:
    later = LEAST.replace("2026-01-01", "2026-10-01")

    assert refused("# earlier\n" + LEAST, later) == (
        (
            "`1.toml`, line 2: contract 1: it begins on 2026-10-01, while that of `acme` from 2026-01-01"
            " (`0.toml`, line 3) still holds"
        ),
        "end that one before: `end = 2026-09-30`",
    )
    assert refused(later, LEAST + "end = 2026-10-01\n")[0].startswith(
        "`0.toml`, line 2: contract 1: it begins on"
    )
    assert len(read(later, LEAST + "end = 2026-09-30\n")) == 2
    assert len(read(LEAST, LEAST.replace("acme", "other"))) == 2


def test_of_two_contracts_from_the_same_day_one_must_go() -> None:
    message, hint = refused(LEAST, LEAST)

    assert message.startswith("`1.toml`, line 2: contract 1: it begins on 2026-01-01, while that of `acme`")
    assert hint == "keep one of the two"


def test_contracts_that_share_a_month_share_its_currency_and_rounding() -> None:
    old, new = LEAST + "end = 2026-10-15\n", LEAST.replace("2026-01-01", "2026-10-16")

    assert len(read(old, new)) == 2
    for other in (
        "decimals = 0\n",
        'rounding = "half_even"\n',
        'currency = "EUR"\nexchange = [{ usd = 1.1 }]\n',
    ):
        assert refused(old, new + other) == (
            (
                "`1.toml`, line 2: contract 1: it has another currency or rounding than that of `acme` from 2026-01-01"
                " (`0.toml`, line 2), and both hold in 2026-10"
            ),
            "a month has one invoice: let the change begin with a month",
        )
        assert len(read(old, new.replace("10-16", "11-01") + other)) == 2
