"""The base class of every error that this program raises; every layer may import it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class AckbotError(Exception):
    """
    A failure that this program knows. `str()` gives one sentence for an admin, without secrets.

    Attributes:
        passing: whether trying again later can help, even if nobody repairs anything.
        ids: what the error concerns, by name: store, inbox, uid, mail, case, host.
    """

    passing: ClassVar[bool] = False
    ids: Mapping[str, object]

    def __init__(self, sentence: str, **ids: object) -> None:
        super().__init__(sentence)
        self.ids = MappingProxyType({name: value for name, value in ids.items() if value not in (None, "")})

    @property
    def told(self) -> str:
        """The sentence for a place where nothing before it says what it is about."""
        return str(self)
