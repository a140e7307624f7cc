import pytest
from recording import entry

from costopt.ledger.entry import Entry, key_of
from costopt.ledger.slots import bounds, place_in, place_of, shelf_of, slot_of


def slot(one: Entry) -> bytes:
    return slot_of(one.source, one.period, key_of(one.__dict__))


@pytest.mark.parametrize("field", ["tenant", "adapter", "model", "baseline"])
def test_what_a_source_says_of_a_period_is_in_one_place_each_in_a_slot_of_its_own(field: str) -> None:
    one, other = slot(entry()), slot(entry(**{field: "another"}))

    assert one != other
    assert place_in(one) == place_in(other) == place_of("prod", "2026-10-01")


def test_other_periods_and_sources_have_other_places() -> None:
    about = [("prod", "2026-10-01"), ("prod", "2026-10-02"), ("prod", "r-1"), ("other", "2026-10-01")]

    assert len({place_of(*each) for each in about}) == 4


@pytest.mark.parametrize("period", ["r-1", "", "2026-10-1", "2026-10-01T00", "2026-10-01\n"])
def test_the_days_of_a_source_stand_together_and_so_do_its_requests(period: str) -> None:
    by_day, by_request = shelf_of("prod", by_day=True), shelf_of("prod", by_day=False)

    assert place_of("prod", "2026-10-01").startswith(by_day)
    assert place_of("prod", period).startswith(by_request)


def test_the_bounds_of_a_beginning_have_all_between_them_that_begin_like_it() -> None:
    least, greatest = bounds(b"\x01")

    assert least < b"\x01" + bytes(31) < b"\x01" + b"\xff" * 31 <= greatest < b"\x02"
