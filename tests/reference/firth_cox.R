# Firth's penalised Cox regression written out slowly and by itself: the partial likelihood row by row, the
# information by its definition, the maximum by optim without a gradient, limits by uniroot on the profile.
# Writes firth_cox.json beside this script. Run from the repository:
# Rscript tests/reference/firth_cox.R ../shared/data/tabular
library(survival)
library(jsonlite)
tabular <- commandArgs(TRUE)[1]

penalised <- function(b, time, event, x, ties) {
  e <- exp(drop(x %*% b))
  total <- 0
  info <- matrix(0, ncol(x), ncol(x))
  for (at in unique(time[event == 1])) {
    dead <- which(event == 1 & time == at)
    for (k in seq_along(dead)) {
      part <- ifelse(time >= at, 1, 0)
      if (ties == "efron") part[dead] <- 1 - (k - 1) / length(dead)
      p <- part * e / sum(part * e)
      mu <- colSums(p * x)
      centred <- sweep(x, 2, mu)
      info <- info + t(centred) %*% (p * centred)
      total <- total + sum(x[dead[k], ] * b) - log(sum(part * e))
    }
  }
  total + .5 * as.numeric(determinant(info)$modulus)
}

polish <- function(f, start) {
  got <- start
  for (i in 1:8) got <- optim(got, f, method = if (length(got) > 1) "Nelder-Mead" else "BFGS",
    control = list(fnscale = -1, reltol = 1e-15, maxit = 5000))$par
  for (i in 1:4) { # Newton steps on numerical derivatives, as optim stops at the root of the precision
    h <- 1e-4
    k <- length(got)
    at <- function(s) f(got + s)
    unit <- diag(k) * h
    g <- sapply(1:k, function(i) (8 * (at(unit[i, ]) - at(-unit[i, ])) - (at(2 * unit[i, ]) - at(-2 * unit[i, ]))) /
      (12 * h))
    hess <- optimHess(got, f)
    got <- got - solve(hess, g)
  }
  got
}

fit <- function(time, event, x, ties = "breslow") {
  unit <- apply(x, 2, sd)
  z <- sweep(x, 2, unit, "/")
  f <- function(b) penalised(b, time, event, z, ties)
  best <- polish(f, rep(0, ncol(z)))
  top <- f(best)
  low <- high <- stat <- best
  for (j in seq_along(best)) {
    profile <- function(at) {
      if (ncol(z) == 1) return(2 * (top - f(at)))
      g <- function(rest) f(append(rest, at, j - 1))
      rest <- best[-j]
      if (length(rest) == 1) return(2 * (top - optimize(g, rest + c(-6, 6), maximum = TRUE, tol = 1e-12)$objective))
      2 * (top - optim(rest, g, method = "BFGS", control = list(fnscale = -1, reltol = 1e-14))$value)
    }
    fall <- function(at) profile(at) - qchisq(.95, 1)
    low[j] <- uniroot(fall, best[j] + c(-15, 0), tol = 1e-9)$root
    high[j] <- uniroot(fall, best[j] + c(0, 15), tol = 1e-9)$root
    stat[j] <- profile(0)
  }
  list(coef = best / unit, low = low / unit, high = high / unit, statistic = stat,
    p = pchisq(stat, 1, lower.tail = FALSE), loglik = top + sum(log(unit)), null = f(0 * best) + sum(log(unit)))
}

# nobody of the exposed has the event
monotone <- list(
  time = c(2, 3, 3, 5, 6, 7, 8, 8, 9, 11, 12, 14, 4, 6, 8, 9, 10, 13, 14, 15),
  event = c(1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  exposed = rep(0:1, c(12, 8)),
  age = c(61, 45, 52, 38, 44, 29, 50, 35, 33, 47, 31, 40, 36, 58, 42, 30, 49, 27, 55, 39)
)
mx <- cbind(exposed = monotone$exposed, age = monotone$age)
lung <- read.csv(file.path(tabular, "lung.csv"))
lung <- head(lung[complete.cases(lung[, c("time", "status", "age", "sex", "ph.ecog")]), ], 60)
veteran <- head(read.csv(file.path(tabular, "veteran.csv")), 70)
write_json(list(
  monotone = c(monotone, list(
    alone = fit(monotone$time, monotone$event, mx[, 1, drop = FALSE]),
    breslow = fit(monotone$time, monotone$event, mx),
    efron = fit(monotone$time, monotone$event, mx, "efron")
  )),
  lung = list(
    breslow = fit(lung$time, as.numeric(lung$status == max(lung$status)), as.matrix(lung[, c("age", "sex", "ph.ecog")]))
  ),
  veteran = list(
    efron = fit(veteran$time, veteran$status, as.matrix(veteran[, c("karno", "age")]), "efron")
  )
), "tests/reference/firth_cox.json", digits = 15)
