import hashlib
import json

import polars as pl
import pytest
from savings import OCTOBER, contract, entries

from costopt.calculators.gainshare.invoice import Invoice, invoice
from costopt.calculators.gainshare.issued import read_issued, written
from costopt.errors import LedgerError

TENANT = 'Ünïcödé <b>"\u202e\\\U0001f600'


def sample() -> Invoice:
    terms = contract(
        "33.333333",
        tenant=TENANT,
        base_fee="1000",
        currency="EUR",
        exchange=({"usd": "1.08", "starts": None},),
    )
    table = entries("baseline_cost,actual_cost\n2000.123456789012,1000\n").with_columns(tenant=pl.lit(TENANT))
    return invoice(TENANT, OCTOBER, [terms], table)


def test_an_issued_invoice_reads_back_as_the_same_invoice() -> None:
    text = written(sample())
    again = read_issued(text, "a")

    assert again == sample()
    assert again.model_dump_json() == sample().model_dump_json()
    assert written(again) == text == written(sample())
    assert again.tenant == TENANT


def test_no_amount_in_it_is_a_number_that_others_might_round() -> None:
    json.loads(written(sample()), parse_float=pytest.fail)


def test_a_change_of_any_amount_is_found() -> None:
    text = written(sample())
    amount = str(sample().amount_due)

    with pytest.raises(LedgerError, match="`a` has been changed since the invoice was issued"):
        read_issued(text.replace(f'"{amount}"', '"1.00"'), "a")


def test_the_layout_of_the_file_is_not_the_invoice() -> None:
    assert read_issued(json.dumps(json.loads(written(sample()))), "a") == sample()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_what_is_no_json_object_is_no_invoice(text: str) -> None:
    with pytest.raises(LedgerError, match="`a` is not an issued invoice: it is not a JSON object"):
        read_issued(text, "a")


def test_a_form_of_the_future_is_told_so() -> None:
    with pytest.raises(LedgerError, match="`a` is an invoice in a form that is not known here"):
        read_issued('{"version": 2}', "a")


def test_a_digest_does_not_make_an_invoice() -> None:
    digest = hashlib.sha256(b'{"tenant":"acme"}').hexdigest()

    with pytest.raises(LedgerError, match="`a` is not an issued invoice: `number`: field required") as caught:
        read_issued(json.dumps({"version": 1, "sha256": digest, "invoice": {"tenant": "acme"}}), "a")
    assert caught.value.hint == "restore it from a backup: an issued invoice does not change"
