# Numbers of tests/unit/stats/test_landmark.py: an exposure without effect that begins during follow-up.
#     Rscript tests/reference/landmark.R > tests/reference/landmark.json    (R 4.2.2, survival 3.5-3)
suppressMessages(library(survival))
set.seed(5); n <- 150
d <- data.frame(id = 1:n, time = round(rexp(n, .25) + .05, 2), event = rbinom(n, 1, .8), began = round(rexp(n, .5), 2) + .01)
d$began[runif(n) < .3] <- NA
tight <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50)
s <- tmerge(d, d, id = id, died = event(time, event), exposed = tdc(began))
v <- coxph(Surv(tstart, tstop, died) ~ exposed, s, cluster = id, control = tight)
d$ever <- as.integer(!is.na(d$began) & d$began < d$time); naive <- coxph(Surv(time, event) ~ ever, d, control = tight)
l <- d[d$time > 1, ]; l$early <- as.integer(!is.na(l$began) & l$began <= 1)
m <- coxph(Surv(time - 1, event) ~ early, l, control = tight)
out <- list(time = d$time, event = d$event, began = d$began, time_varying = c(coef(v), sqrt(vcov(v))),
  naive = coef(naive), landmark = c(coef(m), sqrt(vcov(m))), landmark_n = nrow(l))
number <- function(x) ifelse(is.na(x), "null", format(x, digits = 17, trim = TRUE))
lines <- mapply(function(k, v) sprintf('  "%s": [%s]', k, paste(sapply(v, number), collapse = ", ")), names(out), out)
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
