"""The lists of urgent words are a small grammar: who does what to whom, things and their state, and what makes it no danger (E73, E20, E51)."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from ackbot.casework import wordlists, wordsearch
from ackbot.casework.incoming import danger
from ackbot.casework.wordlists import ListFile
from ackbot.config import load
from tests.support import dangers
from tests.support.council import World, mistakes, write_config
from tests.support.letters import letter


def part_of(content: str, kind: str, disposition: str = "inline") -> bytes:
    """A letter about nothing, with another part."""
    text = (
        f"--x\nContent-Type: text/plain\n\nHello.\n\nSam\n--x\nContent-Type: {kind}\nContent-Disposition: {disposition}\n\n"
        f"{content}\n--x--\n"
    ).replace("\r\n", "\n")
    return letter(
        subject="Hello", text=text, message_id="<with@resident.example>", content_type='multipart/mixed; boundary="x"'
    )


def found(lines: str, text: str, shared: str = "") -> tuple[str, ...]:
    """The words of a text in which a list of these lines finds something."""
    file = ListFile("gas", "gas.txt", lines, shared)
    assert wordlists.read(file)[1] == ()
    signs = wordsearch.signs(text, wordlists.lists((file,)), among=("gas",))
    return tuple(sign.words for sign in signs)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("My husband hits our son.", "abuse"),
        ("He punched my daughter in the face.", "abuse"),
        ("I am scared of my boyfriend, he broke my arm.", "abuse"),
        ("My mum is 87, fell down and cannot get up.", "life"),
        ("The boiler smells of burning and the alarm goes off, we all have headaches.", "gas"),
        ("Water is coming through the light fitting.", "fire"),
        ("A wall is leaning over the pavement and bricks are falling.", "structure"),
        *(
            (f"{who} {does} {whom}.", "abuse")
            for who, does, whom in zip(
                ("My wife", "Her ex", "My dad", "The man next door", "My sister's husband", "Mum's partner"),
                ("slaps", "was kicking", "has beaten", "keeps hitting", "strangled", "is punching"),
                ("me", "her", "my brother", "his girlfriend", "her", "our mum"),
                strict=True,
            )
        ),
    ],
)
def test_who_does_what_to_whom(world: World, text: str, category: str) -> None:
    """E73: in every person and tense; things and their states likewise."""
    assert category in danger.categories(text, world.office.council.urgent)


@pytest.mark.parametrize(
    "asked", ["please help", "please come quickly", "can you help please", "thank you", "sorry to bother you"]
)
@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I smell gas", "gas"),
        ("There is a smell of gas here", "gas"),
        ("There is a gas leak", "gas"),
        ("The kitchen is on fire", "fire"),
        ("My mother cannot breathe", "life"),
        ("My husband hits me", "abuse"),
        ("The ceiling has collapsed", "structure"),
    ],
)
def test_a_polite_cry_for_help_alarms(world: World, text: str, category: str, asked: str) -> None:
    """E73: "please" and "thank you" unsay no danger."""
    assert category in danger.of_signs(danger.signs(f"{text}, {asked}.", world.config.council.urgent, ()))


@pytest.mark.parametrize(
    "text",
    [
        "Is there still a place on the suicide prevention course?",
        "The monoxide alarm was tested and it was fine.",
        "Please send me the domestic abuse policy.",
        "I have read the minutes of the safeguarding board.",
        "I am dying to know when the library opens.",
        "Eleven sailors drowned in 1926, says the plaque.",
        "There is no smell of gas.",
        "The gas leak has been fixed.",
        "In my novel a man beats his wife.",
        "What should I do if I smell gas?",
        "lampadaire cassé école",
        "Lampadaire cassé rue Victor Hugo",
        "poteau cassé trottoir",
        "Cassé : le lampadaire, rue de l'école",
        "farola rota colegio",
        "lampione rotto scuola",
        "candeeiro partido escola",
        "zepsuta latarnia szkoła",
        "felinar stricat școală",
        "golau stryd wedi torri ysgol",
    ],
)
def test_what_is_no_danger(world: World, text: str) -> None:
    """E73: courses, tests, policies, minutes, idiom, history, negation, repairs, fiction, questions; a broken lamp, in any order."""
    assert danger.categories(text, world.office.council.urgent) == ()


@pytest.mark.parametrize(
    ("lines", "text", "words"),
    [
        ("gas leak", "A GAS-leak!", ("gas leak",)),
        ("gas leak", "The gas does leak.", ()),
        ("can't go on", "I can’t go on", ("cant go on",)),
        ("leak*", "It is leaking.", ("leaking",)),
        ("gas + baby", "Gas! And further down: a baby.", ("gas … baby",)),
        ("gas & baby", "The baby smells gas.", ("baby smells gas",)),
        ("gas & baby", "Gas. A baby.", ()),
        ("he .. hits .. me", "He often hits or so it seems me", ("he often hits or so it seems me",)),
        ("he .. hits", "he " + "very " * 7 + "hits", ()),
        ("hit/hits me", "she hits me", ("hits me",)),
        ("no_one/nobody came", "no one came", ("no one came",)),
        ("@who .. @does\n@who = he, my wife\n@does = hit*,\n  slaps", "my wife never slaps", ("my wife never slaps",)),
        ("weak: smoke\nweak: hot", "smoke. It is hot.", ("smoke", "hot")),
        ("weak: smoke\nweak: hot", "smoke, smoke", ()),
        ("weak: smoke\nweak: hot", "smoke." + " Well." * 5 + " It is hot.", ()),
        ("gas\nunless: bill", "the gas bill", ()),
        ("gas\nunless: bill", "the bill. I smell gas", ("gas",)),
        ("gas\nunless: bill\nturn: but", "I paid the bill but smell gas", ("gas",)),
        ("gas\nunless before: no", "there is no smell of gas", ()),
        ("gas\nunless before: no", "no, gas", ("gas",)),
        ("gas\nunless right before: no", "no more gas", ("gas",)),
        ("gas\nunless after: bill", "gas and a bill", ()),
        ("gas .. leaks\nunless inside: never", "gas that never leaks", ()),
        ("gas\nunless near: novel", "It is a novel. There is gas.", ()),
        ("always: gas\nunless: bill", "the gas bill", ("gas",)),
        ("drowned\nunless: in 19xx", "he drowned in 1926", ()),
        ("drowned\nunless: in 19xx", "he drowned in 2026", ("drowned",)),
        ("use: shared\n@smell gas", "smells gas", ("smells gas",)),
        ("use: shared\n@smell gas", "never smells gas", ()),
        ("smells gas", "never smells gas", ("smells gas",)),
        ("use: shared\n@smell = reeks\n@smell gas", "reeks gas. smells gas", ("reeks gas",)),
        ("no_one came", "no one came", ("no one came",)),
        ("l'eau & gaz", "l’eau, le gaz", ("l eau le gaz",)),
    ],
)
def test_the_grammar(lines: str, text: str, words: tuple[str, ...]) -> None:
    """E73: every sign of docs/urgent-words.md, both ways."""
    assert found(lines, text, "@smell = smell, smells\nunless before: never") == words


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        ("gas\n@nobody hits", 2, "no group is called @nobody"),
        ("@a = @b\n@b = @a\n@a hits", 1, "no group is called"),
        ("ga*", 1, "at least 3 letters"),
        ("use: others", 1, "use: shared"),
    ],
)
def test_lines_that_mean_nothing(tmp_path: Path, lines: str, line: int, what: str) -> None:
    """P10: `check` names the list, the line and what is wrong with it."""
    (tmp_path / "words" / "en").mkdir(parents=True)
    (tmp_path / "words" / "en" / "gas.txt").write_text(lines)
    told = mistakes(write_config(tmp_path, ('to = ["duty"]', 'to = ["duty"]\nwords_dir = "words"')))

    assert told[0].startswith(f"{tmp_path}/words/en/gas.txt:{line}: urgent.words_dir: ")
    assert what in told[0]


@pytest.mark.parametrize("name", ["en/gas.txt", "gas.en.txt"])
def test_own_phrases(tmp_path: Path, name: str) -> None:
    """design.md §7: a plain phrase a line still works, takes the place of our list alone, and nothing of ours unsays it."""
    path = tmp_path / "words" / name
    path.parent.mkdir(parents=True)
    path.write_text("# Ours\npurple badger\nbadger* + sett\n")
    config = load(write_config(tmp_path, ('to = ["duty"]', 'to = ["duty"]\nwords_dir = "words"')))
    urgent = config.council.urgent

    assert danger.categories("There is no Purple Badger in the minutes.", urgent) == ("gas",)
    assert danger.categories("A sett. Two badgers.", urgent) == ("gas",)
    assert danger.categories("I can smell gas.", urgent) == ()
    assert danger.categories("My husband hits me.", urgent) == ("abuse",)


def test_no_list_that_ships_has_a_mistake() -> None:
    """P10: of all languages; and each list has something to find."""
    lists = sorted((Path(__file__).parent.parent / "templates").glob("*/urgent/*.txt"))
    for path in lists:
        if path.stem == "shared":
            continue
        shared = (path.parent / "shared.txt").read_text(encoding="utf-8")
        file = ListFile(path.stem, path.name, path.read_text(encoding="utf-8"), shared)
        assert wordlists.read(file)[1] == (), path
        assert wordlists.read(file)[0], path
        assert path.stem in danger.CATEGORIES


@pytest.mark.parametrize("way", ["soft hyphens", "a blank of no width", "a joiner", "entities", "marks of direction"])
@pytest.mark.parametrize(
    "text", ["There is a smell of gas here.", "My husband strangled me.", "The balcony is collapsing."]
)
def test_disguised_words(world: World, text: str, way: str) -> None:
    """E20: what a mail program shows is what is read."""
    world.receive(letter(subject="Hello", text=dangers.disguised(text)[way], content_type="text/html; charset=utf-8"))

    assert len(world.outbox("urgent")) == 1


def test_explain_quotes_the_lists(cli: Callable[..., Result], tmp_path: Path) -> None:
    """E73: which line of which file, which words of the letter; in text and in JSON."""
    path = tmp_path / "a.eml"
    path.write_bytes(letter(subject="Hello", text="Good morning.\n\nMy husband hits\nour son.\n"))
    text = cli("explain", str(path)).output
    told = json.loads(cli("explain", "--json", str(path)).output)["intents"][-1]["signs"][0]
    file, number = told["file"], told["line"]
    line = (Path(__file__).parent.parent / file).read_text().splitlines()[number - 1]

    assert (told["category"], told["looks_for"], told["words"]) == ("abuse", line, "husband hits our son")
    assert f"abuse: “husband hits our son”, found by {file}:{number}: {line}" in text


def test_our_own_words_are_no_danger(world: World) -> None:
    """behaviour.md §1: a quotation of our urgent block says nothing; the resident's own words beside it do."""
    urgent, help_ = (
        world.office.council.urgent,
        "If you smell gas, call 0800 111 999. If someone is in danger, call 999.",
    )
    quoted = f"Thanks.\n\nSam\n{help_}\n"

    assert danger.categories(f"I do smell gas.\n\n{quoted}", urgent, (help_,)) == ("gas",)
    assert danger.signs(quoted, urgent, (help_,)) == ()


