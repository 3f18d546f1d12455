"""Passwords, read from files or the environment at the moment they are needed, never kept in configuration."""

import os
from dataclasses import dataclass
from pathlib import Path

from ackbot.errors import AckbotError


def readable(path: Path) -> Path:
    """
    The file itself, or where this user may not read it and systemd handed over a credential of its name, that copy
    (systemd.exec(5), LoadCredential): so one configuration serves the service and the admin at the terminal.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if folder and not os.access(path, os.R_OK) and (copy := Path(folder) / path.name).is_file():
        return copy
    return path


class PasswordProblem(AckbotError):
    """A password cannot be read. The sentence holds nothing of it."""


@dataclass(frozen=True)
class Password:
    """Where a password comes from: a file (its first line) or an environment variable; neither means none is needed."""

    file: Path | None = None
    env: str = ""

    def read(self) -> str:
        """
        Raises:
            PasswordProblem: the file cannot be read or is not UTF-8, or the environment variable is not set.
        """
        if self.file is not None:
            try:
                return readable(self.file).read_text(encoding="utf-8-sig").split("\n", 1)[0].strip("\r")
            except UnicodeDecodeError:
                raise PasswordProblem(
                    f"{self.file} is not UTF-8; save it in that encoding", file=str(self.file)
                ) from None
            except OSError as error:
                raise PasswordProblem(f"{self.file} cannot be read ({error.strerror})", file=str(self.file)) from error
        if not self.env:
            return ""
        if self.env not in os.environ:
            raise PasswordProblem(f"the environment has no {self.env}", variable=self.env)
        try:
            return os.environb[self.env.encode()].decode()
        except UnicodeError:
            raise PasswordProblem(f"{self.env} of the environment is not UTF-8", variable=self.env) from None

    def __repr__(self) -> str:
        return f"Password({self.file or self.env or 'none'})"


def sasl_plain(username: str, password: str) -> bytes:
    """The one message of SASL PLAIN, in UTF-8 whatever characters there are (RFC 4616 §2)."""
    return b"\0".join([b"", username.encode(), password.encode()])
