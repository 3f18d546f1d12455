"""The sender names and subjects by which a mail system is recognised when it returns a mail (domain.md §4)."""

import re

# Local parts that mail systems send from (RFC 2142, RFC 5230 §4.6, domain.md R7).
_MAILER = r"mailer[-_.]?daemon|mail[-_.]?daemon|mdaemon|mail[-_.]?delivery.*|mailsystem|mail-?system|smtp-?gateway|daemon|microsoftexchange329e[0-9a-f]*|mail\.error"
_POSTMASTER = (
    r"post[-_.]?master|mailadmin|system[ _.-]administrator"  # used by machines, and by the people who run them
)
_RETURNS = r"bounce[sd]?|bounce[-_+.].*|.*[-_.+]bounces?|double-bounce"  # an envelope sender that letters may have too
DAEMON = re.compile(rf"(?:{_MAILER}|{_POSTMASTER}|{_RETURNS})", re.IGNORECASE | re.DOTALL)
POSTMASTER = re.compile(_POSTMASTER, re.IGNORECASE)
MAILER = re.compile(rf"(?:{_MAILER}|{_POSTMASTER})", re.IGNORECASE | re.DOTALL)
BOUNCE_SUBJECT = re.compile(
    r"undeliver|returned (?:mail|e-?mail|message)|delivery (?:status|failure|failed|report|error|has failed|notification|problem|warning|delayed)"
    r"|mail (?:delivery|system error|could not be delivered|returned|failure)|failure notice|could not be delivered|not delivered|non.?deliver"
    r"|message (?:delayed|could not|status|not sent|you sent)|warning: (?:message|could not send)|error (?:sending|during delivery)|bounced? (?:mail|message)"
    r"|returned to sender|nondelivery|undelivrable"
    r"|unzustellbar|nicht zugestellt|zustellung (?:ist )?fehlgeschlagen|(?:mail|nachricht)[^:]{0,20}zustell\w{0,10}fehl|zustell(?:ungs)?(?:fehler|bericht|problem)|nicht (?:zustellbar|übermittelt)|rücksendung"
    r"|non[ -](?:remis|distribu|délivr)|impossible de (?:remettre|distribuer|livrer)|remise (?:du message )?(?:impossible|échouée|retardée)|échec (?:de (?:la )?)?(?:remise|distribution|livraison|l.envoi)"
    r"|no se (?:puede|pudo) entregar|mancat[ao] (?:recapito|consegna)|impossibile (?:recapitare|consegnare)|non recapitabile"
    r""
    r"|falha na entrega|(?:niet|on)[ -]?bestelbaar|niet (?:be|af)ge(?:zorgd|leverd)|niet (?:bezorgd|afgeleverd)|bezorging (?:is )?mislukt|kan niet worden (?:bezorgd|afgeleverd)|olevererbart|nie dostarczon|niedostarczon|недоставлен|не доставлен|配信|配達",
    re.IGNORECASE,
)
# Accounts that gateways and services send from; a person hardly has such a name (E22).
SERVICE = re.compile(
    r"(?:(?:e?mail|message|smtp|security|spam|virus)[-_. ]?)?(?:service|gateway|system|filter|admin(?:istrator)?|robot|security|notif\w{0,12}|alerts?|quarantine|delivery|server|support)"
    r"(?:[-_. ]?(?:account|robot|noreply|no-reply|notif\w{0,12}|mail|desk|\d{1,4}))?|mimecast|proofpoint|barracuda|symantec|messagelabs|mailmarshal|ironport|sophos|svc[-_.]\w{0,30}|servicedesk",
    re.IGNORECASE,
)
