"""Reasons why the leaves of a seal are not proven."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SealFault:
    """The seal or what it covers was changed; or if `is_forged`, its signature."""

    detail: str
    is_forged: bool = False
