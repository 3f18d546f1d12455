"""The length of an acknowledgement (behaviour.md §3.1)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ackbot.casework.office import Desk
from ackbot.mail import subjects
from ackbot.mail.compose import Draft

_OWN_WORDS = 60  # words that an acknowledgement may have without its footer (behaviour.md §3.1)
_SHORTER: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("written_before", lambda _: False),
    ("opens_on", lambda _: None),
    ("matter", lambda matter: subjects.shortened(matter, 30)),
    ("late", lambda _: False),
    ("passed_by", lambda _: ""),
    ("answer_on", lambda _: None),
    ("matter", lambda _: ""),
)


def shortened(draft: Draft, desk: Desk) -> Draft:
    """The acknowledgement within its length: the least important parts are dropped or shortened first (voice.md, point 9)."""
    values, language = draft.values, draft.languages[0]
    if draft.further:  # the council's own language is last, and by it all versions say the same
        language = [*draft.further][-1]
    for name, shorter in _SHORTER:
        # What to do in danger is no part of our own words, wherever it stands.
        counted = {
            **values,
            **draft.further.get(language, {}),
            "danger": "",
            "duty_told": values["danger"] == "first",
        }
        if desk.templates.words_above_rule(language, draft.template, counted) <= _OWN_WORDS:
            break
        values = {**values, name: shorter(values[name])}
    return replace(draft, values=values)
