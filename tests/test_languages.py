"""Mails in the resident's language: which one, whole in each, right to left, and read by a strict editor (domain.md §9, §12)."""

import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from ackbot import resources
from ackbot.casework.incoming import danger
from ackbot.config import Config, load
from ackbot.mail import language, markup
from ackbot.mail.templates import Templates
from ackbot.work.lint import lint, reading_grade, sentences
from ackbot.work.samples import proofread, specimens
from tests.support.browser import judged
from tests.support.council import World, mistakes, write_config
from tests.support.letters import html, letter, parsed, plain

SHIPPED = ("ar", "bn", "cy", "es", "fa", "fr", "it", "pl", "pt", "ro", "so")
WELSH = "Annwyl Gyngor,\n\nMae gen i broblem gyda lleithder yn ystafell wely fy merch, ac rwyf wedi ysgrifennu o'r blaen.\n\nCofion\nNia Rees\n"
FRENCH = "Bonjour,\n\nIl y a de la moisissure dans la chambre de ma fille depuis le mois d'octobre, et elle tousse la nuit.\n\nMarie Dupont\n"
ARABIC = "مرحباً،\n\nتوجد رطوبة في غرفة نوم ابنتي منذ شهر أكتوبر، وهي تسعل كل ليلة. أرجو أن يأتي أحد.\n\nأمل حداد\n"
ALIKE = {
    "no": ("da",),
    "zh": ("ja",),
    "yue": ("zh", "ja"),
    "ti": ("am",),
    "yo": ("vi",),
}  # what a short line may be taken for
HOSTILE = "\u202eتسرب\u2069 gas\u2066"
ISOLATES = re.compile("[\u2066-\u2069]")


def council(*languages: str, bilingual: bool = False) -> tuple[str, str]:
    """A change of the configuration."""
    domains = 'domains = ["northgate.example"]'
    more = "\nbilingual = true" if bilingual else ""
    return (domains, f"{domains}\nlanguages = {list(languages)}{more}")


def answered(world: World, text: str, subject: str = "x", **headers: str) -> bytes:
    """The acknowledgement of a letter."""
    world.receive(letter(sender="Nia Rees <nia@resident.example>", subject=subject, text=text, **headers))
    return bytes(world.outbox("acknowledgement")[-1]["content"])


def versions(raw: bytes) -> list[str]:
    """In which languages its HTML stands, in order, each once."""
    page = html(raw)
    named = [page.partition('lang="')[2].partition('"')[0], *re.findall(r'<(?:p|h2)[^>]* lang="(\w+)"', page)]
    return list(dict.fromkeys(named))


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A council that writes every language."""
    return load(write_config(tmp_path_factory.mktemp("every"), council("en", *SHIPPED)))


@pytest.mark.parametrize("code", SHIPPED)
def test_every_language_is_whole(every: Config, code: str) -> None:
    """domain.md §12: every mail to residents, filled in; nothing of another language in it but names; each says who vouches."""
    mails = list(specimens(every, code))

    assert len(mails) > 20
    assert every.office.templates.words(code)["reviewed_by"] == ""
    for title, mail in mails:
        if "colleague" in title or "in Spanish" in title:
            continue
        head = f'<html lang="{code}" dir="{markup.direction(code)}">'
        theirs = mail.text.replace("You listened to me", "").replace("Northgate", "")
        assert head == mail.html.partition("<html")[1] + mail.html.partition("<html")[2].partition(">")[0] + ">", title
        assert not re.findall(r"\b(?:You|Your|We|has|the resident|by)\b", theirs), title


def test_a_strict_editor_finds_nothing(every: Config) -> None:
    """Issue: placeholders equal, no stale translation, sentences of at most 25 words, English of grade 7, no word of voice.md's list."""
    assert [str(one) for one in lint(every)] == []
    assert proofread(every) == ()


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("receipt.txt", "# We have it.\n", "does not name"),
        (
            "reached.txt",
            "# Your email reached {{ service }}, shortly.\n",
            '"shortly" stands in the mail "receipt for others"',
        ),
        ("reached.txt", "# We raised a ticket for {{ name }}.\n", '"ticket" stands'),
        ("reached.txt", "# " + "We have it and will look at it " * 4 + ".\n", "a sentence has more than 25 words"),
        (
            "reached.txt",
            "# Administrative considerations necessitate organisational deliberation.\n",
            "years of school",
        ),
    ],
)
def test_own_words_are_read_too(tmp_path: Path, own_templates: Path, name: str, text: str, what: str) -> None:
    """An admin's own templates are read as strictly as ours."""
    path = own_templates / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    found = [str(one) for one in lint(load(write_config(tmp_path)))]

    assert all("warning" in one for one in found)
    assert (not found) if not what else any(what in one and path.resolve().name in one for one in found), found


