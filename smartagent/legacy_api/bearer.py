"""Bearer tokens of the legacy project: JSON Web Tokens (RFC 7519) with the claims `exp`, `role` and `sub`.

Which key verifies a token follows from the settings, never from the token: HS256 is verified with LEGACY_JWT_SECRET,
RS256 and ES256 with a key of LEGACY_JWKS_URL, anything else is refused.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jwt
from django.conf import settings

from smartagent.legacy_api.key_set import KEY_TYPES, KeySet

ROLES = ("service_role", "authenticated", "anon")
API_KEY_ISSUER = "supabase"  # of the two keys of a project, which are tokens without `sub` and `aud`
LEEWAY = 10.0  # seconds by which clocks may differ
MAX_TOKEN = 16_384  # characters
SECRET_BYTES = 32


class InvalidToken(Exception):
    """The token is not valid; the message says why."""


class ExpiredToken(InvalidToken):
    """The signature is right, but the token is too old."""


def verified_claims(token: str) -> Mapping[str, Any]:
    """The claims of a valid `token`; InvalidToken, or KeysUnavailable where its key cannot be had."""
    if len(token) > MAX_TOKEN:
        raise InvalidToken("The token is too long.")
    try:
        algorithm, key = _key_for(jwt.get_unverified_header(token))
        claims = jwt.decode(
            token, key, algorithms=[algorithm], leeway=LEEWAY,
            options={"require": ["exp"], "verify_aud": False, "verify_iss": False, "verify_sub": False},
        )  # fmt: skip
    except jwt.ExpiredSignatureError:
        raise ExpiredToken("The token has expired.") from None
    except jwt.InvalidSignatureError:
        raise InvalidToken("The signature of the token is not valid.") from None
    except jwt.MissingRequiredClaimError:
        raise InvalidToken("The token has no exp.") from None
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        raise InvalidToken("The token is not a valid JSON Web Token.") from None
    if claims.get("role") not in ROLES:
        raise InvalidToken(f"The role of the token is none of {', '.join(ROLES)}.")
    _check_issue(claims)
    return claims


def _key_for(header: Mapping[str, Any]) -> tuple[str, Any]:
    """The algorithm and the key to verify a token with this header."""
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm == "HS256" and settings.LEGACY_JWT_SECRET:
        # HMAC fills a short key with zeros (RFC 2104); done here, its library does not warn at each token.
        return algorithm, settings.LEGACY_JWT_SECRET.encode().ljust(SECRET_BYTES, b"\0")
    if algorithm in KEY_TYPES and settings.LEGACY_JWKS_URL:
        key = _key_set(settings.LEGACY_JWKS_URL).find(key_id if isinstance(key_id, str) else "", algorithm)
        if key is None:
            raise InvalidToken("The token is signed with an unknown key.")
        return algorithm, key
    raise InvalidToken(f"Tokens signed by {str(algorithm)[:20]} are not accepted here.")


def _check_issue(claims: Mapping[str, Any]) -> None:
    """Refuse a token for another audience or by another issuer. The keys of a project name neither of a person's."""
    is_key = claims["role"] != "authenticated" and claims.get("sub") is None
    audience, expected = claims.get("aud"), settings.LEGACY_JWT_AUDIENCE
    audiences = audience if isinstance(audience, list) else [audience]
    if expected and expected not in audiences and not (is_key and audience is None):
        raise InvalidToken("The token is for another audience.")
    issuer = claims.get("iss")
    wanted = settings.LEGACY_JWT_ISSUER
    if wanted and issuer != wanted and not (is_key and issuer == API_KEY_ISSUER):
        raise InvalidToken("The token is by another issuer.")


@lru_cache(maxsize=4)
def _key_set(url: str) -> KeySet:
    return KeySet(url)
