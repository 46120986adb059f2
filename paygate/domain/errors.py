"""Every error paygate raises on purpose, in one tree. Which HTTP status each has is `paygate.web.problems`' affair.

An error's message is a literal where it is raised, with the values it names beside it, so that the desk can say it in
the language of whoever meets it.
"""


def worded(message: str) -> str:
    """Mark a message that stands apart from the error which says it, so that its translation is asked for."""
    return message


class PaygateError(Exception):
    """Something paygate anticipated went wrong.

    `message` is English and names its `values` as `%(name)s`: days and moments as they are, members of an enum for
    words of ours, money in minor units as `amount`.
    """

    def __init__(self, message: object = "", /, **values: object) -> None:
        self.message = str(message)
        self.values = values
        super().__init__(self.message % values if values else self.message)


class ConfigurationError(PaygateError):
    """The configuration cannot be used as it is."""


class UnsafeDatabaseError(ConfigurationError):
    """The database would acknowledge what a power cut can take back."""


class EgressRefusedError(ConfigurationError):
    """A request may not leave for where it was to go; only another configuration helps."""


class InvalidInputError(PaygateError):
    """What was sent or given cannot be read; the message says where and why."""


class UnreadableStatementError(InvalidInputError):
    """A statement file is refused as a whole."""


class UnreadableFileError(InvalidInputError):
    """A file cannot be read within the time and memory granted, or it broke its reader."""


class TooLargeError(InvalidInputError):
    """What was sent is larger than allowed."""


class NotFoundError(PaygateError):
    """No such thing, or none that the caller may see."""


class NoLongerKeptError(NotFoundError):
    """It was there, and its time is over."""


class UnknownCallerError(PaygateError):
    """There is no token, or nobody issued it."""


class NotAllowedError(PaygateError):
    """The caller's role does not allow this."""


class NotAuthenticError(PaygateError):
    """A notice's signature does not hold."""


class UnreadableNoticeError(PaygateError):
    """An authentic notice that cannot be translated: quarantined with this reason."""


class NotAPaymentError(PaygateError):
    """An authentic notice that was understood and tells of no payment to us: kept, acknowledged and done with."""


class ConflictError(PaygateError):
    """The request contradicts what is stored."""


class RepeatInProgressError(ConflictError):
    """The request with the same key is being worked on."""


class RepeatDiffersError(PaygateError):
    """The key was used for another request."""


class IntegrityError(PaygateError):
    """What is stored contradicts itself: somebody has tampered with it, or we have a fault."""


class TemporaryError(PaygateError):
    """It may succeed when tried again."""


class DatabaseUnavailableError(TemporaryError):
    """The database does not answer."""


class InboxFullError(TemporaryError):
    """More notices wait for the database than the bounded queue holds."""


class UnreachableError(TemporaryError):
    """Another system gives no answer, or none that can be read whole."""


class TooMuchWaitsError(TemporaryError):
    """As much work or as many files wait as may."""


class PausedError(TemporaryError):
    """Too many tries to sign in failed. `seconds`: after so long the next is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(worded("too many tries failed; try again in %(seconds)s seconds"), seconds=seconds)
        self.seconds = seconds


class UnansweredError(TemporaryError):
    """A source was asked, and would not say what became of the payment."""
