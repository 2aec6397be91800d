"""Residuals of a linear model looked at: normality, constant variance, influence, inflation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from neurolupus.stats.complete import Vector
from neurolupus.stats.estimate import Notes
from neurolupus.stats.matrix_checks import Inflation, has_intercept, variance_inflation
from neurolupus.stats.normality import QuantilePoints, normality, quantile_points
from neurolupus.stats.regression import LinearFit

HIGH_VIF = 5.0
HIGH_COOK = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class ResidualDiagnostics:
    """What the residuals say about a linear model; None is what cannot be computed.

    Attributes
    ----------
    shapiro_w, shapiro_p : float or None
        Of the raw residuals.
    breusch_pagan, breusch_pagan_df, breusch_pagan_p : float
        Koenker's studentised form, R's `lmtest::bptest` default.
    cook_max, cook_max_row : float, int
        Largest Cook's distance, and which row of the design has it.
    leverage_max, high_leverage : float, int
        Largest leverage, and how many rows exceed 3 p / n.
    vif : tuple of Inflation
    qq : QuantilePoints
        Of the standardised residuals.
    """

    n: int
    shapiro_w: float | None
    shapiro_p: float | None
    breusch_pagan: float
    breusch_pagan_df: int
    breusch_pagan_p: float
    cook_max: float
    cook_max_row: int
    leverage_max: float
    high_leverage: int
    vif: tuple[Inflation, ...]
    qq: QuantilePoints
    notes: Notes = ()


def residual_diagnostics(fit: LinearFit) -> ResidualDiagnostics:
    """Shapiro–Wilk, Breusch–Pagan, Cook's distance, leverage and variance inflation of a fitted model.

    References
    ----------
    .. [1] Koenker (1981), J Econom 17:107, doi:10.1016/0304-4076(81)90062-2.
    .. [2] Cook (1977), Technometrics 19:15, doi:10.1080/00401706.1977.10489493.
    """
    n, p = fit.design.shape
    shape = normality(fit.residuals)
    cook = cook_distances(fit)
    bp, bp_df = _breusch_pagan(fit)
    bp_p = float(special.chdtrc(bp_df, bp)) if bp_df else float("nan")
    vif = variance_inflation(fit.design, fit.names)
    inner = np.clip(1 - fit.leverages, 1e-300, None)
    root = np.ones(n) if fit.weights is None else np.sqrt(fit.weights)
    standardised = root * fit.residuals / (fit.residual_sd * np.sqrt(inner))
    notes = [f"{v.name} is inflated by the other terms (VIF {v.vif:.1f})." for v in vif if v.vif > HIGH_VIF]
    if shape.shapiro_p is not None and shape.shapiro_p < 0.05:
        notes.append(f"Residuals depart from normal (Shapiro–Wilk p {shape.shapiro_p:.2g}).")
    if bp_df and bp_p < 0.05:
        notes.append(f"Residual variance is not constant (Breusch–Pagan p {bp_p:.2g}): prefer the HC3 errors.")
    if np.nanmax(cook) > HIGH_COOK:
        notes.append(f"One row moves the coefficients by itself (Cook's distance {np.nanmax(cook):.1f}).")
    return ResidualDiagnostics(
        n=n,
        shapiro_w=shape.shapiro_w,
        shapiro_p=shape.shapiro_p,
        breusch_pagan=bp,
        breusch_pagan_df=bp_df,
        breusch_pagan_p=bp_p,
        cook_max=float(np.nanmax(cook)),
        cook_max_row=int(np.nanargmax(cook)),
        leverage_max=float(fit.leverages.max()),
        high_leverage=int((fit.leverages > 3 * p / n).sum()),
        vif=vif,
        qq=quantile_points(standardised),
        notes=tuple(notes),
    )


def cook_distances(fit: LinearFit) -> Vector:
    """Cook's distance of every row, (n,); NaN for a row of leverage 1."""
    p = fit.design.shape[1]
    w = 1.0 if fit.weights is None else fit.weights
    inner = np.where(fit.leverages > 1 - 1e-10, np.nan, 1 - fit.leverages)
    return np.asarray(w * fit.residuals**2 / (p * fit.residual_sd**2) * fit.leverages / inner**2)


def _breusch_pagan(fit: LinearFit) -> tuple[float, int]:
    """Rows times R² of the squared residuals on the design, and its degrees of freedom."""
    squared = fit.residuals**2
    around = squared - squared.mean()
    x = fit.design if has_intercept(fit.design) else np.column_stack([np.ones(fit.n), fit.design])
    explained = x @ np.linalg.lstsq(x, around, rcond=None)[0]
    total = float(np.sum(around**2))
    return (fit.n * float(np.sum(explained**2)) / total if total > 0 else 0.0), x.shape[1] - 1
