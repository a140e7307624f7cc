import polars as pl

from costopt.calculators.routing.features import count_terms
from costopt.calculators.routing.likeness import group_alike

FILLER = [f"filler{number} text" for number in range(60)]


def grouped(prompts: list[str], groups: list[str] | None = None) -> list[int]:
    """Groups of the prompts, which stand among sixty that have nothing in common."""
    text = pl.Series([*prompts, *FILLER])
    known = pl.Series([*groups, *FILLER] if groups else text)
    return group_alike(count_terms(text), known).to_list()[: len(prompts)]


def test_variants_of_one_text_belong_together() -> None:
    one, two, other = grouped(
        [
            "amber basalt cobalt dolomite: which is blue",
            "amber basalt cobalt dolomite: which is heavy",
            "granite and jasper are stones, which is harder",
        ]
    )

    assert one == two != other


def test_chain_of_variants_is_one_group() -> None:
    chain = ["aa bb cc dd ee ff", "cc dd ee ff gg hh", "ee ff gg hh ii jj"]

    assert len(set(grouped(chain))) == 1


def test_three_words_in_common_are_not_enough() -> None:
    one, two = grouped(["amber basalt cobalt shine", "amber basalt cobalt glow"])

    assert one != two


def test_words_that_many_prompts_have_do_not_join_them() -> None:
    assert len(set(grouped([f"answer the question below with care item{n}" for n in range(20)]))) == 20


def test_sessions_are_joined_by_prompts_that_are_alike() -> None:
    prompts = ["amber basalt cobalt dolomite", "something else", "amber basalt cobalt dolomite now", "again"]

    assert len(set(grouped(prompts, ["s1", "s1", "s2", "s2"]))) == 1
    assert len(set(grouped(["one", "two", "three", "four"], ["s1", "s1", "s2", "s2"]))) == 2


def test_order_of_the_prompts_does_not_count() -> None:
    prompts = pl.Series(["aa bb cc dd ee", "xx yy zz", "aa bb cc dd ff", *FILLER])
    turned = prompts.reverse()

    assert (
        group_alike(count_terms(turned), turned).reverse().equals(group_alike(count_terms(prompts), prompts))
    )
