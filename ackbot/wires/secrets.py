"""Passwords: they are read from files or the environment when they are needed, and never kept in the configuration."""

import os
from dataclasses import dataclass
from pathlib import Path

from ackbot.errors import AckbotError


def readable(path: Path) -> Path:
    """
    The path from which this process can read a file.

    This is the file itself, or systemd's copy of it if this user may not read it and systemd gives us a credential with
    its name (systemd.exec(5), LoadCredential). So one configuration serves the service and the admin at the terminal.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if folder and not os.access(path, os.R_OK) and (copy := Path(folder) / path.name).is_file():
        return copy
    return path


class PasswordProblem(AckbotError):
    """A password cannot be read. The sentence contains no part of the password."""


@dataclass(frozen=True)
class Password:
    """The source of a password: the first line of a file, or an environment variable; without either, no password is needed."""

    file: Path | None = None
    env: str = ""

    def read(self, *, whole: bool = False) -> str:
        """
        The password now; "" if none is needed.

        Args:
            whole: the whole file, and not only its first line.

        Raises:
            PasswordProblem: the file cannot be read or is not UTF-8, or the environment variable is not set.
        """
        if self.file is not None:
            try:
                content = readable(self.file).read_text(encoding="utf-8-sig")
                return content if whole else content.split("\n", 1)[0].strip("\r")
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
    """The single message of SASL PLAIN, always in UTF-8 (RFC 4616 §2)."""
    return b"\0".join([b"", username.encode(), password.encode()])
