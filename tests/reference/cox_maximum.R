# Numbers of tests/unit/stats/test_cox_maximum.py: the only patient with a rare level relapses first of all.
#     Rscript tests/reference/cox_maximum.R > tests/reference/cox_maximum.json    (R 4.2.2, survival 3.5-3)
suppressMessages(library(survival))
set.seed(386); n <- 386
age <- round(rnorm(n, 45, 14)); rare <- rep(0, n)
own <- ceiling(365 * rexp(n, .08 * exp(.02 * (age - 45)))); end <- ceiling(runif(n, 100, 2500))
time <- pmin(own, end); event <- as.integer(own <= end)
first <- which(event == 1)[which.min(time[event == 1])]; time[first] <- min(time) - 1; rare[first] <- 1
# rare grows for ever and its patient leaves with the first event: the other coefficient and the likelihood are
# those of the rest, which R finds without that patient
f <- coxph(Surv(time, event) ~ age, subset = rare == 0, control = coxph.control(eps = 1e-12, iter.max = 50))
show <- function(x) paste(format(x, digits = 17, trim = TRUE), collapse = ", ")
values <- list(age = age, rare = rare, time = time, event = event, rest = c(coef(f), sqrt(vcov(f)), f$loglik[2]))
cat("{\n", paste(sprintf('  "%s": [%s]', names(values), sapply(values, show)), collapse = ",\n"), "\n}\n", sep = "")
