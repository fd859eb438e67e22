"""How the command line is read before anything is opened."""

import pytest

from bot.__main__ import home_first, spread


def test_several_values_behind_one_option_are_the_option_several_times() -> None:
    together = ["night", "--person", "U1", "U2", "--mail", "a@b=x", "c@d=y", "--out", "o", "--sent", "a@b=z"]
    apart = [
        "night",
        "--person",
        "U1",
        "--person",
        "U2",
        "--mail",
        "a@b=x",
        "--mail",
        "c@d=y",
        "--out",
        "o",
        "--sent",
        "a@b=z",
    ]
    assert spread(together) == apart
    assert spread(apart) == apart


def test_a_question_is_left_as_it_is() -> None:
    words = ["ask", "--as", "U1", "--in", "general", "When does it ship?", "--json"]
    assert spread(words) == words


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (
            ["night", "--out", "x", "--home", "h", "--person", "a"],
            ["--home", "h", "night", "--out", "x", "--person", "a"],
        ),
        (["doctor", "--home=h"], ["--home=h", "doctor"]),
        (["--home", "h", "doctor"], ["--home", "h", "doctor"]),
        (["doctor", "--home"], ["doctor", "--home"]),
        (["ask", "--", "--home"], ["ask", "--", "--home"]),
        (["ask", "where is --home set?"], ["ask", "where is --home set?"]),
    ],
)
def test_the_home_may_be_named_before_a_command_or_behind_it(said: list[str], meant: list[str]) -> None:
    assert home_first(said) == meant
