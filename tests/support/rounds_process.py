"""A process that does the rounds of a store at given instants; if the environment names a crash point, it is killed there."""

import sys
from pathlib import Path

from ackbot.store.database import instant_of
from tests.support.story import Story, instant


def main(folder: str, *instants: str) -> None:
    """Open the store in a folder, and from its last event on do the rounds of every hour until each instant, and one at it."""
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
