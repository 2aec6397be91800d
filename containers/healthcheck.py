"""Whether the server in this container answers: exit code 0 if so. Any answer counts; only silence is ill."""

import http.client
import ssl
import sys

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 8910
UNCHECKED = ssl._create_unverified_context()  # noqa: S323 - its own loopback, and nothing is sent


def answers(connection: http.client.HTTPConnection) -> bool:
    """Whether a request gets an answer that is no fault of the server."""
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


plain = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
encrypted = http.client.HTTPSConnection("127.0.0.1", PORT, timeout=5, context=UNCHECKED)
sys.exit(not (answers(plain) or answers(encrypted)))
