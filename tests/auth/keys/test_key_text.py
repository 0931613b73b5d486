"""The text of keys: random, and mistyped ones are recognised."""

import pytest

from app.auth.keys.key_text import ALPHABET, is_well_formed, new_key
from app.core.observability.redaction import mask_query, mask_secrets, printable


def test_new_keys_differ_and_are_well_formed() -> None:
    keys = {new_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(is_well_formed(key) and len(key) == 62 for key in keys)


def test_each_mistyped_character_is_recognised() -> None:
    key = new_key()
    for place, character in enumerate(key):
        other = ALPHABET[(ALPHABET.find(character) + 7) % len(ALPHABET)]
        wrong = key[:place] + other + key[place + 1 :]
        assert not is_well_formed(wrong)
        swapped = key[:place] + key[place : place + 2][::-1] + key[place + 2 :]
        assert swapped == key or not is_well_formed(swapped)
        assert not is_well_formed(key[:place] + key[place + 1 :])


@pytest.mark.parametrize("text", ["", "bo_", "bo___", " ", "\n", "é", "bo_" * 5000])
def test_other_text_is_no_key(text: str) -> None:
    key = new_key()
    assert not is_well_formed(text)
    assert not is_well_formed(f"{key}{text or '_'}")
    assert not is_well_formed(key.swapcase())


def test_logs_mask_keys_and_links() -> None:
    key, link = new_key(), f"bo_link_{'x-Y_' * 10}z"
    for secret in (key, key[:40], link):
        shown = f"{secret[:8]}"
        for text in (secret, f"/api/{secret}/x", f"a {secret}, {secret}!"):
            for masked in (mask_secrets(text), printable(text, 2000), mask_query(text)):
                assert secret[12:] not in masked
                assert shown in masked
    assert mask_secrets("turbo_mode is on") == "turbo_mode is on"