@pytest.mark.parametrize("text", ["{% if owner == 'x' %}\nWords.\n{% endif %}\n", "{{ '' }}\n", "{% set a = 1 %}\n"])
def test_an_empty_mail_is_a_mistake(tmp_path: Path, own_templates: Path, text: str) -> None:
    """E65: an empty acknowledgement does not go out: `check` says so, and the daemon does not start."""
    (own_templates / "acknowledgement.txt").write_text(text)
    found = [one for one in proofread(load(write_config(tmp_path))) if "would be empty" in str(one)]

    assert found and not found[0].warning
    assert str(own_templates / "acknowledgement.txt") in str(found[0])


def test_a_stale_translation_is_named(tmp_path: Path, own_templates: Path) -> None:
    """domain.md §12: a council that rewrites the English reads which translations say something else now, and how to stamp them."""
    english = (resources.templates() / "en" / "receipt.txt").read_text()
    (own_templates / "receipt.txt").write_text(english.replace("Thank you.", "Many thanks."))
    config = load(write_config(tmp_path, council("en", "fr")))
    (found,) = lint(config)

    assert "fr/receipt.txt" in str(found)
    stamp = re.search(r"\{# of the English \w{12} #\}", str(found))
    assert stamp
    (tmp_path / "templates" / "fr").mkdir()
    _, _, french = (resources.templates() / "fr" / "receipt.txt").read_text().partition("\n")
    (tmp_path / "templates" / "fr" / "receipt.txt").write_text(f"{stamp[0]}\n{french}")
    assert lint(load(tmp_path / "ackbot.toml")) == ()


