"""The commands that an admin types: one small file per command, of which only the called one is imported."""

from importlib import import_module

import click

from ackbot import __version__

_COMMANDS = {
    "backup": "write the store, the secret and the configuration into one file",
    "cases": "list the open cases",
    "check": "find every mistake in the configuration",
    "close": "close old cases that were answered elsewhere",
    "demo": "show what ackbot does, with servers and letters of its own",
    "diff": "say what a changed configuration touches: people, open cases, dates, last month's mail",
    "explain": "say what would happen to a mail, and why",
    "hold": "keep everything of a case, however old, until it is released",
    "init": "write a configuration to start from, and a secret",
    "letters": "list every mail of a day, with or without a case, and why",
    "pause": "read, but send nothing except urgent alarms",
    "person": "export or erase all that is kept of a person",
    "preview": "show every mail with sample values",
    "purge": "delete what was kept long enough; the daemon does it each day",
    "quarantine": "list, show and retry mails that could not be read",
    "release": "send the mails that the brake or a restore held",
    "restore": "put a backup back",
    "rename": "tell the store that an inbox or a member of staff has another name",
    "report": "report how the standards are kept, as a page, a table or text",
    "resume": "end a pause",
    "run": "run the daemon",
    "show": "tell the whole story of a case, a mail or an address",
    "simulate": "replay a mailbox with its own dates, and say what would have been",
    "store": "copy a store to another, such as SQLite to PostgreSQL",
    "status": "show how the inboxes, the relay and the outbox are",
    "watch": "show letters as they come, alarms and what falls due, live",
}


class _Lazy(click.Group):
    """Knows the name and sentence of every command, and imports a command only when it is called (start-up, design.md §10)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"ackbot.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        import difflib

        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in _COMMANDS:
            near = difflib.get_close_matches(name, _COMMANDS, n=1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            ctx.fail(f'No such command "{name}".{hint}')
        return super().resolve_command(ctx, args)


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-c",
    "--config",
    "config",
    metavar="FILE",
    help="Configuration; default ./ackbot.toml, then /etc/ackbot/ackbot.toml.",
)
@click.version_option(__version__, prog_name="ackbot")
@click.pass_context
def main(ctx: click.Context, config: str | None) -> None:
    """Acknowledges every resident who emails a council, gives each letter a named owner, and keeps the promise."""
    ctx.obj = config
