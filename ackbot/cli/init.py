"""ackbot init: writes a configuration to start from, and a secret."""

import os
import secrets
from pathlib import Path

import click

from ackbot import resources
from ackbot.cli.common import fail, writing
from ackbot.cli.printing import say

_PASSWORDS = ("smtp", "housing")  # of the example's relay and inbox


@click.command("init")
@click.argument("directory", default=".", metavar="[DIR]")
def command(directory: str) -> None:
    """
    Write a commented ackbot.toml, a secret and files for two passwords into DIR (default here), and say what to do next.

    Overwrites nothing.
    """
    folder = Path(directory)
    config, secret = folder / "ackbot.toml", folder / "secret"
    with writing(folder):
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(0o755)  # the umask may have taken permissions away
        taken = [str(path) for path in (config, secret) if path.exists()]
    if taken:
        fail(f"{' and '.join(taken)} already exist; nothing was written", 1)
    text = resources.example_config().read_text(encoding="utf-8")
    text = text.replace('"/etc/ackbot/secret"', f'"{secret.resolve()}"', 1)
    credentials = folder / "credentials"
    text = text.replace('"/etc/ackbot/credentials/', f'"{credentials.resolve()}/')
    with writing(folder):
        credentials.mkdir(mode=0o700, exist_ok=True)
        passwords = [credentials / name for name in _PASSWORDS]
        for file in passwords:
            if not file.exists():
                _write(file, "", 0o600)
        _write(secret, secrets.token_hex(32) + "\n", 0o600)
        _write(config, text, 0o644)  # it holds no secret, and the unit's dynamic user must read it
    say(
        f"Wrote {config} and {secret}. Keep both in your backup: the secret proves which mails are ours.\n"
        f"\n"
        f"1. Open {config} and put in your council, one inbox, one relay, and the people who answer.\n"
        f"2. Put the passwords into {' and '.join(map(str, passwords))}, each on the first line; only you can read them.\n"
        f"3. ackbot -c {config} check\n"
        f"4. ackbot -c {config} check --online\n"
        f"5. ackbot -c {config} run\n"
        f"\n"
        f'The inbox starts in mode "shadow": letters are read and nothing is sent. `ackbot show` tells what would have been sent;\n'
        f'when you like what you see, set mode = "staff", then "acknowledge", then "live".'
    )


def _write(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, mode)  # the umask may have taken permissions away
        file.write(text)
