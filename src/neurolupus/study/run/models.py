"""Which analysis a declared model gets; one entry per type of model."""

from __future__ import annotations

from neurolupus.errors import StatsError
from neurolupus.study.run.change import change_part
from neurolupus.study.run.context import Context
from neurolupus.study.run.linear import linear_part
from neurolupus.study.run.logistic import odds_part
from neurolupus.study.run.part import Part, cautions
from neurolupus.study.schema.models import ChangeModel, Linear, Logistic, Model, Multinomial

_WORDS = {
    "multinomial": "Multinomial logistic regression",
    "logistic": "Logistic regression",
    "kaplan_meier": "Survival",
    "cox": "Cox regression",
    "fine_gray": "Competing risks",
    "linear": "Adjusted differences",
    "change": "Change",
}


def model_part(context: Context, model: Model) -> Part:
    """The results of one model; what cannot be estimated becomes a warning."""
    try:
        return _part(context, model)
    except StatsError as error:
        return Part(warnings=cautions(model_title(model), [f"Not analysed. {error}"]))


def model_title(model: Model) -> str:
    """What a model is called."""
    return model.label or f"{_WORDS[model.TYPE]} ({model.name})"


def _part(context: Context, model: Model) -> Part:
    if isinstance(model, (Multinomial, Logistic)):
        return odds_part(context, model)
    if isinstance(model, Linear):
        return linear_part(context, model)
    if isinstance(model, ChangeModel):
        return change_part(context, model)
    return _survival_part(context, model)


def _survival_part(context: Context, model: Model) -> Part:
    from neurolupus.study.run.cox import cox_part
    from neurolupus.study.run.fine_gray import fine_gray_part
    from neurolupus.study.run.kaplan_meier import kaplan_meier_part
    from neurolupus.study.schema.models import Cox, FineGray, KaplanMeier

    if isinstance(model, KaplanMeier):
        return kaplan_meier_part(context, model)
    if isinstance(model, Cox):
        return cox_part(context, model)
    assert isinstance(model, FineGray)
    return fine_gray_part(context, model)
