"""What the service asks of a source of notices. Each folder below `adapters/` answers it in the same files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from paygate.domain.inquiry import Asked, Query
from paygate.domain.notice import NoticeFacts, RawNotice, Reply, Verified
from paygate.domain.payable import NothingDue, Payable


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a source can never tell us, and how far it is to be believed.

    `money_confirms`: its signature leaves out whether or how much was paid, so that what it tells stays pending until
    the bank has booked the money.
    """

    cannot_know: Sequence[str] = ()
    money_confirms: bool = False


class Adapter(Protocol):
    """One configured source of notices. Pure: no clock, no I/O; the secrets are given when it is built."""

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def methods(self) -> frozenset[str]:
        """The HTTP methods by which the source sends."""

    @property
    def signed_headers(self) -> Sequence[str]:
        """The headers, in lower case, that the signature covers or rests in."""

    @property
    def secret_headers(self) -> frozenset[str]:
        """Those of them that hold the secret itself and are therefore never kept: a static token, an API key."""

    def verify(self, raw: RawNotice, now: datetime) -> Verified:
        """Check the signature with every live secret, in constant time.

        Raises:
            NotAuthenticError: the signature does not hold.
        """

    def read(self, raw: RawNotice) -> object:
        """Return the payload of a notice that was verified when it was stored, for translating it again.

        A notice may tell of several payments: its payload, here and in what `verify` returns, is then `Several`.

        Raises:
            UnreadableNoticeError: the body cannot be parsed.
        """

    def translate(self, payload: object) -> NoticeFacts:
        """Say in our words what an authentic notice says, or what it says of one payment if it tells of several.

        Raises:
            UnreadableNoticeError: a field is missing or malformed; the notice is quarantined.
            NotAPaymentError: it is about something else, such as a trial of the connection or money that went out.
        """

    def acknowledge(self, payload: object, *, repeated: bool) -> Reply:
        """Answer a notice that is stored, all of it."""

    def refuse(self) -> Reply:
        """Answer, with status 401, a notice that is not authentic."""


@dataclass(frozen=True, slots=True)
class Question:
    """What must this dossier pay? `key_id` is the number of the secret that signed it, and so signs the answer."""

    dossier_code: str
    key_id: int


class Lookup(Protocol):
    """A source that asks what a dossier must pay. Pure, as an adapter is."""

    def read_question(self, raw: RawNotice) -> Question:
        """Return the dossier that is asked about.

        Raises:
            NotAuthenticError: the signature does not hold.
        """

    def answer(self, question: Question, found: Payable | NothingDue | None, now: datetime) -> Reply:
        """Answer what was found; None: there is no such dossier."""

    def refuse(self) -> Reply:
        """Answer, with status 401, a question that is not authentic."""


class Inquirer(Protocol):
    """Asks one configured source what became of a payment, and understands the answer. Pure, as an adapter is."""

    def question(self, asked: Asked, now: datetime) -> Query:
        """Word and sign a question, with the first of the secrets.

        Raises:
            InvalidInputError: a question about this reference cannot be put in the source's format.
        """

    def verify(self, asked: Asked, body: bytes) -> Verified:
        """Check, before anything of it is believed, that a body answers this very question and who signed it.

        Raises:
            NotAuthenticError: it is no answer, its signature does not hold, or it speaks of another payment.
            NotAPaymentError: the source knows of no such payment, so far.
            UnansweredError: the source would not answer.
        """

    def read(self, asked: Asked, body: bytes) -> object:
        """Return the payload of an answer that was verified when it was stored, for translating it again.

        Raises:
            UnreadableNoticeError: the body cannot be parsed.
        """

    def translate(self, asked: Asked, payload: object) -> NoticeFacts:
        """Say in our words what an authentic answer says. What it does not settle is pending.

        Raises:
            UnreadableNoticeError: a field is missing or malformed.
        """


Known = Callable[[str], NoticeFacts | None]
"""What a simulated source knows of the payment under a reference; None: nothing."""


class Respondent(Protocol):
    """Answers questions exactly as the real source does."""

    def answer(self, question: Query, known: Known, now: datetime) -> Reply:
        """Return the reply to a question's bytes; one that is not rightly signed is refused in the source's words."""


class Simulator(Protocol):
    """Signs and shapes notices exactly as the real source does."""

    def shape(self, facts: NoticeFacts) -> NoticeFacts | None:
        """Return the facts as far as the source can say them, in its own forms; None: of such it says nothing.

        Codes and numbers that are not of its form become others that are, the same for the same. What was shaped is
        shaped already. How far the source is believed is the adapter's affair.
        """

    def request(self, facts: NoticeFacts, now: datetime) -> tuple[str, bytes, Mapping[str, str]]:
        """Return method, body (for GET: the query string) and headers of one signed notice."""
