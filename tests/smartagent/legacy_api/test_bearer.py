"""Which tokens are taken, and whom they speak for."""

import time
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.checks import run_checks

from smartagent.accounts.tokens import issue_token
from smartagent.legacy_api import bearer, key_set
from smartagent.legacy_api.key_set import KeySet
from tests.smartagent.legacy_api.conftest import HOUR, SECRET, token

COUNT = "/rest/v1/rpc/get_unread_notification_count"
RSA, OTHER_RSA = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
EC = ec.generate_private_key(ec.SECP256R1())
PUBLIC_PEM = RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
).decode()  # fmt: skip


def key(private, name, algorithm, **more):
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
    return {**made, "kid": name, "alg": algorithm, **more}


def unsigned(claims):
    return jwt.encode(claims, "", "none")


def test_who_may_call(alice, call):
    assert call(COUNT, token(sub=alice.pk)) == 0
    assert call(COUNT, token("service_role")) == 0
    assert call(COUNT, issue_token(alice, "client")[1]) == 0
    assert call(COUNT, token("anon"), status=403)["code"] == "42501"
    assert call(COUNT, None, status=401)["message"] == "Send Authorization: Bearer and the token."
    alice.is_active = False
    alice.save()
    assert "no active person" in call(COUNT, token(sub=alice.pk), status=401)["message"]


