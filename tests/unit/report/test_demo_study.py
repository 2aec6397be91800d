"""The demo page's section on studies."""

from neurolupus.report.demo_study import StudyCard, studies_section


def test_a_card_shows_its_numbers_and_embeds_its_figures_as_images() -> None:
    card = StudyCard(
        "A <study>",
        "9 screened, 4 analysed",
        (("4", "patients"),),
        ((b"<svg/>", "Curves"),),
        (("a/report.html", "Report"),),
        2,
    )
    section = studies_section([card])
    assert "A &lt;study&gt;" in section.body
    assert "9 screened, 4 analysed" in section.body
    assert 'src="data:image/svg+xml;base64,PHN2Zy8+"' in section.body  # base64 of <svg/>
    assert 'href="a/report.html"' in section.body
