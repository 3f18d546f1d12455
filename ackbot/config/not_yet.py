"""Keys that are accepted but do nothing in this version. `check` warns an admin who sets one."""

from collections.abc import Mapping
from types import MappingProxyType

from ackbot.config import shape
from ackbot.config.lines import Location
from ackbot.config.source import Source

# By table and key ("" is the table as a whole): what happens until the key is built, and what the admin can do. Whoever builds
# a key deletes its line here, and the words "not in this version" beside the key in config.example.toml.
NOT_YET: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("store", "keep_letters"): "no letter is deleted, however old; remove this for now",
        ("store", "keep_cases"): "no case is deleted, however old; remove this for now",
        ("daemon", "listen"): "there are no health checks or metrics; use `ackbot status`",
        ("daemon", "canary_every"): "no test mail is sent; use `ackbot check --online`",
        ("staff", "phone"): "no mail shows it; set the phone of the inbox, which residents are given",
    }
)


def warn(file: shape.File, source: Source) -> None:
    """Warn of each of these keys that the file sets. A key with an empty value, such as `listen = ""`, asks for nothing."""
    for (table, key), meanwhile in NOT_YET.items():
        for at, set_here in _tables(file, table):
            if not key or (key in set_here.model_fields_set and getattr(set_here, key)):
                source.finding((*at, key) if key else at, f"does nothing in this version: {meanwhile}", warning=True)


def _tables(file: shape.File, name: str) -> list[tuple[Location, shape.Table]]:
    """Every table of this name in the file, with its location."""
    found = getattr(file, name)
    if isinstance(found, dict):
        return [((name, own), table) for own, table in found.items()]
    if isinstance(found, list):
        return [((name, number), table) for number, table in enumerate(found)]
    return [((name,), found)]
