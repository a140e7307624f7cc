import datetime as dt

from costopt.pricing.comparing import changes
from costopt.pricing.entries import ModePrice, PriceRow, Rates, Tier

JUL = dt.date(2026, 7, 1)


def row(
    starts: dt.date | None = None, *, hours: tuple[tuple[int, int], ...] = (), **modes: ModePrice
) -> PriceRow:
    return PriceRow(starts, hours, frozenset(), modes)


def price(rate: int, *tiers: Tier, output: int | None = None) -> ModePrice:
    return ModePrice(Rates(input=rate, output=output), tiers)


def told(before: list[PriceRow], after: list[PriceRow]) -> list[str]:
    """Each change in words."""
    return [
        f"{each.place.starts or 'always'} {each.place.mode} {each.place.above} {each.place.rate}: {each.before} {each.after}"
        for each in changes(before, after)
    ]


def test_the_same_prices_have_no_changes() -> None:
    rows = [row(standard=price(10, Tier(100, Rates(input=20)))), row(JUL, standard=price(8))]

    assert changes(rows, rows) == ()
    assert changes((), ()) == ()


def test_a_rate_that_is_another_is_a_change() -> None:
    assert told([row(standard=price(10, output=20))], [row(standard=price(9, output=20))]) == [
        "always standard 0 input: 10 9"
    ]


def test_a_rate_that_comes_or_goes_is_a_change_from_or_to_nothing_and_free_is_not_nothing() -> None:
    assert told([row(standard=price(10))], [row(standard=price(10, output=0))]) == [
        "always standard 0 output: None 0"
    ]
    assert told([row(standard=price(10, output=0))], [row(standard=price(10))]) == [
        "always standard 0 output: 0 None"
    ]


def test_changes_are_told_by_day_mode_size_and_rate() -> None:
    before = [row(JUL, standard=price(1))]
    after = [
        row(JUL, batch=price(2), standard=price(1, Tier(100, Rates(input=5)), output=4)),
        row(standard=price(7)),
    ]

    assert told(before, after) == [
        "always standard 0 input: None 7",
        "2026-07-01 standard 0 output: None 4",
        "2026-07-01 standard 100 input: None 5",
        "2026-07-01 batch 0 input: None 2",
    ]


def test_a_price_that_begins_on_another_day_goes_there_and_comes_here() -> None:
    assert told([row(standard=price(1))], [row(JUL, standard=price(1))]) == [
        "always standard 0 input: 1 None",
        "2026-07-01 standard 0 input: None 1",
    ]


def test_hours_are_places_of_their_own() -> None:
    night = row(hours=((0, 360),), standard=price(1))

    (change,) = changes([row(standard=price(2))], [row(standard=price(2)), night])
    assert (change.place.hours_utc, change.before, change.after) == (((0, 360),), None, 1)


def test_of_two_prices_of_the_same_terms_the_last_counts_as_it_applies() -> None:
    assert told([row(standard=price(1)), row(standard=price(2))], [row(standard=price(2))]) == []
