"""One TOML file, checked whole, becomes the frozen values that everything else is handed."""

from ackbot.config.load import check, load, sample
from ackbot.config.source import ConfigProblem, Finding
from ackbot.config.values import Config, Lane, Listening, Watched

__all__ = ["Config", "ConfigProblem", "Finding", "Lane", "Listening", "Watched", "check", "load", "sample"]
