"""Reads one TOML file, checks all of it, and makes the frozen values that every other room is given."""

from ackbot.config.load import check, inboxes_in, load, recalled, sample, store_of, written
from ackbot.config.source import ConfigProblem, Finding
from ackbot.config.values import Config, Lane, Listening, Watched

__all__ = [
    "Config",
    "ConfigProblem",
    "Finding",
    "Lane",
    "Listening",
    "Watched",
    "check",
    "inboxes_in",
    "load",
    "recalled",
    "sample",
    "store_of",
    "written",
]
