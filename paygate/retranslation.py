"""How a stored notice is read once more: by today's adapters, as they are configured today."""

from paygate.configured import adapters, inquirers
from paygate.directory import Directory
from paygate.domain import confirmation
from paygate.domain.errors import UnreadableNoticeError
from paygate.domain.inquiry import Asked
from paygate.domain.notice import QUERY, STATEMENT, NoticeFacts, RawNotice, payload_told
from paygate.notices import Translate
from paygate.settings import Settings


def retranslating(settings: Settings, directory: Directory) -> Translate:
    """Put together what translates the stored notices of every source.

    Raises:
        ConfigurationError: a secret is not there, or a key of a source is wrong; with its line.
    """
    sources = directory.sources
    reading = {sources[code].source_id: adapter for code, adapter in adapters(settings).items()}
    asking = {sources[code].source_id: inquirer for code, inquirer in inquirers(settings).items()}

    def translate(source_id: int, raw: RawNotice, body_hash: bytes) -> NoticeFacts:
        if raw.method == STATEMENT:
            return confirmation.translate(raw)
        known = asking if raw.method == QUERY else reading
        if source_id not in known:
            raise UnreadableNoticeError("its source is not configured any more, or is not asked")
        if raw.method != QUERY:
            adapter = reading[source_id]
            return adapter.translate(payload_told(adapter.read(raw), body_hash))
        asked = Asked.from_headers(raw.headers)
        return asking[source_id].translate(asked, asking[source_id].read(asked, raw.body))

    return translate
