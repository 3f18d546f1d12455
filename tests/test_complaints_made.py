"""Who makes a complaint, in any of the council's languages, gets the standard for complaints (behaviour.md §3.12, E87)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ackbot.casework import wordsearch
from ackbot.casework.council import Council
from ackbot.config import load
from tests.support.council import World, mistakes, write_config
from tests.support.letters import letter, parsed
from tests.support.story import Story, words

STAGE_ONE = """
[[standard]]
name = "stage 1"
complaint = true
update_every = "5 working days"
answer_within = "10 working days"
"""
WITH = ("# end", STAGE_ONE)
MANAGED = ('members = ["priya", "sam"]', 'members = ["priya"]')
MADE = (
    "I want to make a formal complaint.",
    "I wish to complain about how my repair was handled.",
    "I would like to raise a stage 1 complaint",
    "Please treat this email as a formal complaint",
    "I am writing to complain about the service I received",
    "Formal complaint",
    "I'd like to complain.",
    "We are writing to make an official complaint about the council.",
    "I'm making a complaint about your department",
    "This is a formal complaint about the bins",
    "I need to file a complaint against your contractor",
    "My mother wants to make a formal complaint",
    "I'd like to lodge a complaint with the council about the delays.",
    "I am not happy and want to make a formal complaint",
    "I want to complain about your officers",
    "I want to make a formal complaint about the noise next door, which you have ignored",
    "Please can you log this as a complaint",
    "Stage 2 complaint",
    "I wish to make a complaint",
    "I want to formally complain about the state of the lift",
    "Can I make a complaint please? Nobody ever comes.",
    "I want this to be treated as a complaint.",
    "I must complain about the way I was treated",
    "Kindly register my complaint formally",
    "I'm not the complaining kind but I want to make a complaint",
    "Please accept this as my formal complaint",
    "Please escalate this to a stage two complaint",
    "Rwyf am wneud cwyn ffurfiol.",
    "Hoffwn gwyno am y gwasanaeth",
    "Dw i eisiau gwneud cwyn swyddogol am y cyngor",
    "Rwy'n dymuno cyflwyno cwyn",
    "Dwi isio cwyno am y ffordd ges i fy nhrin",
    "Ystyriwch hyn fel cwyn ffurfiol os gwelwch yn dda",
    "Cwyn ffurfiol",
    "Hoffem wneud cŵyn am y biniau",
    "Rydw i'n ysgrifennu i gwyno am y gwasanaeth",
    "Mae hon yn gŵyn ffurfiol am y cyngor",
    "Rydym am godi cwyn cam 1",
    "Rydw i am gwyno yn ffurfiol",
    "Quiero presentar una queja formal.",
    "Deseo poner una reclamación",
    "Quisiera quejarme del servicio",
    "Chcę złożyć oficjalną skargę.",
    "Chciałabym złożyć skargę na urząd",
    "Składam skargę na brak odpowiedzi",
    "Je souhaite déposer une plainte officielle",
    "Je voudrais faire une réclamation",
    "Je veux me plaindre du service",
    "أريد تقديم شكوى رسمية",
    "أود أن أقدم شكوى",
    "أتقدم بشكوى ضد المجلس",
    "Quero apresentar uma reclamação formal",
    "Gostaria de fazer uma queixa",
    "Quero queixar-me do serviço",
    "Voglio presentare un reclamo formale",
    "Vorrei fare un reclamo",
    "Desidero lamentarmi del servizio",
    "Vreau să depun o plângere oficială",
    "Doresc să fac o reclamație",
    "Aș dori să mă plâng de serviciu",
    "আমি একটি আনুষ্ঠানিক অভিযোগ করতে চাই",
    "আমি অভিযোগ জানাতে চাই",
    "Waxaan rabaa inaan sameeyo cabasho rasmi ah",
    "Waxaan doonayaa inaan cabasho gudbiyo",
    "COMPLAINT - I wish to formally complain",
    "i am writing to make a formal complaint about the way my father's care has been handled",
    "We'd like to make a complaint about your contractors",
    "I would like you to log a formal complaint against the parking department",
    "I hereby submit a formal complaint",
    "Please consider this email an official complaint about Northgate Council",
    "Would like to make a complaint about the refuse collection",
    "I want to put in a complaint",
    "I have decided to make an official complaint",
    "I feel I have no choice but to make a formal complaint",
    "Please find below my formal complaint",
    "This letter is a formal complaint under stage one of your procedure",
    "Please pass this on as a complaint",
    "I'd like to raise a complaint regarding your housing team",
    "I need to complain",
    "Please can I make a complaint about the bin men",
    "Official Complaint: missed collections",
    "Rwy'n ysgrifennu i wneud cwyn ffurfiol yn erbyn y cyngor",
    "Hoffwn wneud cwyn am y gwasanaeth casglu sbwriel",
    "Dwi'n dymuno gwneud cwyn",
    "Rhaid i mi gwyno am y gwasanaeth",
    "A wnewch chi drin hwn fel cwyn swyddogol",
    "Dymunaf gyflwyno cwyn ffurfiol ynghylch fy nhreth gyngor",
    "Hoffwn i gofrestru cwyn",
    "Rydyn ni eisiau gwneud cwyn",
    "Fe hoffwn gwyno'n swyddogol",
    "Esta carta es una queja formal",
    "Quisiera interponer una reclamación oficial contra el ayuntamiento",
    "Pragnę złożyć skargę",
    "Proszę potraktować to pismo jako skargę",
    "Je tiens à vous adresser une réclamation",
    "J'aimerais déposer une plainte formelle",
    "نود تقديم شكوى",
    "Venho por este meio apresentar uma reclamação",
    "Intendo sporgere reclamo",
    "Doresc să înaintez o plângere formală",
    "আমি অভিযোগ দায়ের করতে চাই",
    "Waxaan jeclaan lahaa inaan gudbiyo cabasho",
)

NOT_MADE = (
    "complaint about noise next door",
    "I don't want to complain but the bin was missed again",
    "I do not want to make a formal complaint, but please mend the lift",
    "Noise complaint",
    "I want to complain about my neighbour's dog",
    "How do I make a formal complaint?",
    "If nothing happens by Friday I will make a formal complaint",
    "Thank you for dealing with my complaint",
    "My neighbour made a formal complaint about me",
    "I'm not one to complain but the bins stink",
    "I can't complain, thanks",
    "Where can I find the complaints procedure?",
    "Hate to complain but the light is out",
    "I am not complaining, I just want to know when",
    "Complaint",
    "I would like to know the status of my complaint",
    "I have no complaints about the work",
    "The tenants want to complain about the noise",
    "Unless this is mended I will be making a formal complaint",
    "I am thinking of making a formal complaint",
    "Sorry to complain again about the bins",
    "I don't mean to complain",
    "I want to thank Priya for how she dealt with my complaint",
    "Compliant wiring certificate please",
    "I would like to make a report of a complaint neighbour noise",
    "I want to report a noise complaint",
    "Dw i ddim eisiau cwyno ond mae'r bin yn llawn",
    "Nid wyf am gwyno ond",
    "Cwyn am sŵn drws nesaf",
    "Hoffwn gwyno am gi fy nghymydog",
    "Sut mae gwneud cwyn ffurfiol?",
    "Diolch am ddelio â'm cwyn",
    "Os na chaf ateb byddaf yn gwneud cwyn",
    "No quiero quejarme, pero la farola sigue rota",
    "Queja por el ruido de los vecinos",
    "¿Cómo puedo presentar una queja?",
    "Nie chcę składać skargi, ale winda nie działa",
    "Skarga na hałas u sąsiada",
    "Je ne veux pas me plaindre mais l'ascenseur est en panne",
    "Plainte pour bruit des voisins",
    "لا أريد تقديم شكوى ولكن المصعد معطل",
    "Não quero fazer uma queixa mas o elevador avariou",
    "Non voglio fare un reclamo ma l'ascensore è rotto",
    "Nu vreau să depun o plângere, dar liftul e stricat",
    "আমি অভিযোগ করতে চাই না কিন্তু লিফট নষ্ট",
    "Ma rabo inaan cabasho gudbiyo laakiin wiishka waa jaban yahay",
    "My son wants to make friends, no complaint from him",
    "I need a written complaint form",
    "Your letter about my formal complaint arrived",
    "I would like to make an appointment about the complaint",
    "He wants to make a complaint about everything",
    "I would like to make a payment, and to complain is not my way",
    "I have to say I have no complaint about the new bins",
    "We want to complain about noise from the pub next door",
    "I want to complain about my neighbours playing music",
    "Please don't treat this as a complaint",
    "This is not a complaint, just a question",
    "It's not a formal complaint, only feedback",
    "I would rather not make a complaint",
    "I am sorry to complain but",
    "I'd hate to complain",
    "She wants to make a complaint about the school",
    "Dw i ddim isio gwneud cwyn",
    "Dydw i ddim eisiau gwneud cwyn ffurfiol",
    "Dydw i ddim yn un i gwyno",
    "Nid cwyn yw hon",
    "Rydw i wedi cael cwyn gan gymydog",
    "No quisiera poner una queja",
    "Nie mam żadnych skarg",
    "Pas de plainte de ma part",
    "Je n'ai pas de réclamation",
    "Non ho reclami da fare",
    "Nu am nicio plângere",
    "My mother fell and complains of chest pain",
    "My daughter is complaining of a headache",
    "The dog complaint from last week",
    "I made a complaint last year about this",
    "When will I get an answer to my formal complaint?",
    "What is your complaints policy?",
    "I want to know what happens with complaints",
)


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Council:
    """A council with a standard for complaints."""
    return load(write_config(tmp_path_factory.mktemp("council"), WITH)).office.council


def made(text: str, council: Council) -> bool:
    """Whether these words make a complaint."""
    return bool(wordsearch.signs(text, council.complaining, among=("complaint",)))


@pytest.mark.parametrize("text", MADE)
def test_words_that_make_a_complaint(council: Council, text: str) -> None:
    """E87: in eleven languages, formally or in plain words, for oneself or somebody else, in a sentence or a subject."""
    assert made(text, council)
    assert made(f"Dear Sir or Madam,\n\nThe lift broke in June.\n\n{text}\n\nE Quan", council)


@pytest.mark.parametrize("text", NOT_MADE)
def test_words_that_only_speak_of_one(council: Council, text: str) -> None:
    """E87: a topic, a refusal, a threat, a question about the procedure, and a complaint about a neighbour make none."""
    assert not made(text, council)


def opened(world: World, text: str, subject: str = "The lift", **fields: str) -> dict[str, object]:
    """The case that a letter with these words opened or joined."""
    row = world.receive(letter(text=text, subject=subject, message_id=f"<{len(world.cases())}@r.example>", **fields))
    [case] = [one for one in world.cases() if one["code"] == row["code"]]
    return case


@pytest.mark.parametrize(
    "text", [MADE[0], "Formal complaint", "Hoffwn wneud cwyn am y biniau", "Składam skargę na urząd"]
)
def test_the_standard_and_what_happens_next(make_story: Callable[..., Story], text: str) -> None:
    """E87: it takes the standard; the acknowledgement says what happens next and by when, and both dates are promises."""
    story = make_story(WITH)
    case = opened(story, f"The lift broke in June. {text}. Nobody answers.")
    told = words(story, "acknowledgement")[-1]

    assert case["standard"] == "stage 1"
    assert "We are treating this as a complaint. Priya or a colleague will write to you by Monday 7 December," in told
    assert " and answer your complaint by Monday 14 December. " in told
    assert {(one["kind"], one["told"]) for one in story.db.run("SELECT kind, told FROM clocks")} == {
        ("update", 1),
        ("answer", 1),
    }
    assert "it makes a complaint" in words(story, "new-case")[-1]


def test_in_the_subject_alone(make_world: Callable[..., World]) -> None:
    """E87: most say it there."""
    world = make_world(WITH)

    assert opened(world, "The lift has not worked since June.", "Stage 1 complaint")["standard"] == "stage 1"


def test_what_is_no_complaint_keeps_its_standard(make_world: Callable[..., World]) -> None:
    """E87: what is only about a complaint goes where its route or its inbox sends it."""
    world = make_world(WITH)

    assert (
        opened(world, "I don't want to complain but the bin was missed.", "Complaint about noise")["standard"]
        == "enquiry"
    )
    assert "treating this as a complaint" not in " ".join(map(str, world.outbox("acknowledgement")))


def test_a_route_keeps_its_team_and_its_own_complaint_standard(make_world: Callable[..., World]) -> None:
    """E87: the words choose the standard and nothing else, and not where a route names another standard for complaints."""
    stage_two = '\n[[standard]]\nname = "stage 2"\ncomplaint = true\n'
    routes = (
        '\n[[route]]\nsubject = ["stage 2"]\nstandard = "stage 2"\n\n[[route]]\nsubject = ["bins"]\nteam = "streets"\n'
    )
    world = make_world(("# end", STAGE_ONE + stage_two + routes))
    bins, second = opened(world, MADE[0], "The bins"), opened(world, MADE[1], "Stage 2, please")

    assert (bins["team"], bins["standard"]) == ("streets", "stage 1")
    assert second["standard"] == "stage 2"


def test_no_survey(make_story: Callable[..., Story]) -> None:
    """E87: "settled?" asks no score of who complained, whatever the standard is called."""
    story = make_story(WITH, MANAGED)
    opened(story, MADE[0])
    story.reply(story.mail("new-case"), "Dear Edward,\n\nwe looked into it, and the lift works.\n\nPriya")
    story.at("2026-12-09 12:00")

    assert "If that has sorted it" in words(story, "settled")[-1]
    assert "from 1" not in words(story, "settled")[-1]


def test_within_another_matter(make_story: Callable[..., Story]) -> None:
    """E87, §3.12: it becomes a case of its own with its own dates, above whoever has the matter, who goes on with that."""
    story = make_story(WITH, MANAGED)
    first = opened(story, "The lift does not work.")
    story.after(hours=2)
    ours = parsed(bytes(story.mail("acknowledgement")["content"]))
    case = opened(story, "I want to make a formal complaint.", f"Re: {ours['Subject']}", In_Reply_To=ours["Message-ID"])

    assert case["code"] != first["code"]
    assert (first["owner"], case["owner"], case["standard"]) == ("priya", "alex", "stage 1")
    assert "Alex Reid" in words(story, "acknowledgement")[-1]
    assert story.cases()[0]["standard"] == "enquiry"
    again = opened(
        story, "I made a formal complaint and hear nothing.", f"Re: {ours['Subject']}", In_Reply_To=ours["Message-ID"]
    )
    assert len(story.cases()) == 2, again


def test_nothing_is_looked_for_without_such_a_standard(make_world: Callable[..., World]) -> None:
    """E87: a council that names none goes on as before; the name of a standard says it unless the key does."""
    assert opened(make_world(), MADE[0])["standard"] == "enquiry"
    named = '\n[[standard]]\nname = "complaint"\n'
    assert opened(make_world(("# end", named)), MADE[0])["standard"] == "complaint"
    assert opened(make_world(("# end", named + "complaint = false\n")), MADE[0])["standard"] == "enquiry"


def test_a_list_of_the_councils_own(tmp_path: Path) -> None:
    """E87: it takes the place of the one that ships, as templates do; a line that means nothing is a mistake."""
    own = tmp_path / "templates" / "en" / "intent"
    own.mkdir(parents=True)
    (own / "complaint.txt").write_text("i grumble\n")
    council = load(write_config(tmp_path, WITH)).office.council
    assert (made("I grumble.", council), made("I want to make a complaint.", council), made(MADE[-1], council)) == (
        True,
        False,
        True,
    )

    (own / "complaint.txt").write_text("@nobody .. grumbles\n")
    assert "no group is called @nobody" in mistakes(write_config(tmp_path, WITH))[0]
