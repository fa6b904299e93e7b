"""Settings: an invalid value gives an error that names the variable and a valid value, and never shows a key."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from og_assets.settings import Settings, SettingsError, load_settings

KEY = "sk-9f8e7d6c5b4a"
VARIABLES = [name.upper() for name in Settings.model_fields]


def error_message(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


def settings_from(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_every_variable_has_a_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OG_DATA_DIR")
    loaded = load_settings()
    assert loaded.ordergroove_api_key is None
    assert loaded.ordergroove_base_url == "https://restapi.ordergroove.com"
    assert loaded.zone == ZoneInfo("America/New_York")
    assert loaded.ordergroove_start_date == date(2024, 1, 1)
    assert loaded.sync_hours == (14,)
    assert loaded.og_overlap_hours == 2
    assert loaded.og_pii == "hash"
    assert loaded.data_dir == tmp_path / "data"


def test_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_from(monkeypatch, **dict.fromkeys(VARIABLES, "")) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "valid_value"),
    [
        ("ORDERGROOVE_BASE_URL", "restapi.ordergroove.com", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "https://", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "ftp://restapi.ordergroove.com", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "https://rest api", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "https://restapi.ordergroove.com:port", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "https://restapi.ordergroove.com:99999", "https://restapi.ordergroove.com"),
        ("ORDERGROOVE_BASE_URL", "https://xn--", "https://restapi.ordergroove.com"),
        # The client would drop a path and a query, and send user and password as basic authentication.
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
        ("OG_DATA_DIR", "~unknown-user/data", "full path"),
        ("ORDERGROOVE_API_KEY", "sk-é", "API Keys page"),
        ("ORDERGROOVE_API_KEY", "sk\nx-evil: 1", "API Keys page"),
    ],
)
def test_invalid_value_is_reported_with_its_variable_and_a_valid_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, valid_value: str
) -> None:
    message = error_message(monkeypatch, **{name: value})
    assert message.startswith(f"{name} ")
    assert valid_value in message
    assert ".env" in message
    assert "\n" not in message


def test_today_has_no_finished_window(monkeypatch: pytest.MonkeyPatch) -> None:
    today = datetime.now().astimezone().date()
    assert "no finished window" in error_message(monkeypatch, ORDERGROOVE_START_DATE=str(today))
    yesterday = today - timedelta(days=1)
    assert settings_from(monkeypatch, ORDERGROOVE_START_DATE=str(yesterday)).ordergroove_start_date == yesterday


def test_all_invalid_values_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    message = error_message(monkeypatch, OG_PII="yes", OG_SYNC_HOURS="25", ORDERGROOVE_TIMEZONE="here")
    assert all(name in message for name in ("OG_PII", "OG_SYNC_HOURS", "ORDERGROOVE_TIMEZONE"))


@pytest.mark.parametrize("name", VARIABLES)
def test_key_in_the_wrong_variable_is_not_shown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("OG_PII", "yes")
    monkeypatch.setenv("ORDERGROOVE_API_KEY", f"{KEY}\u00e9")
    monkeypatch.setenv("ORDERGROOVE_WEBHOOK_KEYS", KEY)
    monkeypatch.setenv(name, KEY if name != "ORDERGROOVE_API_KEY" else f"{KEY}\u00e9")
    assert KEY not in error_message(monkeypatch)


def test_keys_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = settings_from(monkeypatch, ORDERGROOVE_API_KEY=KEY, ORDERGROOVE_WEBHOOK_KEYS=KEY)
    assert KEY not in repr(loaded) + str(loaded) + loaded.model_dump_json()


@pytest.mark.parametrize(("value", "key"), [(f"  {KEY}\t", KEY), ("   ", None)])
def test_whitespace_around_a_key_is_removed(monkeypatch: pytest.MonkeyPatch, value: str, key: str | None) -> None:
    loaded = settings_from(monkeypatch, ORDERGROOVE_API_KEY=value).ordergroove_api_key
    assert (loaded and loaded.get_secret_value()) == key


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://staging.restapi.ordergroove.com/", "https://staging.restapi.ordergroove.com"),
        (" https://restapi.ordergroove.com ", "https://restapi.ordergroove.com"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("http://[::1]:8765", "http://[::1]:8765"),
    ],
)
def test_valid_base_urls_are_accepted(monkeypatch: pytest.MonkeyPatch, value: str, url: str) -> None:
    assert settings_from(monkeypatch, ORDERGROOVE_BASE_URL=value).ordergroove_base_url == url


@pytest.mark.parametrize(("value", "hours"), [("14", (14,)), (" 14 , 4", (4, 14)), ("0,23", (0, 23)), ("04", (4,))])
def test_sync_hours_are_sorted(monkeypatch: pytest.MonkeyPatch, value: str, hours: tuple[int, ...]) -> None:
    assert settings_from(monkeypatch, OG_SYNC_HOURS=value).sync_hours == hours


def test_data_dir_is_absolute_and_may_start_with_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert settings_from(monkeypatch, OG_DATA_DIR="here/../there").data_dir == tmp_path / "there"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert settings_from(monkeypatch, OG_DATA_DIR="~/data").data_dir == tmp_path / "home" / "data"


def test_env_file_is_read_and_the_environment_overrides_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"ORDERGROOVE_API_KEY={KEY}\nOG_PII=drop\nSOMETHING_ELSE=1\n")
    loaded = settings_from(monkeypatch, OG_PII="keep")
    assert loaded.ordergroove_api_key
    assert loaded.ordergroove_api_key.get_secret_value() == KEY
    assert loaded.og_pii == "keep"


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_env_file_in_another_encoding_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoding: str
) -> None:
    (tmp_path / ".env").write_text(f"# für uns\nORDERGROOVE_API_KEY={KEY}\n", encoding=encoding)
    message = error_message(monkeypatch)
    assert ".env" in message
    assert "UTF-8" in message
    assert KEY not in message


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(VARIABLES),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
        | st.from_regex(r"\Ahttps?://[a-z.:/@\[\]0-9]{0,12}\Z")
        | st.sampled_from(["nan", "-0", "1e400", "14,4", "~", "~x", "2024-01-31", "UTC", "0x10", "\u0661"]),
    )
)
def test_any_environment_is_accepted_or_reported_with_a_variable(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    with monkeypatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        loaded: Settings | SettingsError
        try:
            loaded = load_settings()
        except SettingsError as error:
            loaded = error
    if isinstance(loaded, SettingsError):
        assert any(name in str(loaded) for name in environment)
    else:
        assert loaded.zone
        assert loaded.sync_hours
        assert loaded.data_dir.is_absolute()


def test_several_webhook_keys_are_accepted_during_a_rotation(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_from(monkeypatch).webhook_keys == ()
    loaded = settings_from(monkeypatch, ORDERGROOVE_WEBHOOK_KEYS=" new-key, old-key ,")
    assert loaded.webhook_keys == ("new-key", "old-key")


def test_invalid_webhook_key_is_rejected_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    message = error_message(monkeypatch, ORDERGROOVE_WEBHOOK_KEYS="schlüssel-9f8e7d")
    assert "ORDERGROOVE_WEBHOOK_KEYS" in message and "Webhooks page" in message and "9f8e7d" not in message


def test_handling_of_ingested_files_is_move_keep_or_delete(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "'move', 'keep' or 'delete'" in error_message(monkeypatch, OG_TAKEN_DUMPS="shred")


def test_explicit_environment_is_read_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ORDERGROOVE_TIMEZONE", "America/Chicago")
    (tmp_path / ".env").write_text("OG_PII=keep")
    loaded = load_settings({"OG_SYNC_HOURS": "4,14", "OG_OVERLAP_HOURS": "", "HOME": "/missing"})
    assert loaded.sync_hours == (4, 14)
    assert (loaded.ordergroove_timezone, loaded.og_pii, loaded.og_overlap_hours) == ("America/New_York", "hash", 2)


def test_explicit_environment_is_validated_like_the_process_environment() -> None:
    with pytest.raises(SettingsError, match="OG_SYNC_HOURS contains hour 1 or 2"):
        load_settings({"OG_SYNC_HOURS": "2"})
