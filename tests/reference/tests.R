# Numbers of tests/unit/stats/test_{tests,ranks,crosstabs,fisher,normality,multiplicity,describe}.py.
# Rscript tests/reference/tests.R > tests/reference/tests.json      (R 4.2.2; base only)
a <- c(6.1, 7.4, 5.2, 8.8, 9.1, 4.7, 6.6, 7.9)
b <- c(5.0, 4.1, 6.3, 3.9, 5.8, 4.4, 7.1)
c3 <- c(8.2, 9.9, 7.7, 10.4, 6.9, 8.1)
ties_a <- c(1, 2, 2, 3, 4, 4, 4, 6, 7, 9); ties_b <- c(2, 3, 3, 5, 6, 6, 8, 9, 9, 10, 12)
skewed <- c(0.1, 0.2, 0.2, 0.4, 0.9, 1.3, 2.8, 6.5, 14.2, 30.1)

out <- list()
put <- function(name, ...) out[[name]] <<- unlist(list(...))
tt <- function(x) c(x$statistic, x$parameter, x$p.value, x$conf.int, x$stderr)
put("student", tt(t.test(a, b, var.equal = TRUE)))
put("welch", tt(t.test(a, b)))
f <- oneway.test(y ~ g, data.frame(y = c(a, b, c3), g = rep(1:3, c(8, 7, 6))), var.equal = TRUE)
put("anova", f$statistic, f$parameter, f$p.value)
f <- oneway.test(y ~ g, data.frame(y = c(a, b, c3), g = rep(1:3, c(8, 7, 6))))
put("welch_anova", f$statistic, f$parameter, f$p.value)
w <- wilcox.test(a, b, conf.int = TRUE); put("mw_exact", w$statistic, w$p.value, w$estimate, w$conf.int)
w <- suppressWarnings(wilcox.test(ties_a, ties_b)); put("mw_cc", w$statistic, w$p.value)
w <- suppressWarnings(wilcox.test(ties_a, ties_b, correct = FALSE)); put("mw_nocc", w$statistic, w$p.value)
k <- kruskal.test(list(ties_a, ties_b, c(1, 1, 2, 5))); put("kruskal", k$statistic, k$parameter, k$p.value)
set.seed(7); u <- round(rnorm(49), 6); v <- round(rnorm(48, 0.6), 6)
put("u", u); put("v", v); w <- wilcox.test(u, v); put("mw_exact_49_48", w$statistic, w$p.value)

m <- matrix(c(12, 24, 176, 162), 2, byrow = TRUE)
near <- matrix(c(10, 11, 11, 10), 2, byrow = TRUE)  # |O - E| = 0.5
nearer <- matrix(c(10, 10, 11, 11), 2, byrow = TRUE)  # |O - E| = 0
small <- matrix(c(3, 1, 2, 9), 2, byrow = TRUE)
zero <- matrix(c(0, 5, 8, 6), 2, byrow = TRUE)
big <- matrix(c(20, 25, 15, 20, 10, 12, 40, 35, 30, 22, 5, 12, 72, 68), ncol = 2, byrow = TRUE)
square <- matrix(c(1, 2, 3, 4, 4, 3, 2, 1, 2, 5, 2, 1, 3, 0, 0, 6), 4, byrow = TRUE)
chi <- function(m, ...) { x <- suppressWarnings(chisq.test(m, ...)); c(x$statistic, x$parameter, x$p.value) }
put("pearson", chi(m, correct = FALSE)); put("yates", chi(m)); put("yates_near", chi(near)); put("yates_nearer", chi(nearer))
put("pearson_big", chi(big))
n <- sum(m); x2 <- chi(m, correct = FALSE)[1] * (n - 1) / n
put("n_minus_1", x2, 1, pchisq(x2, 1, lower.tail = FALSE))
for (name in c("small", "zero", "m")) put(paste0("fisher_", name), fisher.test(get(name))$p.value)
put("fisher_big", fisher.test(big, workspace = 2e7)$p.value); put("fisher_square", fisher.test(square, workspace = 2e7)$p.value)
# conditional odds ratio with a tight tolerance (fisher.test stops at 1.2e-4): the same equations, solved to 1e-14
conditional <- function(t) {
  m <- sum(t[, 1]); n <- sum(t[, 2]); k <- sum(t[1, ]); x <- t[1, 1]; s <- max(0, k - n):min(k, m)
  d <- function(lor) { l <- dhyper(s, m, n, k, log = TRUE) + s * lor; p <- exp(l - max(l)); p / sum(p) }
  root <- function(f) uniroot(f, c(-30, 30), tol = 1e-14)$root
  c(if (x > min(s) && x < max(s)) root(function(l) sum(s * d(l)) - x) else NA,
    if (x > min(s)) root(function(l) sum(d(l)[s >= x]) - 0.025) else NA,
    if (x < max(s)) root(function(l) sum(d(l)[s <= x]) - 0.025) else NA)
}
put("or_small", conditional(small)); put("or_zero", conditional(zero)); put("or_m", conditional(m))
ft <- fisher.test(small); put("or_small_fisher_test", log(ft$estimate), log(ft$conf.int))

s <- shapiro.test(skewed); put("shapiro_skewed", s$statistic, s$p.value)
s <- shapiro.test(a); put("shapiro_a", s$statistic, s$p.value)
s <- shapiro.test(u); put("shapiro_u", s$statistic, s$p.value)
g <- function(x) { n <- length(x); m <- function(k) mean((x - mean(x))^k)  # Joanes and Gill 1998, type 2
  c(m(3) / m(2)^1.5 * sqrt(n * (n - 1)) / (n - 2), ((n + 1) * (m(4) / m(2)^2 - 3) + 6) * (n - 1) / ((n - 2) * (n - 3))) }
put("shape_skewed", g(skewed))
q <- qqnorm(skewed, plot.it = FALSE); put("qq", sort(q$x))
q <- qqnorm(u, plot.it = FALSE); put("qq_u", sort(q$x))
put("quantile7", quantile(skewed, c(.5, .25, .75, .1, .9))); put("quantile6", quantile(skewed, c(.5, .25, .75, .1, .9), type = 6))
weights <- c(1, 2, .5, 1, 1, 3, 1, .2, 1, 2)
put("cov_wt", cov.wt(matrix(skewed), weights / sum(weights))$cov, weighted.mean(skewed, weights))
p <- c(0.001, 0.04, 0.03, 0.2, 0.011, 0.9, 0.03)
put("holm", p.adjust(p, "holm")); put("bh", p.adjust(p, "BH")); put("bonferroni", p.adjust(p, "bonferroni"))
put("tukey", ptukey(abs(c(0.4, 1.9, 2.6, 4.2)) * sqrt(2), 3, 149, lower.tail = FALSE))
put("qtukey", qtukey(.95, 3, 149) / sqrt(2))

number <- function(x) ifelse(is.na(x), "null", ifelse(is.infinite(x), ifelse(x > 0, "1e999", "-1e999"), format(x, digits = 17, trim = TRUE)))
lines <- mapply(function(k, v) sprintf('  "%s": [%s]', k, paste(sapply(v, number), collapse = ", ")), names(out), out)
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
