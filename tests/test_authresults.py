"""Authentication-Results by RFC 8601's grammar: what passes, what fails, and what says nothing (E3, P7)."""

import pytest

from ackbot.mail import authresults, domains
from ackbot.mail.addresses import key_of
from ackbot.mail.plain import Fields

MX = "mx.northgate.example"
OURS = "northgate.example"
PASS = f"dmarc=pass header.from={OURS}"


def _fields(*values: str) -> Fields:
    return Fields(tuple(("authentication-results", one, one) for one in values))


def verdict(*fields: str, server: str = MX, author: str = OURS) -> str:
    return authresults.verdict(_fields(*fields), server, author)


@pytest.mark.parametrize(
    "results",
    [
        f"{MX}; {PASS}",
        f"{MX}; {PASS};",
        f"  {MX}  ;  {PASS}  ",
        f"{MX.upper()}; DMARC=Pass Header.From={OURS.upper()}",
        f"{MX} 1; {PASS}",
        f"{MX} (Northgate) 1 (of RFC 8601); {PASS}",
        f'"{MX}"; {PASS}',
        f"{MX}; dmarc/1=pass header.from={OURS}",
        f"{MX}; dmarc (the policy) = pass (p=reject) header.from = {OURS}",
        f"{MX}; dmarc=pass header . from={OURS}",
        f"{MX}; spf=pass smtp.mailfrom=a@b.example; dkim=pass header.d={OURS} header.s=x header.b=abc+/=; {PASS}",
        f'{MX}; spf=pass smtp.mailfrom="a; dmarc=fail"@b.example; {PASS}',
        f'{MX}; dkim=fail reason="bad (signature; dmarc=fail" header.d=x.example; {PASS}',
        f"{MX}; spf=none (no record (of any kind) \\) here); {PASS}",
        f"{MX}; {PASS} policy.dmarc=reject",
        f"{MX}; dmarc=pass action=none header.from={OURS};compauth=pass reason=100",
        f"{MX}; arc=pass smtp.remote-ip=192.0.2.1; {PASS}",
        f"{MX}; {PASS}; dmarc=pass header.from={OURS}",
        f"{MX}; best_guess_spf=pass smtp.mailfrom=x@y.example; {PASS}",
    ],
)
def test_passes(results: str) -> None:
    """RFC 8601 §2.2: comments, quoting, versions, several results, properties of every kind."""
    assert verdict(results) == "pass"


@pytest.mark.parametrize(
    ("results", "author"),
    [
        (f"{MX}; dmarc=pass header.from=evil.example", OURS),
        (f"{MX}; dmarc=pass", OURS),
        (f"{MX}; dmarc=pass header.from={OURS}", ""),
        (f"{MX}; dmarc=pass header.from={OURS}", "evil.example"),
        (f"{MX}; dmarc=pass header.from={OURS} header.from=evil.example", OURS),
        (f"{MX}; {PASS}; dmarc=pass header.from=evil.example", OURS),
        (f"{MX}; {PASS}; dmarc=none", OURS),
        (f"{MX}; dmarc=pass header.from=mail.{OURS}", OURS),
        (f"{MX}; dmarc=pass header.from=example", OURS),
        (f"{MX}; dmarc=pass smtp.from={OURS}", OURS),
        (f"{MX}; spf=pass smtp.mailfrom=a@{OURS}", OURS),
        (f"{MX}; compauth=pass reason=100", OURS),
        (f"{MX}; spf=none (a comment; {PASS})", OURS),
        (f"{MX}; spf=none (a \\) comment; {PASS})", OURS),
        (f"{MX}; spf=none (a (nested) comment; {PASS})", OURS),
        (f"{MX}; spf=none (an open comment; {PASS}", OURS),
        (f'{MX}; spf=none smtp.mailfrom="an open string; {PASS}', OURS),
        (f'{MX}; spf=none smtp.mailfrom="a \\"; {PASS}', OURS),
        (f"{MX}; {PASS} and more", OURS),
        (f"{MX}; {PASS}; and more", OURS),
        (f"{MX}; {PASS}; spf=none smtp.mailfrom", OURS),
        (f"{MX}; {PASS}; spf=none (an open comment", OURS),
        (f"{MX}; {PASS} =", OURS),
        (f"{MX}; none", OURS),
        (f"{MX}; dmarc=passed header.from={OURS}", OURS),
        (f"{MX} 2; {PASS}", OURS),
        (f"{MX} 1x; {PASS}", OURS),
        (f"{MX}; dm/rc=pass; {PASS}", OURS),
        (f'{MX}; dmarc=pass header.from="{OURS} "', OURS),
        (f"{MX}; {PASS}; spf=pass smtp.mailfrom=a\x7fb", OURS),
        (f"{MX}; dmarc/2=pass header.from={OURS}", OURS),
        (f"{MX}; x-dmarc=pass header.from={OURS}", OURS),
        (f"{MX}.evil.example; {PASS}", OURS),
        (f"evil.example; {PASS}", OURS),
        (f"{PASS}", OURS),
        (f"({MX}); {PASS}", OURS),
        (f"{MX}", OURS),
        ("", OURS),
        (f"{MX}; " + "spf=none; " * 3_000 + PASS, OURS),
        (f"{MX}; dmarc=pass header.from=we\u00dfex.example", "wessex.example"),
    ],
)
def test_passes_nothing(results: str, author: str) -> None:
    """E3, P7: a pass of another domain, of no domain, of a comment, a string, another server, or a damaged field is none."""
    assert verdict(results, author=author) != "pass"


