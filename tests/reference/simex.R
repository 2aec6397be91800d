# SIMEX and regression calibration written out by themselves, in base R with lm, glm and survival::coxph: error added to
# a covariate with known, unequal error SDs, curves followed to -1 by lm and nls, variances as Stefanski and Cook (1995).
# The random numbers are written too, so that another program can use the same ones. (The package simex draws its own.)
# Writes simex.json beside this script. Run from the repository:
# Rscript tests/reference/simex.R
library(survival)
library(jsonlite)
set.seed(20260101)
n <- 60
B <- 24
strengths <- c(0.5, 1, 1.5, 2)
z <- rep(0:1, n / 2)
x <- round(0.4 * z + rnorm(n), 3)
sd <- ifelse(seq_len(n) %% 3 == 0, 0.35, 0.65) # two protocols
w <- round(x + sd * rnorm(n), 3)
y <- round(1 + 0.9 * x + 0.5 * z + rnorm(n), 3)
ill <- rbinom(n, 1, plogis(-0.2 + 1.1 * x + 0.4 * z))
time <- round(rexp(n, exp(0.8 * x + 0.3 * z)) + 0.001, 3)
event <- rbinom(n, 1, 0.8)
noise <- matrix(round(rnorm(B * n), 6), B, n)

models <- list(
  linear = function(v) { f <- lm(y ~ v + z); list(coef(f), diag(vcov(f))) },
  logistic = function(v) {
    f <- glm(ill ~ v + z, family = binomial, epsilon = 1e-14, maxit = 100)
    list(coef(f), diag(vcov(f)))
  },
  cox = function(v) {
    f <- coxph(Surv(time, event) ~ v + z, ties = "efron", control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100))
    list(coef(f), diag(vcov(f)))
  }
)
at <- c(0, strengths)
to_end <- function(values, kind) {
  if (kind == "linear") return(unname(predict(lm(values ~ at), data.frame(at = -1))))
  if (kind == "quadratic") return(unname(predict(lm(values ~ at + I(at^2)), data.frame(at = -1))))
  # a + b s / (1 + u s): least squares over u, with a and b by lm, then a Newton-like polish by nls
  rss <- function(u) { s <- at / (1 + u * at); sum(resid(lm(values ~ s))^2) }
  u <- optimize(rss, c(-0.45, 0.95), tol = 1e-12)$minimum
  start <- coef(lm(values ~ I(at / (1 + u * at))))
  fit <- try(nls(values ~ a + b * at / (1 + u * at), start = list(a = start[[1]], b = start[[2]], u = u),
    control = nls.control(tol = 1e-10, maxiter = 500)), silent = TRUE)
  if (inherits(fit, "try-error")) p <- c(start[[1]], start[[2]], u) else p <- coef(fit)
  unname(p[1] - p[2] / (1 - p[3]))
}

simex <- function(fit) {
  naive <- fit(w)
  theta <- naive[[1]]
  tau <- naive[[2]]
  delta <- 0 * tau
  for (s in strengths) {
    all <- lapply(seq_len(B), function(b) fit(w + sqrt(s) * sd * noise[b, ]))
    values <- sapply(all, `[[`, 1)
    theta <- rbind(theta, rowMeans(values))
    tau <- rbind(tau, rowMeans(sapply(all, `[[`, 2)))
    delta <- rbind(delta, apply(values, 1, var))
  }
  ends <- lapply(c(linear = "linear", quadratic = "quadratic", rational = "rational"), function(kind) list(
    coef = unname(apply(theta, 2, to_end, kind)),
    se = if (kind == "rational") NULL else unname(sqrt(apply(tau - delta, 2, to_end, kind)))
  ))
  c(list(naive = unname(naive[[1]]), curve = unname(theta)), ends)
}

# regression calibration: the expected true value given w and z
first <- lm(w ~ z)
true <- summary(first)$sigma^2 - mean(sd^2)
expected <- fitted(first) + true / (true + sd^2) * resid(first)
write_json(list(
  z = z, sd = sd, w = w, y = y, ill = ill, time = time, event = event, noise = noise, strengths = strengths,
  simex = lapply(models, simex),
  calibration = c(
    list(expected = unname(expected), reliability = 1 - mean(sd^2) / summary(first)$sigma^2),
    lapply(models, function(fit) unname(fit(expected)[[1]]))
  )
), "tests/reference/simex.json", digits = 15, auto_unbox = TRUE)
