# Numbers of tests/unit/stats/test_survival_tables.py, from tables that ship with R's survival and carData.
#     Rscript tests/reference/cox.R ../shared/data/tabular > tests/reference/cox.json    (R 4.2.2, survival 3.5-3)
suppressMessages(library(survival)); folder <- commandArgs(TRUE)[1]
table_of <- function(name) read.csv(file.path(folder, paste0(name, ".csv")))
out <- list(); put <- function(name, ...) out[[name]] <<- unname(unlist(list(...)))
tight <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50)
ro <- table_of("rossi"); ve <- table_of("veteran"); lu <- table_of("lung"); ro$w <- ro$age / 20
lu <- lu[complete.cases(lu[, c("inst", "time", "status", "age", "sex", "ph.ecog")]), ]; lu$w <- lu$age / 60; lu$a <- pmax(0, lu$time - 200)
model <- function(name, f) {
  s <- summary(f); put(name, coef(f), sqrt(diag(vcov(f)))); put(paste(name, "likelihood"), f$loglik)
  put(paste(name, "tests"), s$logtest[1], f$wald.test, s$sctest[1], s$robscore[1]); put(paste(name, "concordance"), s$concordance)
  for (k in c("km", "rank", "identity", "log")) put(paste(name, "zph", k), t(cox.zph(f, k)$table)) }
model("rossi", coxph(Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio, ro, control = tight))
model("rossi breslow", coxph(Surv(week, arrest) ~ fin + age + prio, ro, ties = "breslow", control = tight))
model("rossi weighted", coxph(Surv(week, arrest) ~ fin + age + prio, ro, weights = w, robust = TRUE, control = tight))
model("rossi weighted strata cluster", coxph(Surv(week, arrest) ~ fin + prio + strata(race), ro, weights = w, cluster = age, control = tight))
model("veteran", coxph(Surv(time, status) ~ trt + karno + age, ve, control = tight))
model("lung", coxph(Surv(time, status) ~ age + sex + ph.ecog, lu, control = tight))
model("lung strata cluster", coxph(Surv(time, status) ~ age + ph.ecog + strata(sex), lu, cluster = inst, control = tight))
model("lung entry", coxph(Surv(a, time, status) ~ age + sex + ph.ecog, lu, control = tight))
model("lung entry weighted", coxph(Surv(a, time, status) ~ age + sex + ph.ecog + strata(inst), lu, weights = w, cluster = inst, ties = "breslow", control = tight))
b <- basehaz(coxph(Surv(time, status) ~ age + sex + ph.ecog, lu, control = tight), centered = FALSE); e <- b$time %in% lu$time[lu$status == 1]
put("lung hazard", b$hazard[e]); put("lung hazard times", b$time[e])
curve <- function(name, s) { put(name, s$time, s$n.risk, s$surv, s$lower, s$upper); put(paste(name, "median"), summary(s)$table[c("median", "0.95LCL", "0.95UCL")]) }
for (k in c("log", "log-log", "plain")) curve(paste("veteran curve", k), survfit(Surv(time, status) ~ 1, ve, conf.type = k))
curve("rossi curve weighted", survfit(Surv(week, arrest) ~ 1, ro, weights = w))
curve("lung curve cluster", survfit(Surv(time, status) ~ 1, lu, weights = w, cluster = inst))
curve("lung curve entry", survfit(Surv(a, time, status) ~ 1, lu))
put("lung mean", survival:::survmean(survfit(Surv(time, status) ~ 1, lu), rmean = 500)$matrix[c("rmean", "se(rmean)")])
for (r in c(0, 0.5, 1)) {
  s <- survdiff(Surv(time, status) ~ celltype, ve, rho = r); put(paste("veteran logrank", r), s$chisq, s$obs, s$exp)
  s <- survdiff(Surv(time, status) ~ ph.ecog + strata(inst), lu, rho = r); put(paste("lung logrank strata", r), s$chisq, rowSums(s$obs), rowSums(s$exp)) }
number <- function(x) ifelse(is.na(x), "null", format(x, digits = 17, trim = TRUE))
lines <- mapply(function(k, v) sprintf('  "%s": [%s]', k, paste(sapply(v, number), collapse = ", ")), names(out), out)
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
