# What R says of the intrathecal example study on one made-up cohort; the numbers of `neurolupus study run` are compared
# with it live (tests/end_to_end/test_study_against_r.py), since the cohort is drawn anew by the installed numpy.
#   Rscript study_intrathecal.R COHORT.csv MATCHED.csv   -> name=value lines
library(survival)
library(nnet)
files <- commandArgs(trailingOnly = TRUE)
full <- read.csv(files[1])
matched <- read.csv(files[2])
say <- function(name, value) cat(name, "=", format(value, digits = 17), "\n", sep = "")

say("table1.full.age.p_value", wilcox.test(age ~ it, full, exact = FALSE)$p.value)
say("table1.full.male.p_value", chisq.test(table(full$male, full$it))$p.value)
say("table1.full.plexopathy.p_value", fisher.test(table(full$plexopathy, full$it))$p.value)
say("table1.psm.nephritis.p_value", chisq.test(table(matched$nephritis, matched$it))$p.value)

score <- glm(it ~ male + age + sledai + headache + psychosis + mpp, binomial, full, epsilon = 1e-14)
say("score.psm.mpp.odds_ratio", exp(coef(score)["mpp"]))

for (who in c("full", "psm")) {
  d <- if (who == "full") full else matched
  test <- survdiff(Surv(fu_years, event) ~ it, d)
  say(paste0("km.", who, ".logrank.statistic"), test$chisq)
  curve <- summary(survfit(Surv(fu_years, event) ~ it, d), times = 3)
  say(paste0("km.", who, ".1.survival_3"), curve$surv[2])
  say(paste0("km.", who, ".1.survival_ci_low_3"), curve$lower[2])
}
say("km.psm.logrank_by_pair.statistic", survdiff(Surv(fu_years, event) ~ it + strata(pair), matched)$chisq)

screen <- coxph(Surv(fu_years, event) ~ it, matched, cluster = pair)
say("t3.psm.it.hazard_ratio", exp(coef(screen)))
say("t3.psm.it.se", sqrt(diag(vcov(screen))))

model <- coxph(Surv(fu_years, event) ~ it + csf_high + acs + mpp + cyc_use, full,
               control = coxph.control(eps = 1e-14, iter.max = 100))
for (term in names(coef(model))) {
  say(paste0("adj.full.", term, ".hazard_ratio"), exp(coef(model)[term]))
  say(paste0("adj.full.", term, ".se"), sqrt(diag(vcov(model)))[term])
}
ph <- cox.zph(model)$table
for (term in rownames(ph)) say(paste0("adj.full.", term, ".ph_p"), ph[term, "p"])

full$discharge <- relevel(factor(full$discharge), "exacerbation")
many <- multinom(discharge ~ it + psychosis + seizure + sledai + icp_high + csf_high + mpp, full, trace = FALSE,
                 maxit = 1000, reltol = 1e-15, abstol = 1e-15)
for (level in c("partial", "complete")) say(paste0("fig2.full.", level, ".it.odds_ratio"), exp(coef(many)[level, "it"]))

product <- coxph(Surv(fu_years, event) ~ it * csf_high, matched, cluster = pair)
say("subgroups.psm.csf_high.interaction.p_value", summary(product)$coefficients["it:csf_high", "Pr(>|z|)"])

pairs <- full[!is.na(full$icp_last), ]
change <- pairs$icp_last - pairs$icp
say("csf.full.d_icp.p_between", wilcox.test(change[pairs$it == 1], change[pairs$it == 0], exact = FALSE)$p.value)
say("csf.full.d_icp.exposed.p_within",
    wilcox.test(pairs$icp_last[pairs$it == 1], pairs$icp[pairs$it == 1], paired = TRUE, exact = FALSE)$p.value)
