"""How to install what is optional, in words that work here: from a wheel, from a checkout, in this very environment (E71)."""

import re
import sys
from importlib import metadata


def command(extra: str) -> str:
    """The command that installs the packages of an extra into the environment that runs us."""
    of_extra = re.compile(rf"extra == ['\"]{re.escape(extra)}['\"]")
    wanted = [one.partition(";")[0].strip() for one in metadata.requires("ackbot") or [] if of_extra.search(one)]
    return " ".join([sys.executable, "-m pip install", *(f"'{one}'" for one in wanted)])