def test_check_names_what_nobody_vouched_for(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Issue: an unreviewed language is off until the admin names it, and then `check` says what that means."""
    path = write_config(tmp_path, council("en", "so"))
    said = cli("-c", str(path), "check").output

    assert 'nobody who speaks "so" has vouched for its words' in said
    words = (resources.templates() / "so" / "words.toml").read_text()
    (tmp_path / "templates" / "so").mkdir(parents=True)
    (tmp_path / "templates" / "so" / "words.toml").write_text(
        words.replace('reviewed_by = ""', 'reviewed_by = "A. Warsame"')
    )
    assert "vouched" not in cli("-c", str(path), "check").output


def test_half_a_language_is_a_mistake(tmp_path: Path) -> None:
    """domain.md §12: a language without all mails to residents is not begun."""
    (tmp_path / "templates" / "eo").mkdir(parents=True)
    words = (resources.templates() / "es" / "words.toml").read_text()
    (tmp_path / "templates" / "eo" / "words.toml").write_text(words)
    (tmp_path / "templates" / "eo" / "acknowledgement.txt").write_text("Saluton.\n")

    assert '"eo" lacks receipt, reached, where-it-stands' in mistakes(write_config(tmp_path, council("en", "eo")))[0]


@pytest.mark.parametrize(
    ("languages", "bilingual", "text", "expected"),
    [
        (("en", "fr"), False, FRENCH, ["fr", "en"]),
        (("en", "fr"), False, "There is damp in the bedroom and my daughter coughs at night.", ["en"]),
        (("en", "fr"), False, f"{FRENCH}\nPlease write to me in English.", ["en"]),
        (("en", "es"), False, "My bin was missed again. Please write to me in Spanish.", ["es", "en"]),
        (("en", "ar"), False, ARABIC, ["ar", "en"]),
        (("en",), False, FRENCH, ["en", "fr"]),  # the offer of an interpreter is one line
        (("cy", "en"), True, WELSH, ["cy"]),
        (("cy", "en"), True, "There is damp in the bedroom and my daughter coughs at night.", ["cy", "en"]),
        (("cy", "en"), True, "Damp.", ["cy", "en"]),
        (("cy", "en"), True, "There is damp in the bedroom. Please write to me in English.", ["en"]),
        (("cy", "en", "fr"), True, FRENCH, ["fr", "cy", "en"]),
        (("en", "cy"), False, WELSH, ["cy", "en"]),
    ],
)
def test_whose_language(
    make_world: Callable[..., World], languages: tuple[str, ...], bilingual: bool, text: str, expected: list[str]
) -> None:
    """Voice 7, domain.md §12: the wish, else the letter's language; Welsh in, Welsh out; else both, Welsh first, one whole below the other."""
    raw = answered(make_world(council(*languages, bilingual=bilingual)), text)

    assert versions(raw) == expected
    assert parsed(raw)["Content-Language"] == ", ".join(expected)


def test_whole_versions(make_world: Callable[..., World]) -> None:
    """domain.md §12: a line on top points to the version below; never mixed by paragraph; one h1; equal dates."""
    raw = answered(make_world(council("en", "fr")), FRENCH, subject="Moisissure")
    text, page = " ".join(plain(raw).split()), html(raw)

    assert text.startswith(
        "English below Bonjour Nia Rees, Priya Shah (Housing) a reçu votre e-mail au sujet de « Moisissure »."
    )
    first, _, second = text.partition(" English Hello Nia Rees,")
    assert "au plus tard le lundi 7 décembre" in first and "by Monday 7 December" in second
    assert "appelez le 999" in first and "call 999" in second and "call 999" not in first
    assert (page.count("<h1"), page.count("<h2")) == (1, 1)
    assert "\n\nNot happy?" in plain(raw) and "\n\nPas satisfait" in plain(
        raw
    )  # how to complain has a paragraph of its own
    assert '<h2 lang="en" dir="ltr"' in page
    assert re.search(r'about “<bdi lang="fr">Moisissure</bdi>”', page)  # a quoted subject carries its own language


def test_the_letters_header_tells_where_words_do_not(make_world: Callable[..., World]) -> None:
    """Issue: Content-Language, then Accept-Language, where the words are too few."""
    world = make_world(council("en", "fr", "pl"))

    def said(words: str, **headers: str) -> list[str]:
        return versions(answered(world, words, subject=words, message_id=f"<{len(words)}@x.example>", **headers))

    assert said("Moisi", Content_Language="fr-FR") == ["fr", "en"]
    assert said("Grzyb.", Accept_Language="pl-PL, en-GB;q=0.7") == ["pl", "en"]
    assert said("It is damp", Accept_Language="xx") == ["en"]


def test_right_to_left(make_world: Callable[..., World]) -> None:
    """Issue: names, references, numbers and quoted subjects keep their order within Arabic; each paragraph begins with Arabic."""
    world = make_world(council("en", "ar"))
    raw = answered(world, ARABIC, subject="Flat 4: رطوبة (urgent)")
    text, page = plain(raw), html(raw)
    arabic = text.partition("English below")[2].partition("\n\nEnglish\n")[0]

    assert '<html lang="ar" dir="rtl">' in page
    assert "\u2066Priya Shah\u2069" in arabic and "<bdi>Priya Shah</bdi>" in page
    assert re.search(r"\u2066RBN-\w{3}-\w{3}\u2069", arabic)
    assert "\u20660800\N{NO-BREAK SPACE}111\N{NO-BREAK SPACE}999\u2069" in arabic
    assert "\u2068Flat 4: رطوبة (urgent)\u2069" in arabic and "<bdi>Flat 4: رطوبة (urgent)</bdi>" in page
    for paragraph in arabic.strip().split("\n\n"):
        bare = re.sub(r"[\u2066-\u2068][^\u2069]*\u2069", "", paragraph)
        strong = next(char for char in bare if char.isalpha())
        assert "\u0600" <= strong <= "\u06ff", paragraph
    assert len(re.findall("[\u2066-\u2068]", arabic)) == arabic.count("\u2069")


def test_a_stranger_cannot_turn_a_line_round(make_world: Callable[..., World]) -> None:
    """Siblings of the above: overrides and isolates in a subject are gone, in either direction of page."""
    subject = f"=?utf-8?b?{b64encode(HOSTILE.encode()).decode()}?="
    text = plain(
        answered(make_world(council("en")), "There is water in the bedroom and it will not stop.", subject=subject)
    )

    assert "\u202e" not in text
    assert text.count("\u2068") == text.count("\u2069") <= 1
    shown = markup.to_text(markup.blocks(f"About “{markup.isolated(HOSTILE, 'ar')}”."))
    assert shown == "About “\u2068تسرب gas\u2069”.\n"


def test_plain_english_needs_no_marks(make_world: Callable[..., World]) -> None:
    """Nothing of this is in a plain English letter."""
    raw = answered(
        make_world(council("en", *SHIPPED)),
        "There is damp in the bedroom and my daughter coughs at night.",
        subject="Damp upstairs",
    )

    assert not ISOLATES.search(plain(raw))
    assert "English below" not in plain(raw)
    assert "<bdi>Damp upstairs</bdi>" in html(raw)


def test_the_owners_words_are_never_translated(make_story: Callable[..., World]) -> None:
    """§3.11: their words keep their language, in a frame of the resident's, with the offer of an interpreter."""
    story = make_story(council("en", "fr"))
    story.receive(letter(sender="Nia Rees <nia@resident.example>", text=FRENCH))
    story.reply(story.mail("new-case"), "Dear Nia,\n\nA plumber will be with you on Monday and mend the pipe.\n\nPriya")
    raw = bytes(story.mail("human")["content"])

    assert '<p lang="en" dir="ltr"' in html(raw)
    assert "interprète" in plain(raw) and "Votre référence est" in plain(raw) and "Your reference" not in plain(raw)
    assert parsed(raw)["Content-Language"] == "fr, en"


def test_lines_of_the_council_by_language(make_world: Callable[..., World]) -> None:
    """Configured lines stand in their own language; the others keep what comes with the language, with the nation's Ombudsman."""
    world = make_world(
        council("en", "cy", bilingual=True),
        ("closed_on", 'bank_holidays = "GB-WLS"\nclosed_on'),
        (
            'phone = "020 7946 0001"',
            'phone = "020 7946 0001"\nsentence = { en = "We plant trees.", cy = "Rydym yn plannu coed." }',
        ),
    )
    text = " ".join(plain(answered(world, "x")).split())

    assert text.count("We plant trees.") == text.count("Rydym yn plannu coed.") == 1
    assert (
        "the Public Services Ombudsman for Wales can help" in text and "Ombwdsmon Gwasanaethau Cyhoeddus Cymru" in text
    )
    assert "Relay UK: 18001 020 7946 0001" in text


def test_grades_and_sentences() -> None:
    """voice.md 9: full sentences only; quoted words are theirs; the name of an office is as long as it is."""
    text = "Hello Amina,\n\nPriya has your email about “a very long. subject indeed”. We will write by Monday.\n\nHousing\n"

    assert sentences(text) == ["Priya has your email about it.", "We will write by Monday."]
    assert reading_grade(["We will write by Monday."]) < 3
    assert reading_grade(["The Local Government and Social Care Ombudsman can help."]) < 5
    assert reading_grade(["Organisational considerations necessitate deliberation."]) > 12


@pytest.mark.parametrize("code", sorted(language.SPOKEN - {"en"}))
def test_every_language_has_an_offer(code: str) -> None:
    """E52, issue: whatever language we recognise has a name and a line that offers help, in its own script."""
    templates = Templates([resources.templates()])
    offer = templates.offers()[code]

    assert templates.language_names()[code]
    assert len(offer) > 15 and (not offer[-1].isalpha() or code == "th")
    assert language.language_of(offer, "") in (code, "", *ALIKE.get(code, ())), offer


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("زموږ په کور کې لمده بل ده، لور مې ټوخېږي او شپه نشي ویده کېدای. مهرباني وکړئ راشئ.", "ps"),
        ("سلام، در اتاق خواب دخترم نم و کپک هست و شب‌ها سرفه می‌کند. لطفاً کسی را بفرستید.", "fa"),
        ("السلام علیکم، میری بیٹی کے کمرے میں نمی ہے اور وہ رات کو کھانستی ہے۔ براہ کرم کسی کو بھیجیں۔", "ur"),
        ("سڵاو، ژووری نووستنی کچەکەم شێی هەیە و شەوان دەکۆکێت. تکایە کەسێک بنێرن.", "ckb"),
        (ARABIC, "ar"),
        ("我女兒的睡房有霉菌，她晚上咳嗽。請派人來看看，謝謝。", "yue"),
        ("我女儿的卧室有霉菌，她晚上咳嗽。请派人来看看，谢谢。", "zh"),
        ("ኣብ መደቀሲ ክፍሊ ጓለይ ጠሊ ኣሎ፣ ለይቲ ድማ ትስዕል ኣላ።", "ti"),
        ("በልጄ መኝታ ክፍል ውስጥ እርጥበት አለ፣ ሌሊትም ታስላለች።", "am"),
    ],
)
def test_neighbours_of_one_script(text: str, code: str) -> None:
    """Issue: Pashto is not Persian, and Cantonese readers get traditional characters; their siblings Sorani, Urdu, Tigrinya."""
    assert language.language_of(text, "") == code


