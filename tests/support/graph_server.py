"""A server that answers like Microsoft Graph's sendMail and Sent Items, as learn.microsoft.com describes them."""

from base64 import b64decode
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.tokens import HttpsServer, Reply, TokenServer


class GraphServer(HttpsServer):
    """
    Takes mails, files each in its mailbox's Sent Items, and answers as each test says.

    Args:
        tokens: who gave the tokens that it takes.
    """

    def __init__(self, tokens: TokenServer) -> None:
        super().__init__()
        self._tokens = tokens
        self.mailboxes = {"housing@northgate.example", "streets@northgate.example", "dana@northgate.example"}
        self.sent: list[tuple[str, bytes]] = []  # mailbox and mail
        self.replies: list[Reply] = []  # to the next mails, instead of 202
        self.files_all_the_same = False  # such a mail is sent and filed in spite of its reply
        self.looks: Reply = None  # what every look into Sent Items gets instead

    def answer(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """See HttpsServer.answer."""
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if self._tokens.ends.get(token, 0.0) <= self._tokens.now_s:
            return 401, error("InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
        split = urlsplit(path)
        mailbox, _, rest = unquote(split.path).removeprefix("/v1.0/users/").partition("/")
        if mailbox not in self.mailboxes:
            return 404, error("ErrorInvalidUser", f"The requested user '{mailbox}' is invalid.")
        if method == "POST" and rest == "sendMail" and headers.get("content-type") == "text/plain":
            reply = self.replies.pop(0) if self.replies else None
            if reply is None or self.files_all_the_same:
                self.sent.append((mailbox, b64decode(body, validate=True)))
            return reply or (202, b"")
        if method == "GET" and rest == "mailFolders/sentitems":
            return self.looks or (200, {"id": "sentitems"})
        if method == "GET" and rest == "mailFolders/sentitems/messages":
            wanted = parse_qs(split.query)["$filter"][0].removeprefix("internetMessageId eq '").removesuffix("'")
            found = [one for box, one in self.sent if box == mailbox and read(one)["Message-ID"] == wanted]
            return self.looks or (200, {"value": [{"id": "x"} for _ in found]})
        return 400, error("BadRequest", "nothing like that is known")


def error(code: str, message: str) -> dict[str, Any]:
    """The body of an error."""
    return {"error": {"code": code, "message": message, "innerError": {"request-id": "0f1e"}}}


def read(raw: bytes) -> EmailMessage:
    """A mail, read."""
    return cast(EmailMessage, message_from_bytes(raw, policy=policy.default))
