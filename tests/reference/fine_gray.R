# Fine–Gray regression by cmprsk::crr, iterated to convergence; writes fine_gray.json beside this script.
# Run from the repository: Rscript tests/reference/fine_gray.R
library(cmprsk)
library(jsonlite)

set.seed(1999)
n <- 200
age <- round(rnorm(n, 42, 13), 1)
treated <- rbinom(n, 1, .5)
score <- round(rgamma(n, 2, .5), 2)
centre <- sample(1:2, n, TRUE)
own <- rexp(n, .05 * exp(.02 * (age - 42) - .5 * treated + .1 * score))
other <- rexp(n, .04 * exp(.03 * (age - 42)))
end <- runif(n, 1, 25) / centre
first <- pmin(own, other, end)
status <- ifelse(first == own, 1, ifelse(first == other, 2, 0))
x <- cbind(age, treated, score)

told <- function(fit) list(
  coef = as.numeric(fit$coef), se = sqrt(diag(fit$var)), var = fit$var,
  p = 2 * pnorm(-abs(fit$coef / sqrt(diag(fit$var)))), loglik = fit$loglik, null = fit$loglik.null
)
cases <- list(x = x, status = status, centre = centre)
for (name in c("continuous", "tied")) {
  time <- if (name == "tied") ceiling(first) else round(first, 3)
  run <- function(...) told(crr(time, status, x, gtol = 1e-13, maxiter = 50, ...))
  cases[[name]] <- list(
    time = time, plain = run(), grouped = run(cengroup = centre), competing = run(failcode = 2)
  )
}
# centre 2 ends with an event, not a censoring, and events of centre 1 happen after it
last <- max(round(first, 3)[centre == 2 & status != 0 & first < 8])
short <- centre == 1 | round(first, 3) <= last
cases$short <- list(time = round(first, 3)[short], rows = which(short) - 1, last = last,
  grouped = told(crr(round(first, 3)[short], status[short], x[short, ], gtol = 1e-13, maxiter = 50,
    cengroup = centre[short])))
write_json(cases, "tests/reference/fine_gray.json", digits = 15, matrix = "rowmajor")
