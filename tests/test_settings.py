"""Settings: every bad value becomes a sentence that names the variable and what to write, and never repeats a key."""

from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from og_assets.settings import Settings, SettingsError, load_settings

KEY = "sk-9f8e7d6c5b4a"
VARIABLES = [name.upper() for name in Settings.model_fields]


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


def accepted(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_nothing_needs_to_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OG_DATA_DIR")
    chosen = load_settings()
    assert chosen.ordergroove_api_key is None
    assert chosen.ordergroove_base_url == "https://restapi.ordergroove.com"
    assert chosen.zone == ZoneInfo("America/New_York")
    assert chosen.ordergroove_start_date == date(2024, 1, 1)
    assert chosen.sync_hours == (14,)
    assert chosen.og_overlap_hours == 2
    assert chosen.og_pii == "hash"
    assert chosen.data_dir == tmp_path / "data"


def test_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert accepted(monkeypatch, **dict.fromkeys(VARIABLES, "")) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "what_to_write"),
    [
        ("ORDERGROOVE_BASE_URL", "restapi.ordergroove.com", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "https://", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "ftp://restapi.ordergroove.com", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "https://rest api", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "https://restapi.ordergroove.com:port", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "https://restapi.ordergroove.com:99999", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "https://xn--", "https://restapi.ordergroove.com"),
        # These would be left out of every request, or sent elsewhere than meant.
        ("ORDERGROOVE_BASE_URL", "https://gateway.example/ordergroove", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "https://restapi.ordergroove.com/?a=b", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "https://user:word@restapi.ordergroove.com", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_ENTITLEMENTS_URL", "entitlements", "https://"),
        ("ORDERGROOVE_TIMEZONE", "EST5", "America/Chicago"),
        ("ORDERGROOVE_TIMEZONE", "America", "America/Chicago"),
        ("ORDERGROOVE_TIMEZONE", "../../etc/passwd", "America/Chicago"),
        ("ORDERGROOVE_TIMEZONE", "a" * 300, "America/Chicago"),
        ("ORDERGROOVE_START_DATE", "yesterday", "2024-01-31"),
        ("ORDERGROOVE_START_DATE", "20240101", "2024-01-31"),
        ("ORDERGROOVE_START_DATE", "86400", "2024-01-31"),
        ("ORDERGROOVE_START_DATE", "01/02/2024", "2024-01-31"),
        ("ORDERGROOVE_START_DATE", "2024-02-30", "2024-01-31"),
        ("ORDERGROOVE_START_DATE", "2999-01-01", "earlier day"),
        ("ORDERGROOVE_START_DATE", "0001-01-01", "later day"),
        ("ORDERGROOVE_READ_TIMEOUT", "soon", "number"),
        ("ORDERGROOVE_READ_TIMEOUT", "0", "greater than 0"),
        ("ORDERGROOVE_READ_TIMEOUT", "nan", "less than or equal to 600"),
        ("OG_OVERLAP_HOURS", "-1", "greater than or equal to 0"),
        ("OG_CENSUS_EVERY_DAYS", "-1", "greater than or equal to 0"),
        ("OG_CENSUS_EVERY_DAYS", "weekly", "number"),
        ("OG_DELETION_CHECKS", "-1", "greater than or equal to 0"),
        ("OG_DELETION_CHECKS", "1.5", "integer"),
        ("OG_OVERLAP_HOURS", "inf", "less than or equal to 48"),
        ("OG_SYNC_HOURS", "24", "0 to 23"),
        ("OG_SYNC_HOURS", "14,", "0 to 23"),
        ("OG_SYNC_HOURS", "4;14", "0 to 23"),
        ("OG_SYNC_HOURS", "²", "0 to 23"),
        ("OG_SYNC_HOURS", "9" * 5000, "0 to 23"),
        ("OG_SYNC_HOURS", "1", "hour 1 or 2"),
        ("OG_SYNC_HOURS", "02,14", "hour 1 or 2"),
        ("OG_SYNC_HOURS", "14,4,14", "once"),
        ("OG_PII", "HASH", "'hash', 'keep' or 'drop'"),
        ("OG_DATA_DIR", "~nobody-of-this-name/data", "full path"),
        ("ORDERGROOVE_API_KEY", "sk-é", "API Keys page"),
        ("ORDERGROOVE_API_KEY", "sk\nx-evil: 1", "API Keys page"),
    ],
)
def test_bad_value_is_told_with_its_name_and_what_to_write(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, what_to_write: str
) -> None:
    told = refusal(monkeypatch, **{name: value})
    assert told.startswith(f"{name} ")
    assert what_to_write in told
    assert ".env" in told
    assert "\n" not in told


