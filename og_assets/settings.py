"""Define, read and validate every setting; each is an environment variable.

Values come from the environment, then from `.env` in the working directory. An invalid value raises a `SettingsError`
that names the variable, the problem and a valid value. The API key is optional, because the code location must load
without one (decision 0020).
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from og_assets.errors import OgAssetsError

PROJECT_ROOT = Path(__file__).parent.parent

# These wall-clock hours occur twice or not at all on daylight-saving days.
UNSAFE_HOURS = (1, 2)

_ADDRESS = re.compile(r"https?://([\w.-]+|\[[\da-f:.]+\])(:\d+)?/*", re.ASCII | re.IGNORECASE)


class SettingsError(OgAssetsError):
    """One or more environment variables are invalid."""


class Settings(BaseSettings):
    """The settings. Field names in capitals are the environment variables."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    ordergroove_api_key: SecretStr | None = Field(None, description="Key with the Bulk Operations permission.")
    ordergroove_base_url: str = Field(
        "https://restapi.ordergroove.com", description="Base URL of the REST API; set it for staging or the sandbox."
    )
    ordergroove_timezone: str = Field("America/New_York", description="Wall clock of the REST timestamps.")
    ordergroove_start_date: date = Field(date(2024, 1, 1), description="Day of the first window.")
    ordergroove_merchant_id: str | None = Field(
        None, description="Merchant public id; only entitlements need it. Without it they are skipped."
    )
    ordergroove_entitlements_url: str = Field(
        "https://entitlements-service.ordergroove.com", description="Host of the entitlements list."
    )
    ordergroove_read_timeout: float = Field(60.0, gt=0, le=600, description="Seconds to wait for an answer.")
    ordergroove_webhook_keys: SecretStr | None = Field(
        None, description="Verification keys of webhooks, comma separated while rotating."
    )
    og_data_dir: Path = Field(Path("data"), description="Root of the lake, the warehouse and the reports.")
    og_sync_hours: str = Field("14", description="Wall-clock hours at which windows end, e.g. 14 or 4,14.")
    og_overlap_hours: float = Field(
        2.0, ge=0, le=48, description="Hours that a window's filter reaches back before the window."
    )
    og_census_every_days: float = Field(
        0, ge=0, le=365, description="Days between two listings of the open ids; 0 makes one in each daily_sync."
    )
    og_deletion_checks: int = Field(
        2000, ge=0, description="Existence checks of orders, and of items, in one run; the rest wait for the next run."
    )
    og_lock_timeout: float = Field(60.0, ge=0, description="Seconds to wait for the warehouse file to be free.")
    og_inbox_settle: float = Field(
        5.0, ge=0, le=3600, description="Seconds since its last change after which a file in the inbox is read."
    )
    og_taken_dumps: Literal["move", "keep", "delete"] = Field(
        "move", description="What happens to an event file after it was ingested: move (to archive/), keep, delete."
    )
    og_pii: Literal["hash", "keep", "drop"] = Field(
        "hash", description="How personal data is stored: hash, keep, drop."
    )

    @field_validator("ordergroove_api_key")
    @classmethod
    def _key_is_printable_ascii(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        key = value.get_secret_value().strip()
        if not key.isascii() or not key.isprintable():
            raise ValueError("contains characters that no key has; copy it again from Ordergroove's API Keys page")
        return SecretStr(key) if key else None

    @field_validator("ordergroove_webhook_keys")
    @classmethod
    def _keys_are_ascii(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not (value.get_secret_value().isascii() and value.get_secret_value().isprintable()):
            raise ValueError("contains characters that no key has; copy it again from Ordergroove's Webhooks page")
        return value

    # No message repeats an address or a text value: it may be the key, set for the wrong variable.

    @field_validator("ordergroove_base_url", "ordergroove_entitlements_url")
    @classmethod
    def _url_is_scheme_and_host(cls, value: str) -> str:
        address = value.strip()
        try:
            url = httpx.URL(address)
            is_usable = bool(_ADDRESS.fullmatch(address) and url.host and (url.port or 0) < 2**16)
        except (httpx.InvalidURL, ValueError):
            is_usable = False
        if not is_usable:
            raise ValueError("is not an address; write scheme and host only, such as https://restapi.ordergroove.com")
        return address.rstrip("/")

    @field_validator("ordergroove_timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is not an IANA time zone; write one such as America/Chicago") from None
        return value

    @field_validator("ordergroove_start_date", mode="before")
    @classmethod
    def _start_is_a_day(cls, value: str | date) -> date:
        if isinstance(value, date):
            return value
        try:
            # date.fromisoformat would also accept 20240131 and 2024-W05-3.
            return datetime.strptime(value.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 (only the day is kept)
        except ValueError:
            # Pydantic would read a number as seconds since 1970.
            raise ValueError("is not a day; write one such as 2024-01-31") from None

    @field_validator("ordergroove_start_date")
    @classmethod
    def _start_is_past(cls, value: date) -> date:
        if value.year < 1970:
            raise ValueError(f"is {value}, which is before 1970; write a later day")
        if value >= datetime.now().astimezone().date():
            raise ValueError(f"is {value}, which has no finished window yet; write an earlier day")
        return value

    @field_validator("og_sync_hours")
    @classmethod
    def _hours_are_possible(cls, value: str) -> str:
        parts = [part.strip() for part in value.split(",")]
        if not all(part.isdecimal() and len(part) <= 2 and int(part) < 24 for part in parts):
            raise ValueError("is not a list of hours; write hours from 0 to 23, comma separated, such as 14 or 4,14")
        hours = [int(part) for part in parts]
        if set(hours) & set(UNSAFE_HOURS):
            raise ValueError(
                "contains hour 1 or 2, which occur twice or not at all on daylight-saving days; write others"
            )
        if len(set(hours)) != len(hours):
            raise ValueError("contains an hour twice; write it once")
        return ",".join(str(hour) for hour in sorted(hours))

    @field_validator("og_data_dir")
    @classmethod
    def _home_exists(cls, value: Path) -> Path:
        try:
            return value.expanduser()
        except RuntimeError:
            raise ValueError("starts with ~ and a user that does not exist here; write the full path") from None

    @cached_property
    def zone(self) -> ZoneInfo:
        """The store's time zone."""
        return ZoneInfo(self.ordergroove_timezone)

    @property
    def sync_hours(self) -> tuple[int, ...]:
        """The hours at which windows end, ascending."""
        return tuple(int(hour) for hour in self.og_sync_hours.split(","))

    @property
    def webhook_keys(self) -> tuple[str, ...]:
        """The verification keys, in the order of the variable."""
        keys = self.ordergroove_webhook_keys.get_secret_value().split(",") if self.ordergroove_webhook_keys else ()
        return tuple(key.strip() for key in keys if key.strip())

    @property
    def data_dir(self) -> Path:
        """`OG_DATA_DIR` as an absolute path."""
        return self.og_data_dir.resolve()


class _GivenSettings(Settings):
    """Settings that read neither the process's environment nor `.env`."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environment` alone, or by default from the process's environment and `.env`.

    Raises a `SettingsError` that names every variable that is wrong.
    """
    try:
        if environment is None:
            return Settings()
        given = {name.lower(): value for name, value in environment.items() if value}
        return _GivenSettings.model_validate(given)
    except (UnicodeDecodeError, OSError):
        raise SettingsError(".env cannot be read. Save it as UTF-8, and let this user read it.") from None
    except ValidationError as error:
        problems = "; ".join(
            f"{str(problem['loc'][0]).upper()} {_sentence(problem['msg'], kind=problem['type'])}"
            for problem in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError(f"{problems}. Set it in the environment or in .env (see .env.example).") from None


def _sentence(message: str, *, kind: str) -> str:
    return message.removeprefix("Value error, ") if kind == "value_error" else f"is not usable: {message}"
