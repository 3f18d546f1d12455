"""What a refused token or login means, in words that an admin can act on, with the command to run (D17, D18)."""

import binascii
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

OUTLOOK = "https://outlook.office365.com/.default"
_RENEW = "make a new one with `az ad app credential reset --id {client_id} --append`, and write its value into {file}"
SIGN_IN = "sign in again: run `ackbot check --online` as the user that runs ackbot, and do what it says"
_CONSENT = "run `az ad app permission admin-consent --id {client_id}`"
_SERVICE = "the token server is out of order; nothing to do, it is asked again"
# By Microsoft's code (learn.microsoft.com, "Microsoft Entra authentication and authorization error codes").
_AADSTS: Mapping[str, str] = MappingProxyType(
    {
        "7000215": "the client secret is wrong: {file} must hold the secret's value, not its id; if the value is lost, "
        + _RENEW,
        "7000222": f"the client secret has expired: {_RENEW}",
        "7000218": "the app may not sign in without a secret: run `az ad app update --id {client_id} "
        "--is-fallback-public-client true`, or set client_secret_file",
        "700027": "the certificate is not the app's: run `az ad app credential reset --id {client_id} --append "
        "--cert @certificate.pem`, with the certificate of {file} and without its key",
        "700024": "the certificate's assertion is too old or too new: set this machine's clock right",
        "700016": "there is no app with this client_id in the tenant of token_url: compare both with `az ad app list --all "
        "--query [].appId` and `az account show --query tenantId`",
        "7000112": "the app is switched off: run `az ad sp update --id {client_id} --set accountEnabled=true`",
        "90002": "there is no such tenant: mend token_url; `az account show --query tenantId` tells the tenant's id",
        "900023": "token_url does not name a tenant: `az account show --query tenantId` tells its id",
        "70011": f'the scope is wrong: set scope = "{OUTLOOK}"',
        "1002012": f'the scope is wrong for an app: set scope = "{OUTLOOK}"',
        "28002": f'the scope is wrong: set scope = "{OUTLOOK}"',
        "500011": f'the tenant does not know what scope names: set scope = "{OUTLOOK}"; the tenant must have Exchange Online',
        "65001": f"nobody has consented to what the app asks for: {_CONSENT}",
        "53003": "Conditional Access blocks the app: exclude it under Entra > Protection > Conditional Access",
        "530035": "security defaults block this way to sign in: use client-credentials",
        "50076": f"the account must prove itself a second time: {SIGN_IN}",
        "50079": f"the account must prove itself a second time: {SIGN_IN}",
        "50173": f"the grant was revoked, as after a new password: {SIGN_IN}",
        "50034": "there is no such account in the tenant of token_url: mend token_url, or sign in with another account",
        "50057": "the account is switched off: run `az ad user update --id ACCOUNT --account-enabled true`",
        "700082": f"the sign-in has expired, because nobody used it for long: {SIGN_IN}",
        "700084": f"the sign-in has expired: {SIGN_IN}",
        "70043": f"the sign-in has expired: {SIGN_IN}",
        "70000": f"the sign-in is no longer valid: {SIGN_IN}",
        "70008": f"the sign-in has expired: {SIGN_IN}",
        "90033": _SERVICE,
        "90025": _SERVICE,
        "50196": _SERVICE,
    }
)
# By the error of RFC 6749 §5.2, where no code is known.
_ERRORS: Mapping[str, str] = MappingProxyType(
    {
        "invalid_client": "the server does not know the client, or its secret is wrong: compare client_id and {file} with "
        "what the server shows",
        "unauthorized_client": "the client may not use this grant: permit it at the server",
        "invalid_grant": "the grant was revoked or has expired: give it again at the server",
        "invalid_scope": "the server does not know this scope: mend scope",
        "access_denied": "the server denies access: permit the client what scope asks for",
        "unsupported_grant_type": "the server does not know this kind of grant: mend grant or token_url",
    }
)
_GOOGLE: Mapping[str, str] = MappingProxyType(
    {
        "unauthorized_client": "domain-wide delegation is missing: in admin.google.com under Security > API controls > "
        "Domain-wide delegation add the client ID of the service account with the scope {scope}",
        "invalid_grant": "Google refuses the service account: if the words are about a signature or account, make a new key with "
        "`gcloud iam service-accounts keys create {file} --iam-account={client_id}`; if they are about a user, `username` must "
        "be a mailbox of this Workspace; if they are about time, set this machine's clock right",
        "invalid_client": "there is no such service account: make a new key with `gcloud iam service-accounts keys create {file} "
        "--iam-account={client_id}`",
    }
)
_DEVICE: Mapping[str, str] = MappingProxyType({"invalid_grant": f"the grant was revoked or has expired: {SIGN_IN}"})
_GRAPH_ID, _EXCHANGE_ID = "00000003-0000-0000-c000-000000000000", "00000002-0000-0ff1-ce00-000000000000"
_PASSING = ("90033", "90025", "50196")
_CODE = re.compile(r"AADSTS(\d{4,9})")


def refused(answer: Mapping[str, Any], kind: str, **names: str) -> tuple[str, bool]:
    """
    Why a token server refused, and what to do.

    Args:
        answer: the body of its error (RFC 6749 §5.2).
        kind: the grant, as in the configuration.
        names: client_id, file, scope: what the words name.

    Returns:
        The words, which hold nothing of `answer` but its codes, and whether waiting is all there is to do.
    """
    error = str(answer.get("error") or "")[:60]
    found = _CODE.search(str(answer.get("error_description") or ""))
    code = found[1] if found else ""
    own = {"google": _GOOGLE, "device": _DEVICE}.get(kind, {})
    words = _AADSTS.get(code) or own.get(error) or _ERRORS.get(error) or "compare [oauth] with what the server shows"
    named = f"AADSTS{code}" if code else error or "no reason given"
    return f"{named}: {words.format(**names)}", code in _PASSING