def test_today_has_no_finished_window(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no finished window" in refusal(monkeypatch, ORDERGROOVE_START_DATE=str(date.today()))
    yesterday = date.today() - timedelta(days=1)
    assert accepted(monkeypatch, ORDERGROOVE_START_DATE=str(yesterday)).ordergroove_start_date == yesterday


def test_all_bad_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(monkeypatch, OG_PII="yes", OG_SYNC_HOURS="25", ORDERGROOVE_TIMEZONE="here")
    assert all(name in told for name in ("OG_PII", "OG_SYNC_HOURS", "ORDERGROOVE_TIMEZONE"))


@pytest.mark.parametrize("name", VARIABLES)
def test_key_in_the_wrong_line_is_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("OG_PII", "yes")
    monkeypatch.setenv("ORDERGROOVE_API_KEY", f"{KEY}\u00e9")
    monkeypatch.setenv("ORDERGROOVE_WEBHOOK_KEYS", KEY)
    monkeypatch.setenv(name, KEY if name != "ORDERGROOVE_API_KEY" else f"{KEY}\u00e9")
    assert KEY not in refusal(monkeypatch)


def test_keys_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = accepted(monkeypatch, ORDERGROOVE_API_KEY=KEY, ORDERGROOVE_WEBHOOK_KEYS=KEY)
    assert KEY not in repr(chosen) + str(chosen) + chosen.model_dump_json()


@pytest.mark.parametrize(("value", "key"), [(f"  {KEY}\t", KEY), ("   ", None)])
def test_space_around_a_key_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch, value: str, key: str | None) -> None:
    chosen = accepted(monkeypatch, ORDERGROOVE_API_KEY=value).ordergroove_api_key
    assert (chosen and chosen.get_secret_value()) == key


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://staging.restapi.ordergroove.com/", "https://staging.restapi.ordergroove.com"),
        (" https://restapi.ordergroove.com ", "https://restapi.ordergroove.com"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("http://[::1]:8765", "http://[::1]:8765"),
    ],
)
def test_addresses_that_work_are_taken(monkeypatch: pytest.MonkeyPatch, value: str, address: str) -> None:
    assert accepted(monkeypatch, ORDERGROOVE_BASE_URL=value).ordergroove_base_url == address


@pytest.mark.parametrize(("value", "hours"), [("14", (14,)), (" 14 , 4", (4, 14)), ("0,23", (0, 23)), ("04", (4,))])
def test_hours_are_put_in_order(monkeypatch: pytest.MonkeyPatch, value: str, hours: tuple[int, ...]) -> None:
    assert accepted(monkeypatch, OG_SYNC_HOURS=value).sync_hours == hours


def test_data_dir_is_absolute_and_knows_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert accepted(monkeypatch, OG_DATA_DIR="here/../there").data_dir == tmp_path / "there"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert accepted(monkeypatch, OG_DATA_DIR="~/data").data_dir == tmp_path / "home" / "data"


def test_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"ORDERGROOVE_API_KEY={KEY}\nOG_PII=drop\nSOMETHING_ELSE=1\n")
    chosen = accepted(monkeypatch, OG_PII="keep")
    assert chosen.ordergroove_api_key
    assert chosen.ordergroove_api_key.get_secret_value() == KEY
    assert chosen.og_pii == "keep"


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_env_file_in_another_encoding_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str
) -> None:
    (tmp_path / ".env").write_text(f"# für uns\nORDERGROOVE_API_KEY={KEY}\n", encoding=encoding)
    told = refusal(monkeypatch)
    assert ".env" in told
    assert "UTF-8" in told
    assert KEY not in told


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(VARIABLES),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
        | st.from_regex(r"\Ahttps?://[a-z.:/@\[\]0-9]{0,12}\Z")
        | st.sampled_from(["nan", "-0", "1e400", "14,4", "~", "~x", "2024-01-31", "UTC", "0x10", "\u0661"]),
    )
)
def test_whatever_is_set_is_taken_or_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    with monkeypatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        try:
            chosen = load_settings()
        except SettingsError as error:
            assert any(name in str(error) for name in environment)
        else:
            assert chosen.zone
            assert chosen.sync_hours
            assert chosen.data_dir.is_absolute()


def test_several_verification_keys_are_taken_while_rotating(monkeypatch: pytest.MonkeyPatch) -> None:
    assert accepted(monkeypatch).webhook_keys == ()
    chosen = accepted(monkeypatch, ORDERGROOVE_WEBHOOK_KEYS=" new-key, old-key ,")
    assert chosen.webhook_keys == ("new-key", "old-key")


def test_verification_key_that_cannot_be_one_is_refused_without_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refusal(monkeypatch, ORDERGROOVE_WEBHOOK_KEYS="schlüssel-9f8e7d")
    assert "ORDERGROOVE_WEBHOOK_KEYS" in told and "Webhooks page" in told and "9f8e7d" not in told


def test_what_becomes_of_dumps_is_one_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "'move', 'keep' or 'delete'" in refusal(monkeypatch, OG_TAKEN_DUMPS="shred")


def test_explicit_environment_is_read_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ORDERGROOVE_TIMEZONE", "America/Chicago")
    (tmp_path / ".env").write_text("OG_PII=keep")
    chosen = load_settings({"OG_SYNC_HOURS": "4,14", "OG_OVERLAP_HOURS": "", "HOME": "/nowhere"})
    assert chosen.sync_hours == (4, 14)
    assert (chosen.ordergroove_timezone, chosen.og_pii, chosen.og_overlap_hours) == ("America/New_York", "hash", 2)


def test_explicit_environment_is_validated_like_the_process_environment() -> None:
    with pytest.raises(SettingsError, match="OG_SYNC_HOURS contains hour 1 or 2"):
        load_settings({"OG_SYNC_HOURS": "2"})
