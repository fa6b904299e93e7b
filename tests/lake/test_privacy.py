"""Personal values are written as `OG_PII` says and secrets never, at any depth and of any type."""

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from og_assets.lake.privacy import PiiPolicy, hashed, protectors, scrubbed
from og_assets.lake.schema import nested_fields, personal_fields, secret_fields, stored_fields
from og_assets.ordergroove.objects import BY_NAME, OBJECTS

from .lake_folder import LakeFolder

POLICIES: tuple[PiiPolicy, ...] = ("hash", "keep", "drop")
every_policy = pytest.mark.parametrize("policy", POLICIES)

# Listed by name, so that a marker removed from `fields.py` fails a test.
SECRETS = {
    "payments": {"cc_number_ending", "label", "token_id", "cc_holder", "cc_exp_date"},
    "addresses": {"token_id"},
    "billing_attempts": {"response_payload", "transaction_response"},
}
PERSONAL = {
    "customers": {"user_token_id", "first_name", "last_name", "email", "phone_number"},
    "addresses": {"label", "first_name", "last_name", "company_name", "address", "address2", "phone", "fax"},
    "subscriptions": {"grantees"},
    "entitlements": {"grantees"},
}


@pytest.mark.parametrize("name", BY_NAME)
def test_every_secret_and_personal_field_is_marked(name: str) -> None:
    record = BY_NAME[name].record
    assert secret_fields(record) == SECRETS.get(name, set())
    assert set(personal_fields(record)) == PERSONAL.get(name, set())
    assert not set(stored_fields(record)) & secret_fields(record)


def test_hash_is_sha256_of_trimmed_lower_case() -> None:
    expected = hashlib.sha256(b"ada@example.com").hexdigest()
    assert hashed("ada@example.com") == hashed("  Ada@Example.COM\n") == expected


@every_policy
def test_personal_fields_are_written_as_the_policy_says(lake_folder: LakeFolder, policy: PiiPolicy) -> None:
    person = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "phone_number": "+15550100"}
    lake_folder.land("customers", [{"merchant_user_id": "1", **person, "locale": 1}], policy=policy)
    (row,) = lake_folder.rows("customers")
    landed = {name: row[name] for name in person}
    expected = {"hash": {name: hashed(value) for name, value in person.items()}, "keep": person}
    assert landed == expected.get(policy, dict.fromkeys(person))
    assert row["merchant_user_id"] == "1"
    assert ("Lovelace" in lake_folder.text()) is (policy == "keep")


def test_missing_personal_field_is_null_and_not_hashed(lake_folder: LakeFolder) -> None:
    lake_folder.land("customers", [{"merchant_user_id": "1", "email": "", "first_name": None}])
    (row,) = lake_folder.rows("customers")
    assert (row["email"], row["first_name"], row["last_name"]) == (None, None, None)


GRANTEES = {
    "as documented": [{"external_id": "g1", "name": "Ada Lovelace"}],
    "as JSON text": '[{"external_id": "g1", "name": "Ada Lovelace"}]',
    "one object": {"external_id": "g1", "name": "Ada Lovelace"},
    "bare names": ["g1", "Ada Lovelace"],
    "text": "Ada Lovelace",
    "name in parts": [{"external_id": "g1", "name": {"first": "Ada Lovelace"}}],
    "name in a list": [{"external_id": "g1", "name": ["Ada Lovelace"]}],
    "deeply nested": {"people": [{"person": {"name": "Ada Lovelace"}}]},
    "other fields": [{"external_id": "g1", "email": "Ada Lovelace", "firstName": "Ada Lovelace"}],
}


@pytest.mark.parametrize("structure", GRANTEES)
@pytest.mark.parametrize("policy", ["hash", "drop"])
def test_names_of_grantees_are_not_written_in_any_structure(
    lake_folder: LakeFolder, structure: str, policy: PiiPolicy
) -> None:
    lake_folder.land("subscriptions", [{"public_id": "s", "grantees": GRANTEES[structure]}], policy=policy)
    assert len(lake_folder.rows("subscriptions")) == 1
    assert "Lovelace" not in lake_folder.text()


def test_grantees_keep_their_ids_and_one_name_has_one_hash(lake_folder: LakeFolder) -> None:
    lake_folder.land("subscriptions", [{"public_id": "s", "grantees": GRANTEES["as documented"]}])
    (row,) = lake_folder.rows("subscriptions")
    assert json.loads(row["grantees"]) == [{"external_id": "g1", "name": hashed("Ada Lovelace")}]


@every_policy
def test_unknown_fields_are_protected_by_name_at_any_depth(policy: PiiPolicy) -> None:
    unknown = {"a": [{"b": {"email": "ada@example.com", "token_id": "t", "n": 1}}], "first_name": None}
    person = {"hash": hashed("ada@example.com"), "keep": "ada@example.com", "drop": None}[policy]
    assert scrubbed(unknown, policy=policy) == {"a": [{"b": {"email": person, "n": 1}}], "first_name": None}


@every_policy
@pytest.mark.parametrize("name", ["token_id", "tokenId", "TOKEN_ID", "token-id", "ccNumber", "CVV", "oneClickToken"])
def test_secret_is_recognized_in_any_spelling(policy: PiiPolicy, name: str) -> None:
    assert scrubbed({name: "secret", "kept": 1}, policy=policy) == {"kept": 1}


@every_policy
def test_json_inside_text_is_scrubbed(policy: PiiPolicy) -> None:
    text = '{"kept": "Größe", "payment": {"cc_number": "4111"}}'
    assert scrubbed({"x": text}, policy=policy) == {"x": '{"kept": "Größe", "payment": {}}'}


