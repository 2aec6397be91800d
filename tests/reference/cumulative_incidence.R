# Cumulative incidence and Gray's test by cmprsk::cuminc; writes cumulative_incidence.json beside this script.
# Run from the repository: Rscript tests/reference/cumulative_incidence.R
library(cmprsk)
library(jsonlite)

set.seed(20230)
n <- 160
group <- sample(c("a", "b", "c"), n, TRUE, c(.4, .4, .2))
stratum <- sample(1:3, n, TRUE)
rate <- c(a = .10, b = .05, c = .08)[group]
own <- rexp(n, rate)
other <- rexp(n, .06)
end <- runif(n, 2, 25)
first <- pmin(own, other, end)
status <- ifelse(first == own, 1, ifelse(first == other, 2, 0))

curves <- function(fit, level = .95) {
  fit <- fit[names(fit) != "Tests"]
  lapply(fit, function(curve) {
    at <- c(0, .5, 1, 2, 3, 5, 7.5, 10, 15, 20)
    at <- at[at <= max(curve$time)]
    got <- timepoints(list(x = curve), at)
    est <- as.numeric(got$est)
    var <- as.numeric(got$var)
    z <- qnorm((1 + level) / 2)
    half <- z * sqrt(var) / (est * log(est))
    list(time = at, est = est, var = var, low = est^exp(-half), high = est^exp(half))
  })
}

cases <- list()
for (name in c("continuous", "tied")) {
  time <- if (name == "tied") ceiling(first) else round(first, 3)
  overall <- cuminc(time, status)
  fit <- cuminc(time, status, group)
  stratified <- cuminc(time, status, group, strata = stratum)
  two <- group != "c"
  pair <- cuminc(time[two], status[two], group[two])
  weighted <- cuminc(time, status, group, rho = 1)
  cases[[name]] <- list(
    time = time, status = status, group = group, stratum = stratum,
    overall = curves(overall)[["1 1"]], competing = curves(overall)[["1 2"]],
    groups = curves(fit)[c("a 1", "b 1", "c 1")],
    tests = fit$Tests, stratified = stratified$Tests, pair = pair$Tests, weighted = weighted$Tests
  )
}
write_json(cases, "tests/reference/cumulative_incidence.json", digits = 15, na = "null", matrix = "rowmajor")
