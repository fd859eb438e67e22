"""Settings: known by name, refused by name, and silent about what they keep."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from bot.settings import DEFAULT_CAP_PERSON_NIGHT, KNOWN, OPENAI, Settings, load, settings_file
from graphs.errors import NeedsPerson

SECRET = "sk-a-secret"


def from_file(home: Path, text: str, **environ: str) -> Settings:
    (home / "nightdesk.toml").write_text(text)
    return load(home, environ)


def test_nothing_set_means_rules_and_the_usual_caps(tmp_path: Path) -> None:
    found = load(tmp_path, {})
    assert (found.live, found.sleep, found.embed) == (None, None, None)
    assert (found.cap_person_night, found.cap_workspace_day, found.quarantine_seconds) == (
        DEFAULT_CAP_PERSON_NIGHT,
        None,
        120,
    )
    assert (found.home, found.database_url, found.zone, found.domains) == (tmp_path, "", None, frozenset())


def test_the_file_of_the_usual_home_serves_where_the_working_directory_has_none(tmp_path: Path) -> None:
    here, usual = tmp_path / "here", tmp_path / "usual"
    for folder in (here, usual):
        folder.mkdir()
    (usual / "nightdesk.toml").write_text("")
    assert settings_file(here, usual) == usual / "nightdesk.toml"
    assert settings_file(here) == here / "nightdesk.toml"
    (here / "nightdesk.toml").write_text("")
    assert settings_file(here, usual) == here / "nightdesk.toml"


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "meant"),
    [("NIGHTDESK_SLEEP_MODELL", "NIGHTDESK_SLEEP_MODEL"), ("NIGHTDESK_CAP_PERSON", "NIGHTDESK_CAP_PERSON_NIGHT")],
)
def test_an_unknown_name_is_refused_with_the_one_that_was_meant(tmp_path: Path, name: str, meant: str) -> None:
    with pytest.raises(NeedsPerson, match=rf"{name}\b.*{meant}\?"):
        load(tmp_path, {name: "x"})
    with pytest.raises(NeedsPerson, match=rf"{name}\b.*{meant}\?"):
        from_file(tmp_path, f'{name} = "x"')


def test_other_programs_variables_are_none_of_ours_and_a_strange_name_gets_no_guess(tmp_path: Path) -> None:
    load(tmp_path, {"PATH": "/bin", "OPENAI_ORGANIZATION": "x", "SLACK_TEAM": "x"})
    with pytest.raises(NeedsPerson, match="NIGHTDESK_XYZZYPLUGH"):
        load(tmp_path, {"NIGHTDESK_XYZZYPLUGH": "x"})
    with pytest.raises(NeedsPerson, match="OPENAI_ORGANIZATION"):
        from_file(tmp_path, 'OPENAI_ORGANIZATION = "x"')


def test_a_refusal_never_repeats_a_value(tmp_path: Path) -> None:
    for environ in (
        {"NIGHTDESK_SLEEP_APIKEY": SECRET},
        {"NIGHTDESK_SLEEP_MODEL": "m", "NIGHTDESK_SLEEP_BASE_URL": SECRET},
    ):
        with pytest.raises(NeedsPerson) as told:
            load(tmp_path, environ)
        assert SECRET not in str(told.value)


# --- models ---------------------------------------------------------------------------------------


def test_a_key_alone_switches_nothing_on(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        {"OPENAI_API_KEY": SECRET, "OPENAI_BASE_URL": "https://models.example/v1", "NIGHTDESK_LIVE_API_KEY": SECRET},
    )
    assert (found.live, found.sleep, found.embed) == (None, None, None)


def test_a_model_switches_its_own_role_on_with_what_it_has_or_what_all_have(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        {
            "NIGHTDESK_LIVE_MODEL": "small",
            "NIGHTDESK_SLEEP_MODEL": "large",
            "NIGHTDESK_SLEEP_BASE_URL": "http://sleep.example/v1/",
            "NIGHTDESK_SLEEP_API_KEY": "own",
            "NIGHTDESK_SLEEP_PRICE_IN": "0.25",
            "NIGHTDESK_SLEEP_SERVICE_TIER": "flex",
            "OPENAI_API_KEY": "shared",
        },
    )
    assert found.live is not None and found.sleep is not None and found.embed is None
    assert (found.live.model, found.live.base_url, found.live.api_key) == ("small", OPENAI, "shared")
    assert (found.sleep.base_url, found.sleep.api_key, found.sleep.price_in) == ("http://sleep.example/v1", "own", 0.25)
    assert found.sleep.timeout > found.live.timeout


# --- values ---------------------------------------------------------------------------------------


def test_the_file_is_read_and_the_environment_overrules_it(tmp_path: Path) -> None:
    text = 'NIGHTDESK_ZONE = "Asia/Tokyo"\nNIGHTDESK_CAP_PERSON_NIGHT = 0.75\nNIGHTDESK_QUARANTINE_SECONDS = 0\n'
    found = from_file(tmp_path, text, NIGHTDESK_ZONE="Europe/Berlin", NIGHTDESK_DOMAINS="@House.example, farm.example")
    assert (found.zone, found.cap_person_night, found.quarantine_seconds) == ("Europe/Berlin", Decimal("0.75"), 0)
    assert found.domains == {"house.example", "farm.example"}


def test_the_home_is_found_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "nightdesk.toml").write_text('NIGHTDESK_CURRENCY = "EUR"')
    found = load(None, {"NIGHTDESK_HOME": str(tmp_path)})
    assert (found.home, found.currency) == (tmp_path, "EUR")


def test_a_cap_of_nothing_is_a_cap(tmp_path: Path) -> None:
    found = load(tmp_path, {"NIGHTDESK_CAP_PERSON_NIGHT": "0", "NIGHTDESK_CAP_WORKSPACE_DAY": "0"})
    assert (found.cap_person_night, found.cap_workspace_day) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NIGHTDESK_ZONE", "Mars/Olympus"),
        ("NIGHTDESK_ZONE", "Europe"),
        ("NIGHTDESK_ZONE", "../../etc/passwd"),
        ("NIGHTDESK_ZONE", "x" * 300),
        ("NIGHTDESK_CAP_PERSON_NIGHT", "a lot"),
        ("NIGHTDESK_CAP_PERSON_NIGHT", "-1"),
        ("NIGHTDESK_CAP_PERSON_NIGHT", "NaN"),
        ("NIGHTDESK_CAP_PERSON_NIGHT", "Infinity"),
        ("NIGHTDESK_QUARANTINE_SECONDS", "two"),
        ("NIGHTDESK_QUARANTINE_SECONDS", "1.5"),
        ("NIGHTDESK_QUARANTINE_SECONDS", "²"),
        ("NIGHTDESK_WEBMAIL_URL", "http://mail.example/{message_id}"),
        ("NIGHTDESK_WEBMAIL_URL", "https://mail.example/"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_setting(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(NeedsPerson, match=name):
        load(tmp_path, {name: value})


@pytest.mark.parametrize(
    "text",
    ["NIGHTDESK_ZONE = ", "NIGHTDESK_ZONE = true", "NIGHTDESK_ZONE = ['UTC']", "[NIGHTDESK_ZONE]\nx = 1", "\x00"],
)
def test_a_file_that_says_nothing_usable_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(NeedsPerson, match=r"nightdesk\.toml"):
        from_file(tmp_path, text)


PATHS = {"NIGHTDESK_HOME", "NIGHTDESK_KEYS", "NIGHTDESK_PG_BIN"}
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@given(st.dictionaries(st.sampled_from(sorted(KNOWN - PATHS)), VALUES, max_size=6))
@how(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_values_are_taken_or_refused_in_a_sentence(tmp_path: Path, environ: dict[str, str]) -> None:
    try:
        load(tmp_path, environ)
    except NeedsPerson as told:
        assert any(name in str(told) for name in environ)


def test_secrets_stay_out_of_what_is_printed(tmp_path: Path) -> None:
    dsn = f"postgresql://app:{SECRET}@db.example/nightdesk"
    names = ("DATABASE_URL", "DATABASE_OWNER_URL", "OPENAI_API_KEY", "NIGHTDESK_SLEEP_API_KEY", "SLACK_BOT_TOKEN")
    found = load(
        tmp_path, dict.fromkeys(names, dsn) | {"NIGHTDESK_SLEEP_MODEL": "large", "NIGHTDESK_LIVE_MODEL": "small"}
    )
    assert found.sleep is not None and found.sleep.api_key == dsn == found.database_url
    assert SECRET not in f"{found!r} {found}" and "large" in repr(found)
