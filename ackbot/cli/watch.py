"""ackbot watch: a live view for a wall or an admin; nobody's words stand in it."""

import curses
import locale
import sys
from dataclasses import replace
from datetime import UTC, datetime

import click

from ackbot.cli.common import config_option, fail, looking
from ackbot.cli.printing import say, shown
from ackbot.config import Config
from ackbot.report import wall
from ackbot.report.wall import Filter, Seen, Style
from ackbot.store import Database, StoreBusy
from ackbot.work.looking_on import look

_EVERY_MS = 1_000  # between two looks


@click.command("watch")
@config_option
@click.option("--once", is_flag=True, help="Print the view once, as text, and end.")
@click.pass_context
def command(ctx: click.Context, own_config: str | None, once: bool) -> None:
    """Show letters as they come, who has them, alarms, what falls due today and what is late. Keys choose; q ends."""
    if not once and not (sys.stdin.isatty() and sys.stdout.isatty()):
        fail("this needs a terminal; --once prints the view as text", 2)
    with looking(ctx, own_config) as (db, config):
        if once:
            seen = _look(db, config)
            for text, _ in wall.lines(seen, Filter(), 100, 40):
                say(text.rstrip())
        else:
            locale.setlocale(locale.LC_ALL, "")
            curses.wrapper(_run, db, config)


def _look(db: Database, config: Config) -> Seen:
    return look(db, config.council, {one.name: one.poll_every_s for one in config.watched}, datetime.now(UTC))


def _run(screen: curses.window, db: Database, config: Config) -> None:
    styles = _styles()
    screen.timeout(_EVERY_MS)
    by, frozen = Filter(), False
    seen = _look(db, config)
    while True:
        _draw(screen, wall.lines(seen, by, *reversed(screen.getmaxyx())), styles)
        key = screen.getch()
        if key == ord("q"):
            return
        if key == ord("i"):
            by = replace(by, inbox=wall.following(by.inbox, list(config.council.inboxes)))
        elif key == ord("o"):
            by = replace(by, owner=wall.following(by.owner, list(config.council.staff)))
        elif key == ord("u"):
            by = replace(by, unanswered=not by.unanswered)
        elif key == ord(" "):
            frozen = not frozen
        if not frozen:
            try:
                seen = _look(db, config)
            except StoreBusy:
                continue  # the next look, a second later, shows it


def _styles() -> dict[Style, int]:
    curses.use_default_colors()
    curses.curs_set(0)
    red = 0
    if curses.has_colors():
        curses.init_pair(1, curses.COLOR_RED, -1)
        red = curses.color_pair(1)
    return {
        "plain": curses.A_NORMAL,
        "title": curses.A_BOLD,
        "quiet": curses.A_DIM,
        "bad": red | curses.A_BOLD,
        "alarm": red | curses.A_REVERSE | curses.A_BOLD,
    }


def _draw(screen: curses.window, lines: list[wall.Line], styles: dict[Style, int]) -> None:
    screen.erase()
    height, width = screen.getmaxyx()
    for row, (text, style) in enumerate(lines[:height]):
        screen.insnstr(row, 0, shown(text), width, styles[style])
    screen.refresh()