def claims(token: str) -> Mapping[str, Any]:
    """What a token says of itself, if it is a JWT (RFC 7519); not verified, and only ever used to explain a refusal."""
    try:
        middle = token.split(".")[1]
        read = json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return read if isinstance(read, dict) else {}


def login_refused(token: str, username: str, client_id: str, service: str) -> str:
    """
    Why a server may have refused a login with a token that is good otherwise (D18).

    Args:
        service: IMAP or SMTP.

    Returns:
        One sentence: for a wrong scope, an app without the role, an app without the mailbox, or another person's token.
    """
    told = claims(token)
    audience, roles, scopes = str(told.get("aud") or ""), told.get("roles"), str(told.get("scp") or "")
    app_role, person_scope = (
        ("IMAP.AccessAsApp", "IMAP.AccessAsUser.All") if service == "IMAP" else ("SMTP.SendAsApp", "SMTP.Send")
    )
    has = [str(one) for one in roles] if isinstance(roles, list) else []
    if "microsoft" in audience or audience == _GRAPH_ID:
        return f'the token is for {audience}, not for mail: set scope = "{OUTLOOK}"'
    if "outlook.office" not in audience and audience != _EXCHANGE_ID:  # not Microsoft's, or nothing that we can read
        return f"it takes no token of this [oauth] for {username}: compare scope, client and mailbox with what the server shows"
    if scopes:
        if person_scope not in scopes.split():
            return f"the token has no {person_scope} (it has {scopes}): ask for it in scope, and sign in again"
        who = str(told.get("upn") or told.get("preferred_username") or "whoever signed in")
        return (
            f"{who} signed in, and has no way into {username}: sign in as {username}, or for a shared mailbox run "
            f"`Add-MailboxPermission -Identity {username} -User {who} -AccessRights FullAccess`"
        )
    if app_role not in has:
        return (
            f"the token is an app's and has no {app_role} (it has {', '.join(has) or 'no role'}): add it in Entra under API "
            "permissions > APIs my organization uses > Office 365 Exchange Online > Application permissions, then run "
            f"`az ad app permission admin-consent --id {client_id}`"
        )
    return (
        f"the app has {app_role}, and not this mailbox: username must be the (shared) mailbox's own address; run "
        f"`New-ServicePrincipal -AppId {client_id} -ObjectId OBJECT` with the id of the enterprise application, then "
        f"`Add-MailboxPermission -Identity {username} -User OBJECT -AccessRights FullAccess`"
    )


def not_connected(username: str) -> str:
    """What Exchange's "User is authenticated but not connected" means: the login is good, and the mailbox does not open."""
    return (
        f"Exchange accepts the login and does not open the mailbox: `Get-EXOMailbox {username}` must find it, and `username` "
        f"must be its own address; run `Add-MailboxPermission -Identity {username} -User OBJECT -AccessRights FullAccess`; if "
        "it worked before, Exchange is throttling, and it is tried again"
    )


def graph_refused(status: int, code: str, mailbox: str, client_id: str) -> str:
    """What a refusal of Microsoft Graph means for a mailbox, with the command; "" for one that nobody foresaw."""
    if status == 401:
        return f"Graph takes no token of this [oauth]: run `az ad app permission admin-consent --id {client_id}`"
    if status == 403 and "SendAs" in code:
        return f"{mailbox} may not send in this name: address must be the mailbox's own, or one of its aliases"
    if status == 403:
        return (
            f'the app may not use {mailbox}: run `New-ManagementRoleAssignment -App {client_id} -Role "Application Mail.Send" '
            f"-CustomResourceScope ackbot`, and see with `Test-ServicePrincipalAuthorization -Identity {client_id} -Resource "
            f"{mailbox}` whether its mailbox is within the scope; a change takes up to two hours"
        )
    if status == 404:
        return f"there is no mailbox {mailbox}: `Get-EXOMailbox {mailbox}` must find it, and `username` must be its own address"
    return ""


def reply_advice(reply: str, username: str) -> str:
    """What a reply of Exchange's SMTP means for the login that sends, with the command; "" for any other reply."""
    low = reply.lower()
    if "sendasdenied" in low or "send as denied" in low or "5.7.60" in low:
        return (
            f'{username} may not send in the name of this inbox: set login_as = "inbox", or run `Add-RecipientPermission INBOX '
            f"-AccessRights SendAs -Trustee {username}`"
        )
    if "smtpclientauthentication is disabled for the tenant" in low:
        return (
            'the tenant has SMTP logins switched off: send with via = "graph", or run `Set-CASMailbox -Identity '
            f"{username} -SmtpClientAuthenticationDisabled $false`, which counts for this mailbox before the tenant's setting"
        )
    if "5.7.139" in low and "basic authentication" in low:
        return "Microsoft takes no passwords any more: use oauth"
    if "5.7.139" in low or "535 5.7.3" in low:
        return (
            "SMTP logins are switched off for this mailbox, or security defaults forbid them: run `Set-CASMailbox -Identity "
            f'{username} -SmtpClientAuthenticationDisabled $false`, or send with via = "graph"'
        )
    return ""
