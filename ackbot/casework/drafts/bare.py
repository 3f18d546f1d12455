"""
Mails to staff without strangers' words, because the mail server refused the last ones.

A filter between us and the officer may refuse what a stranger wrote. An alarm or a digest that shows it would then be refused
again and again, with all the other cases in it (P1). So the next one shows only what is ours.
"""

from dataclasses import replace
from typing import Any

from ackbot.casework.model import Case
from ackbot.mail.addresses import Address

SOMEBODY = "a resident"


def case(one: Case, refusals: int) -> Case:
    """
    The case as a mail may show it: after one refusal without its subject and its resident's name.

    Args:
        refusals: how many mails like this were refused for what stands in them.
    """
    return replace(one, subject="", resident=Address("", one.resident.addr)) if refusals else one


def text(words: str, refusals: int) -> str:
    """Words of a resident, or none after a refusal."""
    return "" if refusals else words


def line(values: dict[str, Any], refusals: int) -> dict[str, Any]:
    """Values for one case of a list: from the second refusal on, without the resident's address too."""
    hidden = {name: SOMEBODY for name in ("resident", "writer") if values.get(name)}
    return {**values, **hidden, "address": ""} if refusals > 1 else values