@pytest.mark.parametrize(
    "results",
    [
        f"{MX}; dmarc=fail header.from={OURS}",
        f"{MX}; dmarc=fail",
        f"{MX}; dmarc/2=fail",
        f"{MX} 2; dmarc=fail",
        f"{MX}; {PASS}; dmarc=fail header.from=evil.example",
        f"{MX}; dmarc=fail (p=none) smtp.mailfrom=\u00e9@x.example",
        f'{MX}; spf=fail smtp.mailfrom="a b;c; dmarc=fail header.from=x',
        f"{MX}; spf=fail smtp.mailfrom=(; dmarc = fail",
    ],
)
def test_fails(results: str) -> None:
    """behaviour.md §2: a failure is one whatever it names, and in a damaged field too."""
    assert verdict(results) == "fail"


def test_only_the_topmost_field_of_the_server_counts() -> None:
    """RFC 8601 §5: what stands below may have come with the mail, whatever server it names."""
    assert verdict(f"{MX}; dmarc=fail", f"{MX}; {PASS}") == "fail"
    assert verdict(f"{MX}; spf=pass", f"{MX}; {PASS}") == ""
    assert verdict("other.example; dmarc=fail", f"{MX}; {PASS}") == "pass"
    assert verdict(f"{MX} (; dmarc=none", f"{MX}; {PASS}") == ""
    assert verdict(f"({MX}; dmarc=none", f"{MX}; {PASS}") == ""
    assert verdict(f"other.example; spf=pass ({MX}", f"{MX}; {PASS}") == "pass"


def test_the_organisational_domain_covers() -> None:
    """RFC 7489 §3.2: a pass may name a parent of the author's domain, but not a public suffix, nor another subdomain."""
    assert verdict(f"{MX}; dmarc=pass header.from=northgate.gov.uk", author="mail.northgate.gov.uk") == "pass"
    assert verdict(f"{MX}; dmarc=pass header.from=gov.uk", author="northgate.gov.uk") == ""
    assert verdict(f"{MX}; dmarc=pass header.from=other.gov.uk", author="northgate.gov.uk") == ""
    assert verdict(f"{MX}; dmarc=pass header.from=a.northgate.gov.uk", author="b.northgate.gov.uk") == ""


def test_exchange_online_names_no_server() -> None:
    """domain.md §6.1: the field has no server name, and Microsoft's own words are among the properties."""
    found = (
        "spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=northgate.example; dkim=pass (signature was verified) "
        "header.d=northgate.example;dmarc=pass action=none header.from=northgate.example;compauth=pass reason=100"
    )

    assert verdict(found, server="unknown") == "pass"
    assert verdict(found) == ""
    assert verdict(found.replace("dmarc=pass", "dmarc=fail"), server="unknown") == "fail"
    assert authresults.servers(_fields(found)) == ("unknown",)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("sam@we\u00dfex.example", "sam@xn--weex-wna.example"),
        ("SAM@W\u00c9.example", "sam@xn--w-bga.example"),
        ("sam@northgate.\uff45xample", "sam@northgate.example"),
        ("sam@northgate.example.", "sam@northgate.example"),
        ("Se\u00d1or@x.example", "se\u00f1or@x.example"),
    ],
)
def test_idna_2008(written: str, key: str) -> None:
    """E3: two domains that IDNA 2003 confused stay two, for staff and for residents."""
    assert key_of(written) == key


def test_domains_that_cannot_exist() -> None:
    """RFC 5891: a name that cannot be a domain belongs to nobody."""
    assert domains.ascii_form("a" * 80 + "\u00e9.example") == ""
    assert domains.organisational("127.0.0.1") == ""
    assert domains.organisational("example") == ""
