# Numbers of tests/unit/stats/test_kappa.py.    Rscript tests/reference/kappa.R > tests/reference/kappa.json    (R 4.2.2)
# Base R only; the variance is not the closed formula but the delta method with a numerical gradient over the cells.
kappa_w <- function(p, w) { e <- outer(rowSums(p), colSums(p)); (sum(w * p) - sum(w * e)) / (1 - sum(w * e)) }
se_delta <- function(counts, w) { n <- sum(counts); p <- counts / n; h <- 1e-6
  g <- sapply(seq_along(p), function(i) { a <- b <- p; a[i] <- a[i] + h; b[i] <- b[i] - h; (kappa_free(a, w) - kappa_free(b, w)) / (2 * h) })
  sqrt((sum(p * g^2) - sum(p * g)^2) / n) }
kappa_free <- function(p, w) kappa_w(p / sum(p), w)
out <- list(); put <- function(name, ...) out[[name]] <<- unlist(list(...))
both <- function(name, counts, w) put(name, kappa_w(counts / sum(counts), w), se_delta(counts, w))

# Fleiss, Cohen and Everitt (1969): 200 patients, three diagnoses
fce <- matrix(c(106, 10, 4, 22, 28, 10, 2, 12, 6), 3, byrow = TRUE)
fce_w <- matrix(c(1, 0, .4444, 0, 1, .6666, .4444, .6666, 1), 3, byrow = TRUE)
both("fce", fce, diag(3)); both("fce_weighted", fce, fce_w)
grades <- matrix(c(20, 5, 1, 0, 4, 15, 6, 1, 0, 3, 18, 5, 0, 0, 4, 12), 4, byrow = TRUE); d <- abs(row(grades) - col(grades)) / 3
both("grades", grades, diag(4)); both("grades_linear", grades, 1 - d); both("grades_quadratic", grades, 1 - d^2)

# Fleiss' kappa with the jackknife; ten subjects, fourteen raters, five categories
x <- matrix(c(0,0,0,0,14, 0,2,6,4,2, 0,0,3,5,6, 0,3,9,2,0, 2,2,8,1,1, 7,7,0,0,0, 3,2,6,3,0, 2,5,3,2,2, 6,5,2,1,0, 0,2,2,3,7), 10, byrow = TRUE)
fleiss <- function(x) { m <- sum(x[1, ]); po <- mean((rowSums(x^2) - m) / (m * (m - 1))); pe <- sum((colSums(x) / sum(x))^2); (po - pe) / (1 - pe) }
j <- sapply(1:10, function(i) fleiss(x[-i, ])); se <- sqrt(9 / 10 * sum((j - mean(j))^2))
put("fleiss", fleiss(x), se, fleiss(x) + c(-1, 1) * qt(.975, 9) * se)
put("n_mean", Find(function(n) qt(.975, n - 1) * .15 / sqrt(n) <= .05, 2:1000), Find(function(n) qt(.975, n - 1) * .21 / sqrt(n) <= .02, 2:1000))
put("n_limits", Find(function(n) qt(.975, n - 1) * sqrt(3 / n) <= .5, 2:1000), Find(function(n) qt(.975, n - 1) * sqrt(3 / n) <= .34, 2:1000))
number <- function(x) format(x, digits = 17, trim = TRUE)
lines <- mapply(function(k, v) sprintf('  "%s": [%s]', k, paste(sapply(v, number), collapse = ", ")), names(out), out)
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
