# One task on one table by R, in a process of its own: seconds and the numbers found, as one JSON line.
# Rscript r_peers.R TASK TABLE
args <- commandArgs(TRUE)
task <- args[1]
absent <- function(why) { cat(sprintf('{"absent": "%s"}\n', why)); quit(status = 0) }
needs <- c(cox = "survival", km_log_rank = "survival", multinomial = "nnet", logistic = "stats", matching = "MatchIt")
if (task == "matching") absent("MatchIt below 4.5.4 ignores the caliper and 4.7.2 cannot be installed here")
if (!suppressMessages(require(needs[task], character.only = TRUE, quietly = TRUE))) absent(paste("no", needs[task]))

names <- c("time", "event", "treated", "logit", "outcome", paste0("x", 1:5))
d <- as.data.frame(matrix(readBin(args[2], "double", file.size(args[2]) / 8), ncol = length(names)))
names(d) <- names
run <- switch(task,
  cox = function() coef(coxph(Surv(time, event) ~ x1 + x2 + x3 + x4 + x5, d, ties = "efron")),
  km_log_rank = function() {
    survfit(Surv(time, event) ~ treated, d)
    survdiff(Surv(time, event) ~ treated, d)$chisq
  },
  # the default reltol (1e-8 of the deviance) stops early: the numbers are its own
  multinomial = function() t(coef(multinom(outcome ~ x1 + x2 + x3 + x4 + x5, d, trace = FALSE, Hess = TRUE, maxit = 1000))),
  logistic = function() coef(glm(treated ~ x1 + x2 + x3 + x4 + x5, binomial, d))
)
seconds <- c()
while (length(seconds) == 0 || (length(seconds) < 3 && min(seconds) < 1)) {
  began <- as.numeric(Sys.time())
  found <- run()
  seconds <- c(seconds, as.numeric(Sys.time()) - began)
}
cat(sprintf('{"seconds": %.6f, "found": [%s]}\n', min(seconds), paste(sprintf("%.12g", as.numeric(found)), collapse = ", ")))
