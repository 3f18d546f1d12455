"""Passwords, read from files or the environment at the moment they are needed, never kept in configuration."""

import os
from dataclasses import dataclass
from pathlib import Path


def readable(path: Path) -> Path:
    """
    The file itself, or where this user may not read it and systemd handed over a credential of its name, that copy
    (systemd.exec(5), LoadCredential): so one configuration serves the service and the admin at the terminal.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if folder and not os.access(path, os.R_OK) and (copy := Path(folder) / path.name).is_file():
        return copy
    return path


@dataclass(frozen=True)
class Password:
    """Where a password comes from: a file (its first line) or an environment variable; neither means none is needed."""

    file: Path | None = None
    env: str = ""

    def read(self) -> str:
        """
        Raises:
            OSError: the file cannot be read.
            KeyError: the environment variable is not set.
        """
        if self.file is not None:
            return readable(self.file).read_text(encoding="utf-8").split("\n", 1)[0].strip("\r")
        return os.environ[self.env] if self.env else ""

    def __repr__(self) -> str:
        return f"Password({self.file or self.env or 'none'})"