@pytest.mark.parametrize(("changes", "message"), [
    ({"exp": None}, "has no exp"), ({"exp": int(time.time()) - HOUR}, "has expired"), ({"exp": "soon"}, "not a valid"),
    ({"nbf": int(time.time()) + HOUR}, "not a valid"),
    ({"role": "postgres"}, "role of the token"), ({"role": None}, "role of the token"), ({"role": ["anon"]}, "role"),
    ({"sub": None}, "no active person"), ({"sub": "alice"}, "no active person"), ({"sub": uuid.uuid4()}, "no active"),
    ({"key": "another secret that is long enough"}, "signature"), ({"key": "\0"}, "signature"),
    ({"alg": "HS512", "key": SECRET * 2}, "signed by HS512"), ({"aud": "other"}, "another audience"),
    ({"aud": None}, "another audience"), ({"iss": "https://evil.example/"}, "another issuer"),
    ({"iss": "supabase"}, "another issuer"), ({"iss": None}, "another issuer"),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_what_is_refused(alice, call, settings, changes, message):
    settings.LEGACY_JWT_AUDIENCE, settings.LEGACY_JWT_ISSUER = "authenticated", "https://project.example/auth/v1"
    good = {"sub": alice.pk, "aud": ["authenticated", "x"], "iss": settings.LEGACY_JWT_ISSUER}
    assert call(COUNT, token(**good)) == 0
    assert message in call(COUNT, token(**good | changes), status=401)["message"]
    # The project's keys have neither a person nor an audience.
    assert call(COUNT, token("service_role", iss="supabase")) == 0
    call(COUNT, token("service_role", iss="supabase", aud="other"), status=401)
    call(COUNT, token("service_role", iss="else"), status=401)


@pytest.mark.parametrize("given", ["", "x", "a.b.c", "a" * 20_000, "é", "eyJhbGciOiJIUzI1NiJ9..", "\ud800".encode(
    "utf-8", "surrogatepass").decode("latin-1")])  # fmt: skip
def test_what_is_no_token(call, given):
    call(COUNT, given or " ", status=401)


@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_without_settings_no_token_is_taken(alice, call, settings):
    settings.LEGACY_JWT_SECRET = ""
    for key_of in ("\0", "\0" * 32):
        made = token("service_role", key=key_of)
        assert "HS256 are not accepted" in call(COUNT, made, status=401)["message"]


def test_the_algorithm_is_not_the_tokens_choice(alice, call, settings):
    """Neither without a signature, nor with the public key as if it were the secret."""
    claims = {"role": "service_role", "sub": str(alice.pk), "exp": int(time.time()) + HOUR}
    assert "signed by none" in call(COUNT, unsigned(claims), status=401)["message"]
    settings.LEGACY_JWT_SECRET = ""
    settings.LEGACY_JWKS_URL = "http://127.0.0.1:9/"
    head, body = unsigned(claims).split(".")[:2]
    head = jwt.utils.base64url_encode(b'{"alg":"HS256","typ":"JWT"}').decode()
    mac = jwt.get_algorithm_by_name("HS256")
    signature = mac.sign(f"{head}.{body}".encode(), PUBLIC_PEM.encode())
    forged = f"{head}.{body}.{jwt.utils.base64url_encode(signature).decode()}"
    assert "signed by HS256" in call(COUNT, forged, status=401)["message"]


@pytest.fixture
def keys(settings, monkeypatch, httpserver):
    """What a server of keys answers, which may be asked again at once."""
    settings.LEGACY_JWT_SECRET, settings.OUTBOUND_ALLOWED = "", ["127.0.0.0/8"]
    settings.LEGACY_JWKS_URL = httpserver.url_for("/keys")
    monkeypatch.setattr(key_set, "RETRY_AFTER", -1.0)
    bearer._key_set.cache_clear()

    def answer(status, *rows):
        httpserver.clear()
        httpserver.expect_request("/keys").respond_with_json({"keys": rows}, status=status)

    yield answer
    bearer._key_set.cache_clear()


def test_public_keys_are_fetched_kept_and_rotated(alice, call, keys):
    first, second = (token(sub=alice.pk, key=RSA, alg="RS256", headers={"kid": "1"}),
                     token(sub=alice.pk, key=EC, alg="ES256", headers={"kid": "2"}))  # fmt: skip
    keys(500)
    assert "cannot be fetched" in call(COUNT, first, status=503)["message"]
    keys(200, key(RSA, "1", "RS256"), {"kty": "oct", "k": "AAAA", "kid": "2"}, 7)
    assert call(COUNT, first) == 0
    assert "unknown key" in call(COUNT, second, status=401)["message"]
    keys(200, key(EC, "2", "ES256"), key(OTHER_RSA, "3", "RS256", use="enc"))
    assert call(COUNT, second) == 0
    assert "unknown key" in call(COUNT, first, status=401)["message"]
    keys(500)
    assert call(COUNT, second) == 0
    assert call(COUNT, token(sub=alice.pk, key=EC, alg="ES256")) == 0  # the only one of its kind needs no name
    call(COUNT, token(sub=alice.pk, key=RSA, alg="RS256", headers={"kid": "2"}), status=401)


def test_keys_are_not_asked_for_at_each_unknown_one(httpserver, settings):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    httpserver.expect_request("/keys").respond_with_json({"keys": []})
    found = KeySet(httpserver.url_for("/keys"))
    assert [found.find(str(number), "RS256") for number in range(5)] == [None] * 5
    assert len(httpserver.log) == 1


@pytest.mark.parametrize(("named", "found"), [
    ({}, ["smartagent.W002"]), ({"LEGACY_JWT_SECRET": "short"}, ["smartagent.W001", "smartagent.W002"]),
    ({"LEGACY_JWT_AUDIENCE": "authenticated"}, []), ({"LEGACY_JWT_SECRET": ""}, []),
])  # fmt: skip
def test_weak_settings_are_named_before_deployment(settings, named, found):
    for name, value in named.items():
        setattr(settings, name, value)
    assert [
        each.id for each in run_checks(include_deployment_checks=True) if each.id.startswith("smartagent.")
    ] == found


def test_guesses_are_limited_by_address(alice, call, settings):
    settings.SIGN_IN_ATTEMPTS_PER_ADDRESS = 3
    path, used = "/rest/v1/rpc/get_unread_notification_count", token(sub=alice.pk)
    guess = token(sub=alice.pk, key="x" * 40, iat=1)  # made once: it holds the second in which it expires
    call(path, used)
    for _ in range(5):
        call(path, guess, status=401)  # one guess, again and again
        call(path, token(sub=alice.pk, exp=1_000), status=401)  # it was good once
    for n in range(3):
        call(path, token(sub=alice.pk, key="x" * 40, iat=n + 2), status=401 if n < 2 else 429)
    refused = call(path, token(sub=alice.pk, iat=9), status=429)
    assert "Too many failed attempts. Try again in" in str(refused)
    call(path, used)  # a program that works goes on
