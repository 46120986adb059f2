"""Files made in the background, kept in the database for some days so that any service can hand them over."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from paygate.database import Connection, Database, load_queries
from paygate.domain.errors import NoLongerKeptError

QUERIES: Final = load_queries("paygate.sql", "queries/exports.sql")

PIECE_BYTES: Final = 524_288
KEPT_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it was kept."""

    size: int
    sha256: str


async def keep_file(connection: Connection, tenant_id: int, job_id: str, file: Path) -> Kept:
    """Store a file piece by piece under the number of its job. To be called inside a transaction."""
    await connection.execute(QUERIES["drop_pieces"], tenant_id, job_id)
    digest, size, number = hashlib.sha256(), 0, 0
    with file.open("rb") as opened:
        while piece := opened.read(PIECE_BYTES):
            await connection.execute(QUERIES["store_piece"], tenant_id, job_id, number, piece)
            digest.update(piece)
            size, number = size + len(piece), number + 1
    return Kept(size, digest.hexdigest())


async def pieces_of(database: Database, tenant_id: int, job_id: str, size: int) -> AsyncIterator[bytes]:
    """Yield a file piece by piece; nothing is held meanwhile, neither the rest of it nor a connection.

    Raises:
        NoLongerKeptError: before the first piece, that its days are over.
    """
    number = 0
    while number * PIECE_BYTES < size:
        async with database.connection() as connection:
            piece = await connection.fetchval(QUERIES["read_piece"], tenant_id, job_id, number)
        if piece is None:
            raise NoLongerKeptError("the file was kept for %(days)s days; have it made again", days=KEPT_DAYS)
        yield piece
        number += 1


async def forget_files(connection: Connection) -> None:
    """Drop files whose days are over."""
    await connection.execute(QUERIES["forget_pieces"], KEPT_DAYS)
