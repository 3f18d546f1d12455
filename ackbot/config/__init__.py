"""Reads one TOML file, checks all of it, and makes the frozen values that every other room is given."""

from ackbot.config.load import check, load, sample
from ackbot.config.source import ConfigProblem, Finding
from ackbot.config.values import Config, Lane, Listening, Watched

__all__ = ["Config", "ConfigProblem", "Finding", "Lane", "Listening", "Watched", "check", "load", "sample"]
