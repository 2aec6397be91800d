# Numbers of tests/unit/stats/test_logistic.py.
# Rscript tests/reference/logistic.R ../shared/data/tabular > tests/reference/logistic.json     (R 4.2.2, sandwich, brglm2)
suppressMessages({library(sandwich); library(brglm2)})
d <- read.csv(file.path(commandArgs(TRUE)[1], "lalonde.csv")); d$race <- factor(d$race, c("white", "black", "hispan"))
out <- list(); put <- function(name, ...) out[[name]] <<- unlist(list(...))
tight <- glm.control(epsilon = 1e-14, maxit = 100)

f <- treat ~ age + educ + race + married + nodegree + re74 + re75
m <- glm(f, binomial, d, control = tight); s <- summary(m)$coefficients
put("coef", s[, 1]); put("se", s[, 2]); put("p", s[, 4])
put("loglik", logLik(m), logLik(glm(treat ~ 1, binomial, d, control = tight)))
put("fitted", range(fitted(m)))
put("robust", sqrt(diag(sandwich(m)))); put("hc3", sqrt(diag(vcovHC(m, type = "HC3"))))
cl <- (seq_len(nrow(d)) - 1) %/% 2
put("cluster", sqrt(diag(vcovCL(m, cl, type = "HC0", cadjust = FALSE))))
w <- 1 + (seq_len(nrow(d)) %% 3)
mw <- glm(f, binomial, d, weights = w, control = tight)
put("weighted", coef(mw)); put("weighted_se", summary(mw)$coefficients[, 2]); put("weighted_robust", sqrt(diag(sandwich(mw))))
drop_race <- update(m, . ~ . - race); put("lr_race", 2 * (logLik(m) - logLik(drop_race)), 2, pchisq(2 * as.numeric(logLik(m) - logLik(drop_race)), 2, lower.tail = FALSE))
b <- coef(m)[4:5]; put("wald_race", b %*% solve(vcov(m)[4:5, 4:5]) %*% b)

# Firth: a cohort in which nobody of the exposed group is without the event
set.seed(3); n <- 60
age <- round(rnorm(n), 3); g <- rep(0:1, c(46, 14)); y <- rbinom(n, 1, plogis(-0.6 + 0.5 * age)); y[g == 1] <- 1
put("age", age); put("g", g); put("y", y)
b <- glm(y ~ age + g, binomial, method = "brglmFit", type = "AS_mean", epsilon = 1e-12, maxit = 1000)
put("firth", coef(b)); put("firth_se", summary(b)$coefficients[, 2])
# profile penalised likelihood, logistf's definition, maximised by nlm from many tight restarts
x <- model.matrix(b)
pl <- function(be) { e <- drop(x %*% be); p <- plogis(e); sum(y * e - log1p(exp(e))) + determinant(crossprod(x * sqrt(p * (1 - p))))$modulus / 2 }
score <- function(be) { p <- plogis(drop(x %*% be)); W <- p * (1 - p); h <- W * rowSums((x %*% solve(crossprod(x * sqrt(W)))) * x); drop(t(x) %*% (y - p + h * (.5 - p))) }
at <- function(j, v) { be <- coef(b); be[j] <- v
  for (i in 1:500) { p <- plogis(drop(x %*% be)); I <- crossprod(x * sqrt(p * (1 - p))); u <- score(be); step <- rep(0, 3)
    step[-j] <- solve(I[-j, -j], u[-j]); be <- be + step / max(1, max(abs(step))); if (max(abs(step)) < 1e-13) break }
  as.numeric(pl(be)) }
top <- as.numeric(pl(coef(b))); cut <- qchisq(.95, 1)
lim <- function(j, far) uniroot(function(v) 2 * (top - at(j, v)) - cut, sort(c(coef(b)[j], far)), tol = 1e-12)$root
s <- summary(b)$coefficients[, 2]
put("firth_ci", sapply(1:3, function(j) c(lim(j, coef(b)[j] - 8 * s[j]), lim(j, coef(b)[j] + 8 * s[j]))))
put("firth_p", sapply(1:3, function(j) pchisq(2 * (top - at(j, 0)), 1, lower.tail = FALSE)))
put("firth_loglik", top)
u <- glm(y ~ age, binomial, subset = g == 0, control = tight)  # what maximum likelihood says of age in the limit
put("limit", summary(u)$coefficients[2, 1:2])
row <- (seq_len(n) - 1) %/% 2  # neighbours are a cluster: one of them holds a separated row and another one
put("limit_robust", sqrt(diag(sandwich(u)))[2], sqrt(diag(vcovHC(u, type = "HC3")))[2],
    sqrt(diag(vcovCL(u, row[g == 0], type = "HC0", cadjust = FALSE)))[2])
bl <- glm(f, binomial, d, method = "brglmFit", type = "AS_mean", epsilon = 1e-12, maxit = 1000); put("firth_lalonde", coef(bl))

number <- function(x) format(x, digits = 17, trim = TRUE)
lines <- mapply(function(k, v) sprintf('  "%s": [%s]', k, paste(sapply(v, number), collapse = ", ")), names(out), out)
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
