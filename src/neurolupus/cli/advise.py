"""`neurolupus advise`: what the sources support for one patient, what waits for which fact, and why."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neurolupus.cli import options
from neurolupus.cli.console import SUCCESS, answer, answer_json, guarded, tell
from neurolupus.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

_BARS = {"recommended": "●●●", "should": "●●●", "consider": "●●○", "may": "●○○", "option_observational": "●○○"}


@guarded
def advise(
    patient: Annotated[Path, typer.Argument(metavar="PATIENT", help="The patient's record (.yaml or .json).")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="PAGE", help="Write the advice as one HTML page.")
    ] = None,
    as_json: options.Json = False,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Show the rules of each item with the values seen, and what would change it."),
    ] = False,
    audience: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="READER",
            help="Whose words: rheumatologist, neurologist, radiologist, trainee, researcher.",
        ),
    ] = "rheumatologist",
    cohort: Annotated[
        Path | None,
        typer.Option(
            "--cohort", metavar="TABLE", help="Place the volumes among at least 20 of your own (age, sex, TIV)."
        ),
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option("--study", metavar="OUT", help="Hazard ratios of intrathecal treatment from a study run here."),
    ] = None,
    fhir: Annotated[bool, typer.Option("--fhir", help="Print a FHIR R4 GuidanceResponse instead.")] = False,
    overwrite: options.Overwrite = False,
) -> int:
    """Advise on one patient: attribution, work-up, suspected mechanism, management; each with source and strength.

    For clinicians and research; no medical device, not for emergencies. Unknown is never taken for false.
    """
    from neurolupus.workflows.advise import advise_patient

    if as_json and fhir:
        raise UsageError("--json and --fhir are two forms of the same answer.\n    Give one of them.")
    if output is not None and output.exists() and not overwrite:
        raise UsageError(f"{output} exists.\n    Give --overwrite, or another name.")
    advised = advise_patient(patient, audience=audience, cohort=cohort, study=study)
    data = advised.data
    if output is not None:
        from neurolupus.report.advice_page import write_advice_page

        write_advice_page(output, data, title=f"Advice for {advised.record.id or 'one patient'}")
        tell(f"Wrote {output}")
    if fhir:
        from neurolupus.report.fhir_guidance import guidance_response

        answer_json(guidance_response(data))
    elif as_json:
        answer_json(data if explain else {name: value for name, value in data.items() if name != "explanation"})
    elif output is None or explain:
        _print(data, answer(), explain=explain)
    return SUCCESS


def _print(data: dict[str, Any], console: "Console", *, explain: bool) -> None:
    """The advice as text."""
    out = _Text(console)
    attribution, mechanism = data["attribution"], data["mechanism"]
    by_score = attribution["status"] == "attributed" and attribution["basis"] == "score"
    standing = "suspected, by score" if by_score else attribution["status"].replace("_", " ")
    out.head("Attribution", standing, attribution["sentence"], attribution["cites"])
    reached = {True: "yes", False: "no", None: "open"}
    told = ", ".join(f"from {cut}: {reached[held]}" for cut, held in attribution["by_cut_off"].items())
    low, high = attribution["score_range"]
    out.line(f"  Italian score {low if low == high else f'{low} to {high}'} of 10; attributed {told}", "dim")
    out.head("Mechanism", mechanism["value"].replace("_", " "), mechanism["sentence"], mechanism["cites"])
    options = {one["code"] for one in data["options"]}
    out.several = len({name for part in ("active", "options") for one in data[part] for name in one["events"]}) > 1
    out.items("Supported now", [one for one in data["active"] if one["code"] not in options], explain, data)
    out.items("Options, for a decision", data["options"], explain, data)
    if data["deferred"]:
        out.title("Waits")
        for item in data["deferred"]:
            out.line(f"  {item['title']}", "bold")
            present = [_reason(one) for one in item["reasons"] if one["seen"] is not None]
            unknown = [_reason(one) for one in item["reasons"] if one["seen"] is None]
            if present:
                out.line(f"      not now: {'; '.join(present)}", "yellow")
            if unknown:
                out.line(f"      not known: {'; '.join(unknown)}", "dim")
            out.line(f"      [{' '.join(item['cites'])}]", "dim")
            for note in item["must_show"]:
                out.line(f"      ! {note['text']}", "yellow")
            if explain:
                out.why(item["code"], data)
    if data["questions"]:
        out.title("Ask next")
        for one in data["questions"]:
            settles = f"  ({len(one['settles'])} item{'s' * (len(one['settles']) != 1)})" if one["settles"] else ""
            out.line(f"  {one['question']}  {one['fact']}{settles}")
    for title, name in (("Warnings", "warnings"), ("Evidence", "evidence"), ("Not covered by the sources", "gaps")):
        if data[name]:
            out.title(title)
            for one in data[name]:
                out.line(f"  {one['text']}  [{' '.join(one['cites'])}]")
                out.figures(one)
    _print_volumes(out, data["context"])
    if data["conflicts"]:
        out.title("The sources do not agree")
        for one in data["conflicts"]:
            out.line(f"  {one['text']}")
            for side in one["positions"]:
                out.line(f"      {side['text']}  [{' '.join(side['cites'])}]", "dim")
    out.line("")
    out.line(data["intended_use"], "dim")
    knowledge = data["knowledge"]
    out.line(f"Knowledge {knowledge['hash'][:12]}; {knowledge['review_status']}.", "dim")


def _reason(reason: dict[str, Any]) -> str:
    """`platelets is 20, needed: platelets > 50 (labs.platelets)`; nothing is said to be seen where it is unknown."""
    label, _, needed = reason["needed"].rpartition(": ")
    seen = {True: "yes", False: "no"}.get(reason["seen"], str(reason["seen"]).replace("_", " "))
    is_seen = "" if reason["seen"] is None else f" is {seen}"
    return f"{label or needed}{is_seen}, needed: {needed} ({reason['fact']})"


def _print_volumes(out: "_Text", context: dict[str, Any]) -> None:
    """The record's volumes, the published groups, and where they lie in the user's own cohort."""
    if not context.get("volumes"):
        return
    out.title("Brain volumes")
    out.line(f"  {context['caution']}", "dim")
    for one in context["volumes"]:
        out.line(f"  {one['label']}: {one['value_ml']:.{2 if one['value_ml'] < 20 else 0}f} ml")
    for one in context.get("published_groups", []):
        out.line(f"      {' '.join([one['text'], '; '.join(one['figures'])]).strip()}  [{one['cite']}]", "dim")
    own = context.get("own_cohort") or {"volumes": []}
    for one in own["volumes"]:
        among = f"{own['table']}, adjusted for age, sex and TIV, n = {one['n']}"
        expected = f"expected {one['expected_ml']} ml ({one['low_ml']} to {one['high_ml']})"
        out.line(f"  {one['name']} among {among}: {expected}, percentile {one['percentile']}")


class _Text:
    """Lines on a console; nothing of the record is read as markup."""

    def __init__(self, console: "Console") -> None:
        self.console = console
        self.several = False  # events of more than one kind: each item says which it is about

    def line(self, text: str, style: str = "") -> None:
        self.console.print(text, style=style or None, markup=False, soft_wrap=False)

    def title(self, text: str) -> None:
        self.line("")
        self.line(text, "bold underline")

    def head(self, name: str, value: str, sentence: str, cites: list[str]) -> None:
        self.line(f"{name}: {value}", "bold")
        self.line(f"  {sentence}  [{' '.join(cites)}]")

    def items(self, title: str, items: list[dict[str, Any]], explain: bool, data: dict[str, Any]) -> None:
        if not items:
            return
        self.title(title)
        for item in items:
            strength = item["strength"].replace("option_observational", "observed").replace("_", " ")
            self.line(f"  {_BARS.get(item['strength'], '○○○')} {item['title']}  ({strength})", "bold")
            about = f"{', '.join(name.replace('_', ' ') for name in item['events'])}: " if self.several else ""
            rules = ", ".join(rule["id"] for rule in item["rules"])
            self.line(f"      {about}{item['text']}  [{' '.join(item['cites'])}]  by {rules}")
            for note in item["must_show"]:
                self.line(f"      ! {note['text']}", "yellow")
            self.figures(item)
            if explain:
                self.why(item["code"], data)

    def figures(self, item: dict[str, Any]) -> None:
        for one in [*item.get("figures", []), *item.get("protocol", [])]:
            told = f" {'; '.join(one['figures'])}" if one["figures"] else ""
            self.line(f"      {one['cite']}: {one['text']}{told}", "dim")

    def why(self, code: str, data: dict[str, Any]) -> None:
        for item in data["explanation"]["items"]:
            if item["code"] != code:
                continue
            for rule in item["rules"]:
                self.line(f"      Rule {rule['id']}: {rule['rule']}", "cyan")
                for one in rule["predicates"]:
                    self.line(f"          {one['asks']} - seen: {one['seen']} - {one['holds']}", "dim")
            for one in item["would_change"]:
                instead = "yes" if one["instead"] is True else "no" if one["instead"] is False else one["instead"]
                self.line(f"          if {one['label']} were {instead}: {one['becomes'].replace('_', ' ')}", "dim")
