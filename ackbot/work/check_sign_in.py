"""check --online: get a token of each [oauth.NAME], and let a person sign in where one has to."""

import time
from collections.abc import Callable, Iterator

from ackbot.config import Config
from ackbot.wires import token_words
from ackbot.wires.oauth import TokenProblem, Tokens

_SAFE = 300  # characters of what a token says of itself


def sign_ins(config: Config, wait: Callable[[float], object] = time.sleep) -> Iterator[tuple[str, bool]]:
    """
    Try each [oauth.NAME] that an inbox or relay uses. Each result is a line, and whether that worked.

    Args:
        wait: waits for so many seconds, while a person signs in.
    """
    users = [(one.account.tokens, one.account.username) for one in config.watched]
    users += [(lane.relay.tokens, lane.username) for lane in config.lanes]
    for name, tokens in config.tokens.items():
        mailbox = next((username for used, username in users if used is tokens), "")
        if not mailbox:
            continue
        try:
            yield from _signed_in(tokens, mailbox, wait)
            yield f"oauth {name}: {_described(tokens.token(mailbox))}", True
        except TokenProblem as error:
            yield f"oauth {name}: {error}", False


def _signed_in(tokens: Tokens, mailbox: str, wait: Callable[[float], object]) -> Iterator[tuple[str, bool]]:
    """
    If a person must sign in first: a line that says how, and then it waits until they have.

    Raises:
        TokenProblem: they did not, or the server refuses.
    """
    if tokens.grant.kind != "device":
        return
    try:
        tokens.token(mailbox)
    except TokenProblem as error:
        if error.passing:
            raise
        device = tokens.device_code()
        minutes = int(device.within_s // 60)
        yield (
            f"oauth {tokens.grant.name}: open {device.url} and enter {device.user_code} within {minutes} minutes",
            True,
        )
        tokens.signed_in(device, wait)


def _described(token: str) -> str:
    """What a token says of itself, if it says anything; never the token."""
    told = token_words.claims(token)
    roles = told.get("roles")
    may = [str(one) for one in roles] if isinstance(roles, list) else str(told.get("scp") or "").split()
    audience = str(told.get("aud") or "")
    said = "a token is given"
    if audience:
        said += f" for {audience}, with {', '.join(may) or 'no permission'}"
    return " ".join(said.split())[:_SAFE]
