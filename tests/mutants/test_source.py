"""Replacing code by name: formatting does not matter, ambiguity is an error."""

from textwrap import dedent

import pytest

from tests.mutants.source import MismatchError, Source

CODE = dedent('''
    LIMITS = {"pair": 5}  # per window


    class Throttle:
        """Counts; 5 at most."""

        async def count(self, key: str, limit: int) -> int:
            found = await self.find(
                key,  # never the address itself
                lock=True,
            )
            if found > limit:
                raise ValueError(f"{key} ä: 5")
            return found

        def count_all(self) -> int:
            return sum(self.find(key) for key in ("pair", "pair"))
''')
COUNT = "Throttle.count"


@pytest.mark.parametrize(
    ("name", "old", "new", "result"),
    [
        ("LIMITS", "5", "6", 'LIMITS = {"pair": 6}  # per window'),
        (COUNT, "self.find(key, lock=True)", "1", "found = await 1\n"),
        (COUNT, "lock=True", "", "address itself\n            \n        )"),
        (COUNT, "lock=True", "lock=False", "lock=False,"),
        (COUNT, "key: str", "key: bytes", "(self, key: bytes, limit: int)"),
        (
            COUNT,
            "if found > limit:\n  raise ValueError(f'{key} ä: 5')",
            "",
            "    pass\n",
        ),
        (COUNT, "raise ValueError(...)", "return 0", "            return 0\n"),
        (COUNT, "return found", "found = 1\nreturn found", "= 1\n        return found"),
        ("Throttle.count_all", "self.find(key)", "1", "sum(1 for key in"),
    ],
)
def test_code_is_replaced(name: str, old: str, new: str, result: str) -> None:
    assert result in Source(CODE, name).replace(old, new)


def test_text_is_replaced_inside_strings_only() -> None:
    assert "ä: 6" in Source(CODE, COUNT).replace_text(": 5", ": 6")


@pytest.mark.parametrize(
    ("name", "old", "reason"),
    [
        ("Throttle.reset", "5", "target not found"),
        ("Throttle.count.found", "5", "target not found"),
        (COUNT, "6", "old not found"),
        ("Throttle.count_all", '"pair"', "old found 2 times"),
    ],
)
def test_what_does_not_fit_is_named(name: str, old: str, reason: str) -> None:
    with pytest.raises(MismatchError, match=reason):
        Source(CODE, name).replace(old, "0")
