"""People by the hundred: staff.csv, teams.csv and absences.csv as personnel systems export them (design.md §7, `include`)."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import Result

from ackbot.config import Config, check, load, store_of
from ackbot.daemon import Daemon
from ackbot.store import open_database
from ackbot.work import running
from tests.support.council import write_config

HEAD = "id,name,email,manager\n"


def including(folder: Path, **files: bytes | str) -> Path:
    """The council's file with includes; a name `staff_csv` is the file staff.csv."""
    names = [name.replace("_csv", ".csv") for name in files]
    for name, content in zip(names, files.values(), strict=True):
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    listed = ", ".join(f'"{name}"' for name in names)
    return write_config(folder, ("[council]", f"include = [{listed}]\n[council]"))


def found(path: Path) -> list[str]:
    """What is said of the CSV files, without the folder."""
    return [str(one).removeprefix(f"{path.parent}/") for one in check(path) if ".csv" in one.file]


FORMS = {
    "commas": "id,name,email,manager,skills\nmo,Mo Ali,mo@northgate.example,alex,damp;mould\n",
    "semicolons": "id;name;email;manager;skills\nmo;Mo Ali;mo@northgate.example;alex;damp,mould\n",
    "tabs": "id\tname\temail\tmanager\tskills\nmo\tMo Ali\tmo@northgate.example\talex\tdamp, mould\n",
    "a mark, CRLF, capitals, other order": (
        "\ufeffEmail,ID,Name,Skills,Manager\r\nmo@northgate.example,mo,Mo Ali,damp|mould,alex\r\n\r\n"
    ),
    "quotes and lines within": 'id,name,email,manager,skills\nmo,"Mo Ali",mo@northgate.example,alex,"damp\nmould"\n',
    "Excel's hint": "sep=;\nid;name;email;manager;skills\nmo;Mo Ali;mo@northgate.example;alex;damp,mould\n",
    "blank rows": "\n\nid,name,email,manager,skills\n,,,,\nmo,Mo Ali,mo@northgate.example,alex,damp;mould\n,,,,\n",
    "UTF-16": "\ufeffid\tname\temail\tmanager\tskills\nmo\tMo Ali\tmo@northgate.example\talex\tdamp;mould\n".encode(
        "utf-16-le"
    ),
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_every_form_of_an_export(tmp_path: Path, content: bytes | str) -> None:
    """Commas, semicolons, tabs, byte order marks, quoted lines: one person in all of them."""
    path = including(tmp_path, staff_csv=content)
    mo = load(path).council.staff["mo"]

    assert found(path) == []
    assert (mo.name, mo.email, mo.manager, mo.skills) == ("Mo Ali", "mo@northgate.example", "alex", {"damp", "mould"})


def test_names_in_windows_1252(tmp_path: Path) -> None:
    """What Excel saves as CSV on a British machine: accents, curly quotes."""
    content = (HEAD + "zoe,Zoë O’Dea,zoe@northgate.example,alex\n").encode("cp1252")

    assert load(including(tmp_path, staff_csv=content)).council.staff["zoe"].name == "Zoë O’Dea"


def whole(tmp_path: Path) -> Config:
    """All three tables from files."""
    return load(
        including(
            tmp_path,
            staff_csv=HEAD.strip() + ",left,max_cases,working_hours\n"
            'mo,Mo Ali,"mo@northgate.example;m.ali@northgate.example",alex,,12,"Mon-Wed 09:00-12:30, 13:00-17:00"\n'
            "old,Old Hand,old@northgate.example,alex,30/11/2026,,\n",
            teams_csv="name,members,manager,keep_owner\nparks,mo;old,alex,30 days\n",
            absences_csv="staff,from,until,cover\nmo,21/12/2026,2027-01-04,sam\nsam,2026-12-21 13:00,22.12.2026,\n",
        )
    )


def test_all_three_tables(tmp_path: Path) -> None:
    """Lists, numbers, dates and hours come as the tables have them; dates are the council's, day before month."""
    council = whole(tmp_path).council

    assert council.staff["mo"].addresses == ("mo@northgate.example", "m.ali@northgate.example")
    assert council.staff["mo"].max_cases == 12
    assert sorted(council.staff["mo"].week.hours) == [0, 1, 2] if council.staff["mo"].week else False
    assert council.staff["old"].left == date(2026, 11, 30)
    assert council.teams["parks"].members == ("mo", "old")
    assert [(one.staff, one.starts_at, one.ends_at) for one in council.absences] == [
        ("mo", datetime(2026, 12, 21, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC)),
        ("sam", datetime(2026, 12, 21, 13, tzinfo=UTC), datetime(2026, 12, 22, tzinfo=UTC)),
    ]


WRONG = [
    ("staff.csv", HEAD + "mo,Mo Ali,mo,alex\n", '2: staff.email: column C: "mo" is not an email address'),
    (
        "staff.csv",
        HEAD + '"mo","Mo\nAli",mo@n.example,alex\nx,,x@n.example,alex\n',
        "4: staff.name: is required; add it",
    ),
    (
        "staff.csv",
        HEAD + "mo,Mo Ali,mo@n.example,aelx\n",
        '2: staff.manager: column D: there is no member of staff "aelx"; did you',
    ),
    ("staff.csv", HEAD + "sam,Sam Two,s2@n.example,alex\n", '2: staff.id: column A: the id "sam" is used twice'),
    ("staff.csv", "id,nam,email\nmo,Mo,mo@n.example\n", '1: staff: column B "nam" is not a key; did you mean "name"?'),
    (
        "staff.csv",
        "id,name,email,payroll\nmo,Mo,mo@n.example,7\n",
        '1: staff: warning: column D "payroll" is not read; remove it',
    ),
    (
        "staff.csv",
        "id,name,name,email\nmo,Mo,Mo,mo@n.example\n",
        '1: staff: column C is "name" once more; keep one of them',
    ),
    (
        "staff.csv",
        "id,name,email,left\nmo,Mo,mo@n.example,31/2/2026\n",
        '2: staff.left: column D: "31/2/2026" is not a date; write it',
    ),
    ("staff.csv", "id,name,email,left\nmo,Mo,mo@n.example,12/31/2026\n", "2: staff.left: column D: "),
    (
        "staff.csv",
        "id,name,email,max_cases\nmo,Mo,mo@n.example,many\n",
        '2: staff.max_cases: column D: "many" is not a whole number',
    ),
    (
        "staff.csv",
        "id,name,email,max_cases\nmo,Mo,mo@n.example,-1\n",
        "2: staff.max_cases: column D: must be at least 0",
    ),
    (
        "staff.csv",
        HEAD + "mo,Ali, Mo,mo@n.example,alex\n",
        "2: staff: the row has more cells than the first line has names",
    ),
    ("staff.csv", HEAD + 'mo,"Mo,mo@n.example,alex\n', "2: staff: the quotes of this row do not fit; close each one"),
    ("staff.csv", "", "1: staff: is empty; its first line names the columns"),
    ("people.csv", HEAD, "1: csv: its name does not say what it holds; call it staff.csv, teams.csv or absences.csv"),
    ("staffing.csv", HEAD, "1: csv: its name does not say what it holds"),
    ("teams.csv", "name,members\nparks,mo\n", '2: team.members: column B: there is no member of staff "mo"'),
    ("teams.csv", "name,assign\nparks,random\n", "2: team.assign: column B: must be 'least-loaded' or 'round-robin'"),
    (
        "absences.csv",
        "staff,from,until\nsam,soon,2026-12-24\n",
        '2: absence.from: column B: "soon" is not a date; write it as 2026-12-28',
    ),
    ("absences.csv", "staff,from\nsam,2026-12-24\n", "2: absence.until: is required; add it"),
    (
        "absences.csv",
        "staff,from,until\nsam,2026-12-24,2026-12-24\n",
        "2: absence.until: column C: is not after `from`",
    ),
    (
        "absences.csv",
        "staff,from,until,cover\nsam,2026-12-24,2026-12-29,sam\n",
        "2: absence.cover: column D: is the one who is away",
    ),
]


@pytest.mark.parametrize(("name", "content", "what"), WRONG, ids=[row[2][:50] for row in WRONG])
def test_mistakes_have_file_line_and_column(tmp_path: Path, name: str, content: str, what: str) -> None:
    """`FILE:LINE: key: column C: what; how to mend it`, as in the configuration itself; each once."""
    said = found(including(tmp_path, **{name.replace(".csv", "_csv"): content}))

    assert [one for one in said if one.startswith(f"{name}:{what}")], said
    assert len(said) == len(set(said))
    assert not any("without quotes" in one or "input should" in one for one in said)


def test_a_file_beside_tables_of_its_kind(tmp_path: Path) -> None:
    """Rows come behind the tables of the file; one that is written with single brackets there is a mistake and no crash."""
    path = including(tmp_path, staff_csv=HEAD + "mo,Mo Ali,mo@northgate.example,alex\n")
    assert list(load(path).council.staff)[-2:] == ["duty", "mo"]
    path.write_text(path.read_text().replace("[[staff]]", "[staff]", 1).split("[[staff]]")[0])

    assert any("write [[staff]], with two brackets" in str(one) for one in check(path))


def test_hundreds_of_them(tmp_path: Path) -> None:
    """An export of five hundred; a mistake in the last row has its line."""
    rows = [f"p{n},Person {n},p{n}@northgate.example,alex" for n in range(499)]
    path = including(tmp_path, staff_csv=HEAD + "\n".join([*rows, "last,Last,last@northgate.example,nobody"]))

    assert [one.partition(" there")[0] for one in found(path)] == ["staff.csv:501: staff.manager: column D:"]


def test_a_reload_says_who_came_left_and_moved(cli: Callable[..., Result], tmp_path: Path) -> None:
    """`status` has ids and teams; nothing of residents is in it."""
    path = including(
        tmp_path, staff_csv=HEAD + "mo,Mo Ali,mo@northgate.example,alex\nzoe,Zoe,zoe@northgate.example,alex\n"
    )
    path.write_text(path.read_text() + '\n[[team]]\nname = "parks"\nmembers = ["mo"]\n')
    daemon = Daemon(load(path))
    daemon.start()
    try:
        assert "with the last reload" not in cli("-c", str(path), "status").output
        (tmp_path / "staff.csv").write_text(
            HEAD + "mo,Mo Ali,mo@northgate.example,alex\nbo,Bo,bo@northgate.example,alex\n"
        )
        text = path.read_text().replace('members = ["mo"]', 'members = ["bo"]')
        path.write_text(text.replace('id = "kofi"', 'id = "kofi"\nleft = 2026-11-02'))
        daemon.reload()
        output = cli("-c", str(path), "status").output
    finally:
        daemon.stop()

    assert "with the last reload came: bo (parks)" in output
    assert "with the last reload left: zoe, kofi on 2026-11-02" in output
    assert "with the last reload moved: mo (parks to no team)" in output


def test_a_changed_export_differs_from_what_runs(cli: Callable[..., Result], tmp_path: Path) -> None:
    """E59: and what runs is shown from the record, though the export is broken by now."""
    path = including(tmp_path, staff_csv=(HEAD + "mo,Mö Ali,mo@northgate.example,alex\n").encode("cp1252"))
    daemon = Daemon(load(path))
    daemon.start()
    daemon.stop()
    (tmp_path / "staff.csv").write_text('id,"name')
    assert "not fine: staff.csv: not what runs since " in cli("-c", str(path), "status").output
    with closing(open_database(store_of(path), read_only=True)) as db:
        ran = running.found(db)

    assert ran is not None and ran.config is not None
    assert ran.config.council.staff["mo"].name == "Mö Ali"