def test_welsh_is_promised_welsh() -> None:
    """Issue: the line for Welsh promises an answer in Welsh, where others are offered an interpreter."""
    assert "byddwn yn ateb yn Gymraeg" in Templates([resources.templates()]).offers()["cy"]


def test_dangers_have_plain_names(every: Config) -> None:
    """Issue 19.5: "It mentions damp or mould, and a child", for each category, never the name of a list."""
    names = every.office.templates.words("en")["dangers"]

    assert set(names) == set(danger.CATEGORIES)
    assert not {name for name in names.values() if "-" in name and name != "self-harm"}
    for title, mail in specimens(every, "en"):
        assert "words of:" not in mail.text and "homeless-tonight" not in mail.text, title


def test_the_gallery_has_every_mail(every: Config, cli: Callable[..., Result], tmp_path: Path) -> None:
    """Issue 19.6: every mail, language and variant on one page that a head of service can sign off."""
    done = cli("-c", str(every.path), "preview", "--gallery", str(tmp_path / "gallery"))
    page = (tmp_path / "gallery" / "index.html").read_text()

    assert done.exit_code == 0, done.output
    assert page.count("<article>") > 500
    assert all(f"({code})</h3>" in page and f", in large print ({code})</h3>" in page for code in ("en", *SHIPPED))


