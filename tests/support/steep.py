"""Functions whose growth is known, with which the growth laboratory is tested."""

import re

from tests.support.growth import Case

_SIZES = (2_048, 4_096, 8_192, 16_384)


def cases(_: str) -> list[Case]:
    """One of each kind."""

    def linear(text: str) -> object:
        return list(text * 10)

    def square(text: str) -> object:
        return re.search("a+b", text)

    def hangs(text: str) -> object:
        while text:
            pass
        return None

    def raises(_: str) -> object:
        raise ValueError

    acts = {"linear": linear, "square": square, "hangs": hangs, "raises": raises, "linear after it": linear}
    return [Case(name, "linear", act, lambda size: "a" * size, lambda _: "a", _SIZES) for name, act in acts.items()]
