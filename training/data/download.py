"""Downloads a file once, with progress; resumes after an interruption; checks the file before it is used."""

import shutil
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tqdm import tqdm

from training.data.dataset import DatasetError
from training.output import warn

CHUNK_BYTES = 1 << 18
TIMEOUT_SECONDS = 30
PARTIAL, NOTHING_MORE = 206, 416


def download(url: str, checksum: str, path: Path, instead: str) -> None:
    """Download `url` to `path`, which must have the checksum, such as "md5:…".

    `instead` says what people can do if it fails. Raises DatasetError, OSError.
    """
    import logging

    import pooch

    # pooch logs each step; one line is enough.
    pooch.get_logger().setLevel(logging.ERROR)
    if urlsplit(url).scheme not in ("http", "https"):
        raise DatasetError(f"{url}: found no http or https address, expected one; choose another --mirror")
    warn(f"downloading {url} to {path}")
    part = path.with_name(f"{path.name}.part")
    try:
        pooch.retrieve(url, checksum, path.name, path.parent, downloader=_Resumed(part))
    except ValueError as error:
        part.unlink(missing_ok=True)
        raise DatasetError(
            f"{url}: found a file whose checksum is not the one expected ({checksum}); nothing was kept; "
            f"{instead}"
        ) from error
    except (HTTPError, URLError, TimeoutError, ConnectionError) as error:
        if isinstance(error, HTTPError):
            error.close()
        reason = getattr(error, "reason", None) or error
        raise DatasetError(f"{url}: could not be downloaded ({reason}); {instead}") from error
    part.unlink(missing_ok=True)


class _Resumed:
    """A downloader for pooch. It first writes to a file of its own, from which the next try resumes."""

    def __init__(self, part: Path) -> None:
        self._part = part

    def __call__(self, url: str, output_file: Any, _pooch: Any, check_only: bool = False) -> None:
        assert not check_only
        have = self._part.stat().st_size if self._part.is_file() else 0
        request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - the caller looked
        try:
            answer = urlopen(request, timeout=TIMEOUT_SECONDS)  # noqa: S310
        except HTTPError as error:
            if error.code != NOTHING_MORE:
                raise
            error.close()
        else:
            with answer:
                have = have if answer.status == PARTIAL else 0
                self._receive(answer, have)
        # pooch gets a copy, which it moves away; this file stays until the checksum is known.
        shutil.copyfile(self._part, output_file)

    def _receive(self, answer: Any, have: int) -> None:
        """Append the answer to the first `have` bytes, which are on disk already."""
        rest = answer.headers.get("Content-Length")
        total = have + int(rest) if rest else None
        with (
            self._part.open("ab") as file,
            tqdm(total=total, initial=have, unit="B", unit_scale=True, leave=False, disable=None) as bar,
        ):
            file.truncate(have)
            while chunk := answer.read(CHUNK_BYTES):
                file.write(chunk)
                bar.update(len(chunk))
        if total is not None and (found := self._part.stat().st_size) < total:
            raise ConnectionError(f"the connection ended after {found:,} of {total:,} bytes")
