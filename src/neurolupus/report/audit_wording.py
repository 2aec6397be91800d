"""An audit in plain words: what was recomputed, as text, and what a disagreement may mean."""

from collections.abc import Sequence

from neurolupus.study.audit.results import Check, Recomputed, Size, Subject

QUESTION = (
    "Each of these is a question to the authors, not an accusation: most such differences are slips of typing or "
    "rounding, and some are the audit's own misreading of the paper."
)
GRAVITY: dict[Size, str] = {
    "conclusion": "changes a conclusion, or cannot be",
    "number": "another number",
    "last digit": "last digit",
    "": "",
}
_P_SUBJECTS = ("p-value", "p-value from its CI")
_MEANING: dict[tuple[Subject, Size], str] = {
    ("percentage", "last digit"): "A slip in the last digit. Nothing rests on it.",
    ("percentage", "number"): "A misprint, or a percentage of other patients than the table says.",
    ("p-value", "number"): "A misprint, another test, or other patients than the table says. On which side of 0.05 it "
    "lies does not change.",
    ("p-value", "conclusion"): "Whether the difference is called significant depends on it. A misprint, another "
    "comparison, or other patients than the table says.",
    ("mean and SD", "conclusion"): "No values have this mean and SD. A misprint, or other patients than stated.",
    ("estimate in its CI", "last digit"): "A slip in the last digit, or limits that are not symmetric.",
    ("estimate in its CI", "number"): "One of the three numbers is misprinted; which one, only the model can tell.",
    ("estimate in its CI", "conclusion"): "One of the three numbers is misprinted or belongs to another row. As "
    "printed, the row cannot be used.",
    ("p-value from its CI", "number"): "Estimate, limits and p-value cannot all be right. On which side of 0.05 it "
    "lies does not change.",
    ("p-value from its CI", "conclusion"): "Estimate, limits and p-value cannot all be right, and they differ on "
    "whether there is an effect.",
    ("interval used twice", "number"): "One row was probably typed over from the other.",
    ("pooled groups", "number"): "The parts do not give the whole: a misprint, or other patients in one of the tables.",
    ("sum", "number"): "The parts do not give the total: a misprint, or persons counted twice or not at all.",
    ("sum", "conclusion"): "The parts cannot give the whole. A misprint, or other patients in one of the rows.",
    ("subset", "conclusion"): "A part cannot hold more than the whole. The two tables count different things, or "
    "one is misprinted.",
    ("threshold", "conclusion"): "Quartiles and share cannot both describe these patients: another threshold, other "
    "patients, or a misprint.",
    ("threshold", "number"): "Possible only if nobody has a value in between: another threshold, other patients, or a "
    "misprint.",
    ("categories", "number"): "Some persons are counted twice or not at all.",
    ("categories", "conclusion"): "Some persons are counted twice.",
    ("balance", "conclusion"): "The arms are less alike than the paper says.",
    ("quotient", "conclusion"): "Total and shares cannot both be right.",
    ("contrast", "number"): "The three effects cannot come from one model.",
    ("order", "conclusion"): "Text and table contradict each other: the groups were swapped in one of them.",
}  # fmt: skip


def meaning(check: Check) -> str:
    """What a disagreement may mean; empty where nothing disagrees."""
    return _MEANING.get((check.subject, check.size), "") if check.verdict == "disagrees" else ""


def recomputed_text(check: Check, one: Recomputed) -> str:
    """One recomputed number as text, with what rounding leaves open.

    Examples
    --------
    >>> check = Check("Table 1", "Age", "p-value", "p = 0.351", "agrees within rounding")
    >>> recomputed_text(check, Recomputed("Student's t", 0.41953, 0.2094, 0.6972, True))
    '0.420 (0.209 to 0.697 over rounding)'
    """
    is_p, unit = check.subject in _P_SUBJECTS, " %" if check.subject == "percentage" else ""
    texts = [p_text(x) if is_p else _number(x) for x in (one.value, one.low, one.high)]
    if one.value != one.value:
        if one.low != one.low:
            return "–"
        return f"{texts[1]} to {texts[2]}"
    if texts[1] == texts[2]:
        return texts[0] + unit
    return f"{texts[0]}{unit} ({texts[1]} to {texts[2]} over rounding)"


def p_text(p_value: float) -> str:
    """A p-value with three decimals, four below 0.01.

    Examples
    --------
    >>> p_text(0.0356), p_text(0.00456), p_text(0.00001)
    ('0.036', '0.0046', '<0.0001')
    """
    if p_value != p_value:
        return "–"
    if p_value < 0.0001:
        return "<0.0001"
    return f"{p_value:.4f}" if p_value < 0.01 else f"{p_value:.3f}"


def summary_text(counts: Sequence[tuple[str, int]]) -> str:
    """`386 checked: 256 agree, ...`."""
    return f"{sum(count for _, count in counts)} checked: " + ", ".join(f"{count} {word}" for word, count in counts)


def verdict_counts(counts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """The verdicts as words for a heading, with their counts."""
    words = {
        "agrees": "agree", "agrees within rounding": "agree within rounding", "disagrees": "disagree",
        "cannot be recomputed": "cannot be recomputed",
    }  # fmt: skip
    return tuple((words[verdict], count) for verdict, count in counts.items())


def _number(x: float) -> str:
    if x != x:
        return "–"
    if float(x).is_integer() and abs(x) < 1e7:
        return f"{x:.0f}"
    return f"{x:.4g}"
