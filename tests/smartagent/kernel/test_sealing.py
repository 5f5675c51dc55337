"""Stored secrets stay readable whatever the module is called, and with a fallback of the key."""

import pytest

from smartagent.kernel.sealing import SecretLost, seal, unseal

KEY = "the key of an installation"
STORED = [
    "gAAAAABrCuzpkJLgd_YE3rVCuMXaD43hXCV6Lsjcu1npTG0P2YgGut2QjRWPkKvx4g3ipP4AJzH0lwuN-In_jjN-OTsgobvu7aDA8QgV3ScnBnwQfjtn2nU=",
    "gAAAAABrCuzp5DH89CAkt-xNYKnLr4lvQnLZiJSqUHPKgGDut4ckbjmwgXOI2Ynm8PSEBx_pPmAAsSHnRSfaysVTW47p4f-blYrq2fwZ8vJ5EKAsdAWtFj4=",
]  # fmt: skip


@pytest.mark.parametrize("stored", STORED, ids=["first name of the module", "second name of the module"])
def test_what_an_earlier_version_stored_is_read(stored: str, settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = KEY, []
    assert unseal(stored) == {"token": "abc"}


def test_a_fallback_key_decrypts_and_the_new_key_encrypts(settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [KEY]
    assert unseal(STORED[0]) == {"token": "abc"}
    sealed = seal(1)
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(sealed) == 1
    with pytest.raises(SecretLost):
        unseal(STORED[0])
