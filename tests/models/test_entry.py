import polars as pl
import pytest

from costopt.models.entry import FIGURES, SOMETHING
from costopt.models.schema import USD

MONEY = ("baseline_cost_usd", "actual_cost_usd")


def says_something(**figures: object) -> bool:
    row = {**dict.fromkeys(FIGURES, 0), **figures}
    frame = pl.DataFrame(row).with_columns(pl.col(MONEY).cast(USD))
    return bool(frame.select(SOMETHING).item())


@pytest.mark.parametrize("name", FIGURES)
def test_one_figure_is_enough_to_say_something(name: str) -> None:
    assert says_something(**{name: 1})


def test_an_entry_whose_figures_are_all_0_says_nothing() -> None:
    assert not says_something()


def test_a_pico_dollar_is_something() -> None:
    row = {**dict.fromkeys(FIGURES, 0), "actual_cost_usd": "0.000000000001"}

    assert pl.DataFrame(row).with_columns(pl.col(MONEY).cast(pl.String).cast(USD)).select(SOMETHING).item()
