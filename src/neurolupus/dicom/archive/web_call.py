"""One call to a web archive: who asks, how long is waited, and each way it can fail in words."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from neurolupus.dicom.archive.access import PASSWORD, TOKEN, USER, Access
from neurolupus.dicom.archive.found import printable
from neurolupus.dicom.archive.patience import MayPass
from neurolupus.errors import PacsError

BUSY = (408, 425, 429, 500, 502, 503, 504)


class WebCaller:
    """Calls below one root.

    Parameters
    ----------
    direct : bool
        Whether proxies and other settings of the environment are left aside, as for loopback.
    """

    def __init__(self, root: str, access: Access, *, direct: bool) -> None:
        self.root, self._access, self._direct = root, access, direct
        self._sessions = threading.local()

    @contextmanager
    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str],
        data: Any = None,
        also: tuple[int, ...] = (),
    ) -> Iterator[Any]:
        """The answer, its body not read yet.

        Raises
        ------
        MayPass
            No answer, or an archive that is too busy.
        PacsError
            A refusal, or a fault that asking again does not mend.
        """
        import requests

        with _told(self.root, self._access.timeout_s):
            answer = self._session().request(
                method,
                self.root + path + _query(params),
                headers=headers,
                data=data,
                timeout=(min(self._access.timeout_s, 10.0), self._access.timeout_s),
                stream=True,
                allow_redirects=False,  # a redirect would carry patients' data and passwords to wherever it says
                auth=self._sign,
            )
        assert isinstance(answer, requests.Response)
        with answer:
            if not (200 <= answer.status_code < 300 or answer.status_code in also):
                raise self._refusal(answer)
            yield answer

    def chunks(self, answer: Any, size: int) -> Iterator[bytes]:
        """The body of an answer."""
        with _told(self.root, self._access.timeout_s):
            yield from answer.iter_content(size)

    def _session(self) -> Any:
        import requests

        if not hasattr(self._sessions, "one"):
            session = requests.Session()
            session.trust_env = not self._direct
            session.headers["User-Agent"] = "neurolupus"
            session.verify = str(self._access.ca_file) if self._access.ca_file else True
            if self._access.cert_file:
                key = self._access.key_file
                session.cert = (str(self._access.cert_file), str(key)) if key else str(self._access.cert_file)
            self._sessions.one = session
        return self._sessions.one

    def _sign(self, request: Any) -> Any:
        """Say who asks; being here at all keeps requests from taking a password out of ~/.netrc."""
        from requests.auth import HTTPBasicAuth

        if self._access.token:
            request.headers["Authorization"] = f"Bearer {self._access.token}"
        elif self._access.user:
            HTTPBasicAuth(self._access.user.encode(), self._access.password.encode())(request)
        return request

    def _refusal(self, answer: Any) -> PacsError | MayPass:
        code, says = answer.status_code, f"{answer.status_code} {printable(answer.reason or '')}".strip()
        if code in (401, 403):
            who = "the token" if self._access.token else f"user {self._access.user!r}" if self._access.user else ""
            return PacsError(
                f"The archive {self.root} refuses {who or 'a caller without a name'} ({says}).\n"
                f"    Give --user and --password-file or --token-file, or set {USER} and {PASSWORD}, or {TOKEN}."
            )
        if 300 <= code < 400:
            return PacsError(
                f"The archive {self.root} sends the caller to {printable(answer.headers.get('Location', 'nowhere'))} "
                f"({says}), and is not followed: passwords would go there too.\n    Give that address with --url."
            )
        if code == 404:
            return PacsError(f"The archive {self.root} has nothing there ({says}); is this the root of its DICOMweb?")
        if code in BUSY:
            wait = answer.headers.get("Retry-After", "")
            return MayPass(f"The archive {self.root} cannot answer now ({says}).", float(wait) if wait.isdigit() else 0)
        return PacsError(f"The archive {self.root} refuses the question ({says}).")


def _query(params: Mapping[str, str] | None) -> str:
    """The question behind the path; * and ? stay letters, since archives compare %2A with names as it stands."""
    return f"?{urlencode(params, quote_via=quote, safe='*?')}" if params else ""


@contextmanager
def _told(root: str, timeout_s: float) -> Iterator[None]:
    """What requests raises, in words."""
    import requests
    import urllib3

    try:
        yield
    except requests.exceptions.SSLError as error:
        raise PacsError(
            f"The archive {root} cannot be trusted: {_reason(error)}.\n"
            "    Give the certificate of who signed its own with --ca-file; the client's own with --cert-file."
        ) from error
    except requests.exceptions.ConnectTimeout as error:
        raise MayPass(f"The archive {root} does not answer.") from error
    except (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError) as error:
        raise MayPass(f"The archive {root} was silent for {timeout_s:g} s; wait longer with --timeout.") from error
    except (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.ProtocolError) as error:
        raise MayPass(f"The archive {root} broke the connection in the middle of an answer.") from error
    except requests.exceptions.ConnectionError as error:
        if "timed out" in str(error).lower():
            raise MayPass(f"The archive {root} was silent for {timeout_s:g} s; wait longer with --timeout.") from error
        raise MayPass(f"The archive {root} cannot be reached: {_reason(error)}.") from error
    except requests.exceptions.RequestException as error:
        raise PacsError(f"The archive {root} cannot be asked: {_reason(error)}.") from error


def _reason(error: BaseException) -> str:
    """The innermost words of an error, which alone say what happened."""
    inner, told = error, error
    while (below := inner.__cause__ or inner.__context__) is not None:
        inner = below
        if isinstance(inner, OSError) and inner.strerror:
            told = inner
    return printable(getattr(told, "strerror", None) or inner).rstrip(".") or type(inner).__name__