GAS = "I can smell gas in the hall."
PLACES = {
    "the subject": letter(subject="Gas smell in our kitchen", text="Please see above.\n\nSam"),
    "below a stranger's words that Outlook quotes without marks": letter(
        subject="FW: our house",
        text=f"See below.\n\nFrom: Nora Quan <nora@resident.example>\nSent: Monday 30 November\nTo: Sam\nSubject: house\n\n{GAS}\n",
    ),
    "an attached mail": part_of(
        f"Message-ID: <in@r.example>\r\nSubject: house\r\nContent-Type: text/plain\r\n\r\n{GAS}\r\n", "message/rfc822"
    ),
    "the subject of an attached mail": part_of(
        "Message-ID: <in@r.example>\r\nSubject: Gas smell in the hall\r\nContent-Type: text/plain\r\n\r\nHello\r\n",
        "message/rfc822",
    ),
    "an attached text": part_of(GAS, 'text/plain; name="letter.txt"', "attachment"),
    "an attached page": part_of("<p>I can smell <b>g&shy;as</b>.</p>", 'text/html; name="letter.html"', "attachment"),
    "the name of a file": part_of("AAAA", 'image/jpeg; name="gas_leak-in-hall.jpg"', "attachment"),
    "the words for a picture": letter(
        subject="Hello", text='<p>Look:</p><img src="cid:1" alt="gas leak in the hall">', content_type="text/html"
    ),
    "a mail in a mail in a mail": part_of(
        'Subject: a\r\nContent-Type: multipart/mixed; boundary="y"\r\n\r\n--y\r\nContent-Type: message/rfc822\r\n\r\n'
        f"Subject: b\r\nContent-Type: text/plain\r\n\r\n{GAS}\r\n--y--\r\n",
        "message/rfc822",
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_where_people_put_their_words(world: World, place: str) -> None:
    """E20: subjects, words below unmarked quotations, attached mails and texts, names of files, alt texts."""
    world.receive(PLACES[place])

    assert len(world.outbox("urgent")) == 1


def test_our_own_mail_attached_is_no_danger(world: World) -> None:
    """behaviour.md §1: never in our own; the urgent block in an acknowledgement that comes along alarms nobody."""
    world.receive(letter())
    ours = bytes(world.outbox("acknowledgement")[0]["content"]).decode()
    world.receive(part_of(ours, "message/rfc822"))

    assert world.outbox("urgent") == []


def test_an_automatic_reply_that_speaks_of_danger(world: World) -> None:
    """E20, behaviour.md §1: it is an event still, and the duty officer hears of it; what it quotes of ours does not count."""
    world.receive(letter())
    marked = {"Auto_Submitted": "auto-replied", "In_Reply_To": "<first@resident.example>"}
    world.receive(letter(subject="Automatic reply", text="I am away.\n", message_id="<2@r.example>", **marked))
    assert world.outbox("urgent") == []
    row = world.receive(letter(subject="Automatic reply", text=f"{GAS}\n", message_id="<3@r.example>", **marked))

    assert (row["kind"], row["outcome"]) == ("automatic-reply", "event")
    assert len(world.outbox("urgent")) == 1
