"""The council of the demo: its configuration, as an admin would write it."""

from pathlib import Path

PASSWORD = "demo"  # noqa: S105 - of servers that live for half a minute on loopback
_TOML = """
[council]
name = "Royal Borough of Northgate"
domains = ["northgate.example"]
admin = "ackbot-admins@northgate.example"
secret_file = "secret"
take_further = "To take this further, write to complaints@northgate.example."
privacy = "https://northgate.example/privacy"

[calendar]
bank_holidays = "GB-ENG"
working_hours = "Mon-Fri 09:00-17:00"
closed_on = [2026-12-28, 2026-12-29]

[store]
url = "sqlite:///demo.db"

[urgent]
to = ["duty"]

[smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "none"
per_minute = 0
per_day = 0

[[inbox]]
name = "housing"
address = "housing@northgate.example"
service = "Housing"
phone = "020 7946 0001"
team = "housing"
forms = [{{ from = "no-reply@northgate.example", resident = "reply-to" }}]
{account}

[[inbox]]
name = "streets"
address = "streets@northgate.example"
service = "Streets and Waste"
team = "streets"
{account}

[[inbox]]
name = "dana"
address = "dana.price@northgate.example"
service = "Planning"
owner = "dana.price"
{account}

[[team]]
name = "housing"
members = ["priya.shah", "sam.jones"]
manager = "alex.reid"

[[team]]
name = "streets"
members = ["kofi.mensah", "lena.wolf"]
manager = "alex.reid"

[[staff]]
name = "Priya Shah"
email = "priya.shah@northgate.example"

[[staff]]
name = "Sam Jones"
email = "sam.jones@northgate.example"

[[staff]]
name = "Kofi Mensah"
email = "kofi.mensah@northgate.example"

[[staff]]
name = "Lena Wolf"
email = "lena.wolf@northgate.example"

[[staff]]
name = "Dana Price"
email = "dana.price@northgate.example"
cover = "lena.wolf"

[[staff]]
name = "Alex Reid"
email = "alex.reid@northgate.example"

[[staff]]
id = "duty"
name = "Duty officer"
email = "duty@northgate.example"

[[absence]]
staff = "dana.price"
from = 2026-11-30
until = 2026-12-07

[[standard]]
name = "enquiry"
name_owner_within = "1 working day"
update_every = "5 working days"
answer_within = "10 working days"
"""
_ACCOUNT = """mode = "live"
host = "127.0.0.1"
port = {imap_port}
security = "none"
username = "{address}"
password_env = "ACKBOT_DEMO_PASSWORD"
watch = "poll"
poll_every = "50 ms"
authserv_id = "mx.northgate.example"
plus_addressing = true"""

MAILBOXES = ("housing@northgate.example", "streets@northgate.example", "dana.price@northgate.example")


def write(folder: Path, imap_port: int, smtp_port: int) -> Path:
    """Write the configuration and its secret into a folder. Returns the configuration's path."""
    text = _TOML
    for address in MAILBOXES:
        text = text.replace(
            "{account}", _ACCOUNT.replace("{imap_port}", str(imap_port)).replace("{address}", address), 1
        )
    path = folder / "ackbot.toml"
    path.write_text(text.replace("{smtp_port}", str(smtp_port)).replace("{{", "{").replace("}}", "}"), encoding="utf-8")
    (folder / "secret").write_text("this secret lives as long as the demo\n", encoding="utf-8")
    return path
