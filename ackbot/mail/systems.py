"""The sender names and subjects by which a mail system is recognised when it returns a mail (domain.md §4)."""

import re

# Local parts that mail systems send from (RFC 2142, RFC 5230 §4.6, domain.md R7).
_MAILER = r"mailer[-_.]?daemon|mail[-_.]?daemon|mdaemon|mail[-_.]?delivery.*|mailsystem|mail-?system|smtp-?gateway|daemon|microsoftexchange329e[0-9a-f]*|mail\.error"
_POSTMASTER = r"post[-_.]?master|mailadmin"  # used by machines, and by the people who run them
_RETURNS = r"bounce[sd]?|bounce[-_+.].*|.*[-_.+]bounces?|double-bounce"  # an envelope sender that letters may have too
DAEMON = re.compile(rf"(?:{_MAILER}|{_POSTMASTER}|{_RETURNS})", re.IGNORECASE | re.DOTALL)
POSTMASTER = re.compile(_POSTMASTER, re.IGNORECASE)
MAILER = re.compile(rf"(?:{_MAILER}|{_POSTMASTER})", re.IGNORECASE | re.DOTALL)
BOUNCE_SUBJECT = re.compile(
    r"undeliver|returned (?:mail|e-?mail|message)|delivery (?:status|failure|failed|report|error|has failed|notification|problem|warning|delayed)"
    r"|mail (?:delivery|system error|could not be delivered|returned|failure)|failure notice|could not be delivered|not delivered|non.?deliver"
    r"|message (?:delayed|could not|status|not sent|you sent)|warning: (?:message|could not send)|error (?:sending|during delivery)|bounced? (?:mail|message)"
    r"|returned to sender|nondelivery|unzustellbar|nicht zugestellt|non remis|échec de (?:la )?remise|no se (?:puede|pudo) entregar|mancato recapito"
    r"|falha na entrega|niet bestelbaar|olevererbart|nie dostarczon|niedostarczon|недоставлен|не доставлен|配信|配達",
    re.IGNORECASE,
)
