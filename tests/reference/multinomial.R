# Numbers of tests/unit/stats/test_multinomial.py.
# Rscript tests/reference/multinomial.R ../shared/data/tabular > tests/reference/multinomial.json     (R 4.2.2, nnet, brglm2)
# multinom() stops at reltol 1e-8 by default; here at 1e-15, and columns are scaled so that its BFGS gets there. What it
# reaches is then polished by two Newton steps written out below, as BFGS alone ends some 1e-6 away.
suppressMessages({library(nnet); library(brglm2)})
out <- list(); put <- function(name, ...) out[[name]] <<- unlist(list(...))
polish <- function(x, y, b, w = rep(1, nrow(x)), steps = 4) { k <- ncol(y) - 1; p <- ncol(x)
  for (i in seq_len(steps + 1)) { e <- exp(cbind(0, x %*% t(b))); P <- e / rowSums(e); g <- H <- NULL
    H <- matrix(0, k * p, k * p); g <- rep(0, k * p)
    for (j in 1:k) { r <- (j - 1) * p + 1:p; g[r] <- t(x) %*% (w * (y[, j + 1] - P[, j + 1]))
      for (m in 1:k) H[r, (m - 1) * p + 1:p] <- t(x) %*% (x * (w * P[, j + 1] * ((j == m) - P[, m + 1]))) }
    if (i <= steps) b <- b + matrix(solve(H, g), k, p, byrow = TRUE) }
  list(b = b, se = matrix(sqrt(diag(solve(H))), k, p, byrow = TRUE), ll = sum(w * y * log(P))) }

d <- read.csv(file.path(commandArgs(TRUE)[1], "anes96.csv"), sep = "\t", quote = "'")
d$logpopul <- log(d$popul + 0.1); d$PID <- factor(d$PID)
f <- PID ~ logpopul + selfLR + age + educ + income
m <- multinom(f, transform(d, age = age / 10, income = income / 10), trace = FALSE, maxit = 5000, reltol = 1e-15, abstol = 1e-15)
put("multinom", t(coef(m)) / c(1, 1, 1, 10, 1, 10)); put("multinom_loglik", logLik(m))
x <- model.matrix(f, d); y <- class.ind(d$PID); q <- polish(x, y, t(t(coef(m)) / c(1, 1, 1, 10, 1, 10)))
put("coef", t(q$b)); put("se", t(q$se)); put("loglik", q$ll)
for (t in c("logpopul", "selfLR", "age", "educ", "income")) {
  k <- colnames(x) != t; r <- polish(x[, k], y, 0 * q$b[, k], steps = 25)
  put(paste0("lr_", t), 2 * (q$ll - r$ll), 6, pchisq(2 * (q$ll - r$ll), 6, lower.tail = FALSE)) }

set.seed(8); n <- 300; w <- 1 + (seq_len(n) %% 3)
s <- data.frame(it = rbinom(n, 1, .5), sledai = round(rnorm(n, 15, 5)), drug = sample(0:2, n, TRUE))
e <- exp(cbind(0, .3 + .5 * s$it - .02 * s$sledai, -.2 + .9 * s$it + .01 * s$sledai - .4 * (s$drug == 1)))
s$out <- apply(e / rowSums(e), 1, function(p) sample(0:2, 1, prob = p))
for (v in names(s)) put(v, s[[v]])
m <- multinom(out ~ it + sledai + factor(drug), s, weights = w, trace = FALSE, maxit = 5000, reltol = 1e-15)
put("simulated_multinom", t(coef(m)))
q <- polish(model.matrix(m), class.ind(factor(s$out)), coef(m), w); put("simulated_coef", t(q$b)); put("simulated_se", t(q$se)); put("simulated_loglik", q$ll)

# Firth: nobody treated has outcome 2. brglm2 gives estimates and errors; limits are of the profile penalised likelihood,
# written out here and maximised by BFGS: its value is flat at the maximum, so that limits are right to 1e-7
s$out[s$out == 2 & s$it == 1] <- 1; put("firth_out", s$out)
b <- brmultinom(factor(out) ~ it + sledai, s, type = "AS_mean", epsilon = 1e-12, maxit = 10000)
put("firth_coef", t(coef(b))); se <- matrix(sqrt(diag(vcov(b))), 2, 3, byrow = TRUE); put("firth_se", t(se))
x <- model.matrix(~ it + scale(sledai), s); y <- class.ind(s$out)
pl <- function(v) { B <- matrix(v, 2, 3, byrow = TRUE); e <- exp(cbind(0, x %*% t(B))); P <- e / rowSums(e); H <- matrix(0, 6, 6)
  for (j in 1:2) for (m in 1:2) H[(j - 1) * 3 + 1:3, (m - 1) * 3 + 1:3] <- t(x) %*% (x * (P[, j + 1] * ((j == m) - P[, m + 1])))
  sum(y * log(P)) + as.numeric(determinant(H)$modulus) / 2 }
best <- function(fixed, at) { free <- setdiff(1:6, fixed); v <- rep(0, 6); v[fixed] <- at
  go <- function(u) { v[free] <- u; -pl(v) }; u <- rep(0, length(free))
  for (i in 1:4) u <- optim(u, go, method = "BFGS", control = list(reltol = 1e-15, maxit = 1000, ndeps = rep(1e-5, length(free))))$par
  -go(u) }
top <- best(integer(0), numeric(0)); fall <- function(fixed, at) 2 * (top - best(fixed, at))
lim <- function(j, side) uniroot(function(v) fall(j, v) - qchisq(.95, 1), side, tol = 1e-10)$root
put("firth_ci_it", lim(2, c(-2, 1.3)), lim(2, c(1.3, 5)), lim(5, c(-15, -3.9)), lim(5, c(-3.9, 0)))
put("firth_p_it", sapply(c(2, 5), function(j) pchisq(fall(j, 0), 1, lower.tail = FALSE)))
put("firth_term_it", fall(c(2, 5), c(0, 0)))

number <- function(x) format(x, digits = 17, trim = TRUE)
lines <- mapply(function(k, v) sprintf('  "%s": [%s]', k, paste(sapply(v, number), collapse = ", ")), names(out), out)
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