@every_policy
def test_values_without_secrets_are_unchanged(policy: PiiPolicy) -> None:
    harmless_fields = {
        "x": '{ "a":1.0 , "b": [ ] }',
        "y": "[not json",
        "z": ["{", "", " "],
        "n": 1.50,
        "t": True,
        "0": None,
    }
    assert scrubbed(harmless_fields, policy=policy) == harmless_fields


@every_policy
def test_json_columns_are_scrubbed_but_extra_data_is_not(lake_folder: LakeFolder, policy: PiiPolicy) -> None:
    row = {
        "public_id": "s",
        "components": [{"public_id": "c", "quantity": 2, "token_id": "secret-1"}],
        "queued_actions": '{"cc_holder": "secret-2"}',
        "extra_data": {"label": "gift", "email": "merchant@example.com"},
    }
    lake_folder.land("subscriptions", [row], policy=policy)
    (landed,) = lake_folder.rows("subscriptions")
    assert landed["components"] == '[{"public_id": "c", "quantity": 2}]'
    assert landed["queued_actions"] == "{}"
    assert landed["extra_data"] == '{"label":"gift","email":"merchant@example.com"}'
    assert "secret-" not in lake_folder.text()


@pytest.mark.parametrize(
    "name", [api_object.name for api_object in OBJECTS if "extra_data" in api_object.record.model_fields]
)
def test_extra_data_has_no_protector(name: str) -> None:
    protected = set(protectors(BY_NAME[name].record, policy="hash"))
    assert "extra_data" not in protected


@every_policy
def test_quarantined_record_is_scrubbed(lake_folder: LakeFolder, policy: PiiPolicy) -> None:
    broken = {
        "public_id": "p",
        "created": "yesterday",
        "token_id": "secret-1",
        "cc_holder": "ADA",
        "x": {"email": "a@b"},
    }
    lake_folder.land("payments", [broken], policy=policy)
    (rejected,) = lake_folder.quarantined("payments")
    person = {"hash": hashed("a@b"), "keep": "a@b", "drop": None}[policy]
    assert rejected["record"] == {"public_id": "p", "created": "yesterday", "x": {"email": person}}
    assert "secret-1" not in lake_folder.text()
    assert "ADA" not in lake_folder.text()


@pytest.mark.parametrize(
    "broken",
    [
        {"public_id": ["ada@example.com"]},
        {"public_id": "a", "created": "ada@example.com"},
        {"public_id": "a", "live": "ada@example.com"},
        {"public_id": "a", "first_name": {"was": "ada@example.com"}},
        {"public_id": "a", "city": "ada@example.com\ud800"},
    ],
    ids=["id", "time", "flag", "name", "city"],
)
def test_reason_does_not_repeat_the_value(lake_folder: LakeFolder, broken: dict[str, Any]) -> None:
    lake_folder.land("addresses", [broken])
    (rejected,) = lake_folder.quarantined("addresses")
    assert "ada@example.com" not in rejected["reason"]


def test_invalid_unicode_in_a_personal_field_is_hashed(lake_folder: LakeFolder) -> None:
    lake_folder.land("addresses", [{"public_id": "a", "first_name": "Ada\ud800", "note": {"email": "ada\udfff"}}])
    (row,) = lake_folder.rows("addresses")
    assert len(row["first_name"]) == 64
    assert len(json.loads(row["_extra"])["note"]["email"]) == 64


# Random secrets at random places in random rows, of which some are valid

SECRET_NAMES = sorted(set().union(*SECRETS.values()) | {"one_click_token", "cc_number", "cvv", "tokenId", "CVV"})
secrets = st.text("ABCDEFGHJKMNPQRSTUVWXYZ23456789", min_size=12, max_size=16).map(lambda text: f"SECRET{text}")
harmless = st.none() | st.booleans() | st.integers(-5, 5) | st.text("xyz", max_size=3) | st.just(float("nan"))
values_with_secrets = st.recursive(
    st.dictionaries(st.sampled_from(SECRET_NAMES), secrets, min_size=1, max_size=2),
    lambda inner: (
        st.lists(inner | harmless, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "", "payment", "b_c"]), inner | harmless, max_size=2)
        | inner.map(json.dumps)
    ),
    max_leaves=6,
)


@st.composite
def rows_with_secrets(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    api_object = draw(st.sampled_from(OBJECTS))
    nested = sorted(nested_fields(api_object.record) - {"grantees"})
    row: dict[str, Any] = dict.fromkeys(api_object.key, "id")
    row |= {name: draw(secrets) for name in sorted(secret_fields(api_object.record))}
    for _ in range(draw(st.integers(1, 3))):
        row[draw(st.sampled_from([*nested, "unknown", "other"]))] = draw(values_with_secrets)
    if draw(st.booleans()):
        row[draw(st.sampled_from(sorted(set(api_object.record.model_fields) - {"extra_data"})))] = {
            "cvv": draw(secrets)
        }
    return api_object.name, row


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(rows_with_secrets(), min_size=1, max_size=6), st.sampled_from(POLICIES))
def test_random_secrets_are_not_in_any_byte_of_the_lake(
    rows: list[tuple[str, dict[str, Any]]], policy: PiiPolicy
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        lake_folder = LakeFolder(Path(directory))
        for name, row in rows:
            counts = lake_folder.land(name, [row], policy=policy)
            assert counts.rows + counts.quarantined == 1
        assert "SECRET" not in lake_folder.text()
