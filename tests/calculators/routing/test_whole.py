from costopt.calculators.routing.whole import Change, cheapest_changes

RATE = Change(1, 1)


def test_several_small_changes_are_taken_where_they_are_cheaper_than_a_large_one() -> None:
    changes = [[Change(9, 5)], [Change(4, 3)], [Change(3, 2)]]

    assert cheapest_changes(changes, 5, RATE, 100) == ({1: 0, 2: 0}, True)


def test_a_change_that_saves_is_taken_with_one_that_costs() -> None:
    changes = [[Change(0, 0), Change(8, 8)], [Change(-2, -2), Change(0, 0), Change(7, 5)]]

    assert cheapest_changes(changes, 5, RATE, 100) == ({0: 1, 1: 0}, True)


def test_of_equally_cheap_changes_the_first_is_taken() -> None:
    changes = [[Change(6, 5)], [Change(6, 5), Change(6, 6)]]

    assert cheapest_changes(changes, 5, RATE, 100) == ({0: 0}, True)


def test_out_of_effort_what_is_given_gains_enough_but_is_not_proven() -> None:
    changes = [[Change(9, 5)], [Change(4, 3)], [Change(3, 2)]]

    assert cheapest_changes(changes, 5, RATE, 1) == ({0: 0}, False)


def test_what_cannot_be_bettered_needs_no_effort() -> None:
    assert cheapest_changes([[Change(5, 5), Change(9, 6)]], 5, RATE, 0) == ({0: 0}, True)
