"""Reads amounts as the file has them: rates, sizes, and how many months a report is about."""

import re

_SPANS = {"minute": 60.0, "hour": 3_600.0, "day": 86_400.0}
_A_YEAR = (1, 2, 3, 4, 6, 12)  # months into which a year can be cut


def rate(value: str) -> tuple[int, float] | None:
    """A single rate, as count and seconds; None for an empty text. Raises ValueError."""
    found = rates(value)
    if len(found) > 1:
        raise ValueError(f'"{value}" has several rates; write one only, for example "300 per hour"')
    return found[0] if found else None


def rates(value: str) -> tuple[tuple[int, float], ...]:
    """Rates such as "3 per hour, 10 per day", each as count and seconds. Raises ValueError."""
    found = []
    for piece in filter(None, (one.strip() for one in value.split(","))):
        words = piece.split()
        if len(words) != 3 or not re.fullmatch(r"[0-9]{1,9}", words[0]) or words[1] != "per" or words[2] not in _SPANS:
            raise ValueError(f'"{piece}" is not a rate; write for example "3 per hour"')
        found.append((int(words[0]), _SPANS[words[2]]))
    return tuple(found)


def octets(value: str) -> int:
    """A size such as "5 MB", in octets. Raises ValueError."""
    words = value.split()
    units = {"B": 1, "KB": 1_000, "MB": 1_000_000, "GB": 1_000_000_000}
    if len(words) != 2 or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", words[0]) or words[1].upper() not in units:
        raise ValueError(f'"{value}" is not a size; write for example "5 MB"')
    return round(float(words[0]) * units[words[1].upper()])


def months(value: str) -> int:
    """A number of months such as "1 calendar month". Raises ValueError."""
    found = re.fullmatch(r"([0-9]{1,2}) calendar months?", value.strip())
    if not found or int(found[1]) not in _A_YEAR:
        raise ValueError(
            f'"{value}" is not a time for reports; write "1 calendar month", or 2, 3, 4, 6 or 12 calendar months'
        )
    return int(found[1])
