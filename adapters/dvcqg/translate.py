"""A CONFIRM in our words. `MaLoi` 00 is paid; no table of the other codes is public, so they are configuration."""

import re
from collections.abc import Collection
from typing import Final

from adapters.dvcqg.payloads import Confirm
from adapters.fields import currency_code, local_time, name, whole_amount
from paygate.domain.errors import UnreadableNoticeError
from paygate.domain.lifecycle import Outcome, PaymentState
from paygate.domain.notice import NoticeFacts
from paygate.domain.text import dossier_code_in

PAID_CODE: Final = "00"
EVERY_OTHER: Final = "*"
"""Among the failed codes: whatever is not 00 has failed, as the public implementations read it."""

_CODE = re.compile(r"[A-Za-z0-9_-]{1,20}\Z")
_BANK = re.compile(r"[A-Za-z0-9._-]{0,50}\Z")


def translate(confirm: Confirm, confirm_type: str, failed_codes: Collection[str]) -> NoticeFacts:
    """Say what an authentic CONFIRM says.

    `SoTien` is taken as minor units: the platform documents dong alone, which has none smaller.
    The dossier is looked for in the signed `ThongTinGiaoDich`. `MaHoSo`, which some senders add, is outside the
    signature: whoever can alter it could pay for another's dossier.

    Raises:
        UnreadableNoticeError: another message type, or a field not in its format.
    """
    if confirm.message_type != confirm_type:
        raise UnreadableNoticeError(f"LoaiBanTin is not {confirm_type}")
    if not _BANK.match(confirm.bank):
        raise UnreadableNoticeError("MaNganHang is not a bank code")
    state, outcome, alarm = _result(confirm.result_code, failed_codes)
    return NoticeFacts(
        reference=name("MaThamChieu", confirm.reference),
        transaction_id=name("MaGiaoDich", confirm.transaction_id, least=0),
        state=state,
        outcome=outcome,
        amount=whole_amount("SoTien", confirm.amount),
        currency=currency_code("MaTienTe", confirm.currency),
        occurred_at=local_time("ThoiGianGD", confirm.time),
        dossier_code=dossier_code_in(confirm.description),
        description=confirm.description,
        alarm=alarm,
    )


def _result(code: str, failed_codes: Collection[str]) -> tuple[PaymentState, Outcome, str | None]:
    if code == PAID_CODE:
        return PaymentState.PAID, Outcome.PAID, None
    if not _CODE.match(code):
        raise UnreadableNoticeError("MaLoi is not a result code")
    if code in failed_codes or EVERY_OTHER in failed_codes:
        return PaymentState.FAILED, Outcome.DECLINED, None
    return PaymentState.PENDING, Outcome.PENDING, f"MaLoi {code} is not a listed code"
