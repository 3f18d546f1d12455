"""The one base of all errors that this program raises; every layer may import it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class AckbotError(Exception):
    """
    Something went wrong that we have a name for. `str()` of it is one sentence for an admin, and holds no secret.

    Attributes:
        passing: whether trying again later can help, though nobody mends anything.
        ids: what it happened to, by name: store, inbox, uid, mail, case, host.
    """

    passing: ClassVar[bool] = False
    ids: Mapping[str, object]

    def __init__(self, sentence: str, **ids: object) -> None:
        super().__init__(sentence)
        self.ids = MappingProxyType({name: value for name, value in ids.items() if value not in (None, "")})

    @property
    def told(self) -> str:
        """The sentence as it stands alone, where nothing before it says what it is about."""
        return str(self)
