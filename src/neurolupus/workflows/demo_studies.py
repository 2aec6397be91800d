"""The demo's studies: both papers' analyses, run on made-up cohorts."""

from collections.abc import Sequence
from pathlib import Path

from neurolupus.report.demo import Section
from neurolupus.report.demo_study import StudyCard, studies_section
from neurolupus.study.results import StudyResults
from neurolupus.study.results.figures import FlowFigure, ForestFigure, KaplanMeierFigure
from neurolupus.workflows.examples import STUDIES, example_path
from neurolupus.workflows.study_run import run_study_file
from neurolupus.workflows.study_simulate import simulate

SHOWN = (FlowFigure, KaplanMeierFigure, ForestFigure)  # one figure of each kind, where there is one
MOST_HIGHLIGHTS = 4


def run_studies(folder: Path) -> Sequence[Section]:
    """Simulate both cohorts, run both studies into `folder/studies`, and show them."""
    cards = []
    for name in STUDIES:
        study, short = example_path(name), name.partition(".")[0]
        cohort, out = folder / "studies" / f"{short}-cohort.csv", folder / "studies" / short
        simulate(study, cohort, overwrite=True)
        done = run_study_file(study, out, data=cohort, overwrite=True)
        cards.append(_card(done.results, out, cohort, folder))
    return (studies_section(cards),)


def _card(results: StudyResults, out: Path, cohort: Path, folder: Path) -> StudyCard:
    figures = []
    for kind in SHOWN:
        found = next((figure for figure in results.figures if isinstance(figure, kind)), None)
        if found is not None:
            figures.append(((out / "figures" / f"{found.id}.svg").read_bytes(), found.title))
    screened = "" if results.n_screened is None else f"{results.n_screened} screened, "
    links = (
        (out / "report.html", "The whole report"),
        (out / "tables.docx", "its tables in Word"),
        (cohort, "the made-up table"),
    )
    return StudyCard(
        results.title,
        f"{screened}{results.n} analysed",
        tuple((one.value, one.label) for one in results.highlights[:MOST_HIGHLIGHTS]),
        tuple(figures),
        tuple((path.relative_to(folder).as_posix(), words) for path, words in links),
        len(results.warnings),
    )