def test_the_gallery_in_a_browser(cli: Callable[..., Result], tmp_path: Path) -> None:
    """Issue 19.5: axe finds nothing, and it fits a phone: acknowledgements in three languages, two scripts, and large print."""
    path = write_config(tmp_path, council("en", "cy", "ar"))
    done = cli("-c", str(path), "preview", "receipt", "--gallery", str(tmp_path / "gallery"))
    found = judged((tmp_path / "gallery" / "index.html").read_text(), 320, tmp_path)

    assert done.exit_code == 0, done.output
    assert found["violations"] == []
    assert found["needed"] <= found["width"]


@pytest.mark.parametrize(
    ("languages", "text", "extra"),
    [(("en", "ar"), ARABIC, " I need large print."), (("cy", "en"), "Damp.", ""), (("en",), "Damp.", "")],
)
def test_a_mail_in_a_browser(
    make_world: Callable[..., World], languages: tuple[str, ...], text: str, extra: str, tmp_path: Path
) -> None:
    """Issue 19.5: one h1, headings in order, one main, contrast, on a phone of 320 pixels; from right to left and in two languages."""
    raw = answered(make_world(council(*languages, bilingual=languages[0] == "cy")), text + extra)
    found = judged(html(raw), 320, tmp_path)

    assert found["violations"] == []
    assert found["needed"] <= found["width"]


def test_welsh_is_known_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """domain.md §12: Welsh in, Welsh out, whether or not the detector is installed; its neighbours are not taken for Welsh."""
    monkeypatch.setattr(language, "_detector", lambda: None)

    assert language.language_of(WELSH, "") == "cy"
    assert (
        language.language_of(
            "Rwy'n ysgrifennu am y bin: nid yw wedi ei gasglu ers pythefnos, ac mae yn llawn. Diolch", ""
        )
        == "cy"
    )
    assert (
        language.language_of(FRENCH, "") == language.language_of("Mi cubo no ha sido vaciado en dos semanas", "") == ""
    )
