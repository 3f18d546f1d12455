"""May this resident have an automatic mail now, else when, held for what, or why never? (behaviour.md §2, §3.3)."""

from ackbot.casework.council import Council
from ackbot.casework.model import Arrival, Facts


def hold(arrival: Arrival, facts: Facts, council: Council) -> str:
    """Why an automatic mail to a resident waits for release; "" when it does not."""
    if arrival.hold:
        return arrival.hold
    return "brake" if council.limits.is_braked(facts.automatic_council) else ""
