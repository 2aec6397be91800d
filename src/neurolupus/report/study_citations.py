"""The papers that the statistical methods of a study come from; each is cited where its method is named."""

from neurolupus.report.citations import Citation

_ALL = (
    Citation(
        "strobe2007",
        "von Elm E, et al.",
        "The Strengthening the Reporting of Observational Studies in Epidemiology (STROBE) statement",
        "Lancet 2007;370:1453–1457",
        "10.1016/S0140-6736(07)61602-X",
    ),
    Citation(
        "rosenbaum1985",
        "Rosenbaum PR, Rubin DB",
        "Constructing a control group using multivariate matched sampling methods that incorporate the propensity "
        "score",
        "Am Stat 1985;39:33–38",
        "10.1080/00031305.1985.10479383",
    ),
    Citation(
        "austin2011",
        "Austin PC",
        "Optimal caliper widths for propensity-score matching when estimating differences in means and differences in "
        "proportions in observational studies",
        "Pharm Stat 2011;10:150–161",
        "10.1002/pst.433",
    ),
    Citation(
        "austin2009",
        "Austin PC",
        "Balance diagnostics for comparing the distribution of baseline covariates between treatment groups in "
        "propensity-score matched samples",
        "Stat Med 2009;28:3083–3107",
        "10.1002/sim.3697",
    ),
    Citation(
        "li2018",
        "Li F, Morgan KL, Zaslavsky AM",
        "Balancing covariates via propensity score weighting",
        "J Am Stat Assoc 2018;113:390–400",
        "10.1080/01621459.2016.1260466",
    ),
    Citation(
        "cole2008",
        "Cole SR, Hernán MA",
        "Constructing inverse probability weights for marginal structural models",
        "Am J Epidemiol 2008;168:656–664",
        "10.1093/aje/kwn164",
    ),
    Citation(
        "kaplan1958",
        "Kaplan EL, Meier P",
        "Nonparametric estimation from incomplete observations",
        "J Am Stat Assoc 1958;53:457–481",
        "10.1080/01621459.1958.10501452",
    ),
    Citation(
        "cox1972",
        "Cox DR",
        "Regression models and life-tables",
        "J R Stat Soc B 1972;34:187–220",
        "10.1111/j.2517-6161.1972.tb00899.x",
    ),
    Citation(
        "efron1977",
        "Efron B",
        "The efficiency of Cox's likelihood function for censored data",
        "J Am Stat Assoc 1977;72:557–565",
        "10.1080/01621459.1977.10480613",
    ),
    Citation(
        "lin1989",
        "Lin DY, Wei LJ",
        "The robust inference for the Cox proportional hazards model",
        "J Am Stat Assoc 1989;84:1074–1078",
        "10.1080/01621459.1989.10478874",
    ),
    Citation(
        "grambsch1994",
        "Grambsch PM, Therneau TM",
        "Proportional hazards tests and diagnostics based on weighted residuals",
        "Biometrika 1994;81:515–526",
        "10.1093/biomet/81.3.515",
    ),
    Citation(
        "heinze2001",
        "Heinze G, Schemper M",
        "A solution to the problem of monotone likelihood in Cox regression",
        "Biometrics 2001;57:114–119",
        "10.1111/j.0006-341X.2001.00114.x",
    ),
    Citation(
        "fine1999",
        "Fine JP, Gray RJ",
        "A proportional hazards model for the subdistribution of a competing risk",
        "J Am Stat Assoc 1999;94:496–509",
        "10.1080/01621459.1999.10474144",
    ),
    Citation(
        "vanderweele2017",
        "VanderWeele TJ, Ding P",
        "Sensitivity analysis in observational research: introducing the E-value",
        "Ann Intern Med 2017;167:268–274",
        "10.7326/M16-2607",
    ),
    Citation(
        "white2011",
        "White IR, Royston P, Wood AM",
        "Multiple imputation using chained equations: issues and guidance for practice",
        "Stat Med 2011;30:377–399",
        "10.1002/sim.4067",
    ),
    Citation(
        "barnard1999",
        "Barnard J, Rubin DB",
        "Small-sample degrees of freedom with multiple imputation",
        "Biometrika 1999;86:948–955",
        "10.1093/biomet/86.4.948",
    ),
    Citation(
        "holm1979",
        "Holm S",
        "A simple sequentially rejective multiple test procedure",
        "Scand J Stat 1979;6:65–70",
        "10.2307/4615733",
    ),
    Citation(
        "benjamini1995",
        "Benjamini Y, Hochberg Y",
        "Controlling the false discovery rate: a practical and powerful approach to multiple testing",
        "J R Stat Soc B 1995;57:289–300",
        "10.1111/j.2517-6161.1995.tb02031.x",
    ),
    Citation(
        "mackinnon1985",
        "MacKinnon JG, White H",
        "Some heteroskedasticity-consistent covariance matrix estimators with improved finite sample properties",
        "J Econom 1985;29:305–325",
        "10.1016/0304-4076(85)90158-7",
    ),
    Citation(
        "altman2003",
        "Altman DG, Bland JM",
        "Interaction revisited: the difference between two estimates",
        "BMJ 2003;326:219",
        "10.1136/bmj.326.7382.219",
    ),
    Citation(
        "suissa2008",
        "Suissa S",
        "Immortal time bias in pharmacoepidemiology",
        "Am J Epidemiol 2008;167:492–499",
        "10.1093/aje/kwm324",
    ),
)
STUDY_CITATIONS: dict[str, Citation] = {citation.key: citation for citation in _ALL}
