# Numbers of tests/unit/stats/test_balance.py: lalonde before and after weighting for the treated.
# Rscript tests/reference/balance.R ../shared/data/tabular > tests/reference/balance.json     (R 4.2.2, survey)
suppressMessages(library(survey))
d <- read.csv(file.path(commandArgs(TRUE)[1], "lalonde.csv")); d$race <- factor(d$race, c("white", "black", "hispan"))
out <- list(); put <- function(name, ...) out[[name]] <<- unlist(list(...))
m <- glm(treat ~ age + educ + race + married + nodegree + re74 + re75, binomial, d, control = glm.control(epsilon = 1e-14, maxit = 100))
p <- unname(fitted(m)); logit <- unname(predict(m)); t <- d$treat == 1

w <- ifelse(t, 1, p / (1 - p)); put("score", p)
s1 <- svydesign(~1, weights = w[t], data = d[t, ]); s0 <- svydesign(~1, weights = w[!t], data = d[!t, ])
means <- function(f) c(coef(svymean(f, s1)), coef(svymean(f, s0)))
scales <- list(full_cohort_sd = function(x) sd(x), pooled_sd = function(x) sqrt((var(x[t]) + var(x[!t])) / 2),
  treated_sd = function(x) sd(x[t]), control_sd = function(x) sd(x[!t]))
binomial_sd <- list(full_cohort_sd = function(x) sqrt(mean(x) * (1 - mean(x))),
  pooled_sd = function(x) sqrt((mean(x[t]) * (1 - mean(x[t])) + mean(x[!t]) * (1 - mean(x[!t]))) / 2),
  treated_sd = function(x) sqrt(mean(x[t]) * (1 - mean(x[t]))), control_sd = function(x) sqrt(mean(x[!t]) * (1 - mean(x[!t]))))
cov1 <- function(p) diag(p) - p %o% p
levels1 <- cbind(d$race == "black", d$race == "hispan") + 0
nominal_cov <- list(full_cohort_sd = cov1(colMeans(levels1)), pooled_sd = (cov1(colMeans(levels1[t, ])) + cov1(colMeans(levels1[!t, ]))) / 2,
  treated_sd = cov1(colMeans(levels1[t, ])), control_sd = cov1(colMeans(levels1[!t, ])))
apart <- colMeans(levels1[t, ]) - colMeans(levels1[!t, ]); m2 <- means(~I(race == "black") + I(race == "hispan"))
after <- m2[c(2, 4)] - m2[c(6, 8)]
for (k in names(scales)) {
  for (v in c("age", "re74")) { b <- means(as.formula(paste0("~", v)))
    put(paste(v, k), (mean(d[t, v]) - mean(d[!t, v])) / scales[[k]](d[, v]), (b[1] - b[2]) / scales[[k]](d[, v])) }
  b <- means(~married); put(paste("married", k), (mean(d$married[t]) - mean(d$married[!t])) / binomial_sd[[k]](d$married), (b[1] - b[2]) / binomial_sd[[k]](d$married))
  put(paste("race", k), sqrt(apart %*% solve(nominal_cov[[k]], apart)), sqrt(after %*% solve(nominal_cov[[k]], after)))
}
put("ratio age before", var(d$age[t]) / var(d$age[!t]))

number <- function(x) format(x, digits = 17, trim = TRUE)
lines <- mapply(function(k, v) sprintf('  "%s": [%s]', k, paste(sapply(v, number), collapse = ", ")), names(out), out)
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
