"""A process of its own that does the rounds of one store at given instants; killed at a named point if the environment says so."""

import sys
from pathlib import Path

from ackbot.store.database import instant_of
from tests.support.story import Story, instant


def main(folder: str, *instants: str) -> None:
    """Open the store in a folder and go on from its last event: the rounds of the hours until each instant, and one then."""
    story = Story(Path(folder), *ABSENCE)
    story.now = instant_of(story.db.run("SELECT MAX(at) AS at FROM events")[0]["at"])
    story.rounds.tick()
    for when in instants:
        if instant(when) > story.now:
            story.at(when)
    story.close()


ABSENCE = (("# end", '# end\n\n[[absence]]\nstaff = "sam"\nfrom = 2026-12-09\nuntil = 2026-12-16\n'),)

if __name__ == "__main__":
    main(*sys.argv[1:])
