"""Dovecot and Postfix that take tokens, and ask the tests' token server about each (RFC 7662)."""

from pathlib import Path

from tests.support.servers import Dovecot, Postfix
from tests.support.tokens import TokenServer

_DOVECOT = """
auth_mechanisms = plain {mechanisms}
auth_failure_delay = 0
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {d}/oauth2.conf
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {d}/sasl {{
    mode = 0666
  }}
}}
"""
_INTROSPECTION = """
introspection_mode = post
introspection_url = {url}
username_attribute = email
active_attribute = active
active_value = true
tls_ca_cert_file = {ca}
"""
_POSTFIX = """
smtpd_error_sleep_time = 0
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {d}/sasl
smtpd_sasl_security_options = noanonymous
smtpd_relay_restrictions = permit_sasl_authenticated, reject
"""


def dovecot_with_tokens(folder: Path, tokens: TokenServer, mechanisms: str = "xoauth2 oauthbearer") -> Dovecot:
    """A Dovecot that takes passwords, and tokens by these mechanisms."""
    dovecot = Dovecot(folder)
    dovecot.settings = _DOVECOT.format(d=dovecot.folder, mechanisms=mechanisms)
    introspection = _INTROSPECTION.format(url=tokens.url("/introspect"), ca=tokens.ca)
    (dovecot.folder / "oauth2.conf").write_text(introspection)
    return dovecot


def postfix_with_tokens(folder: Path, dovecot: Dovecot) -> Postfix:
    """A Postfix that relays for whoever logs in, as that Dovecot says."""
    return Postfix(folder, dovecot, settings=_POSTFIX.format(d=dovecot.folder))
