"""How the command line is read before anything is opened."""

from bot.__main__ import spread


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
