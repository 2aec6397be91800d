"""A QR code as SVG written into the page: nothing is asked of anybody else, and the strict policy holds."""

from __future__ import annotations

from markupsafe import Markup
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel

QUIET = 4  # modules left free around it, ISO/IEC 18004, 9.1


def qr_picture(text: str) -> Markup:
    """A picture that telephones read; dark on light whatever the page's colours."""
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    count = code.getModuleCount()
    runs = []
    for row in range(count):
        column = 0
        while column < count:
            end = column
            while end < count and code.isDark(row, end):
                end += 1
            if end > column:
                runs.append(f"M{column + QUIET} {row + QUIET}h{end - column}v1h{column - end}z")
            column = end + 1
    side = count + 2 * QUIET
    return Markup(  # noqa: S704 - numbers alone
        f'<svg class="qr" viewBox="0 0 {side} {side}" role="img" shape-rendering="crispEdges">'
        f"<title>QR code for the authenticator app</title>"
        f'<rect width="{side}" height="{side}" fill="#fff"/><path fill="#000" d="{"".join(runs)}"/></svg>'
    )
