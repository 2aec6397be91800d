# Numbers of tests/unit/stats/test_paired.py.    Rscript tests/reference/paired.R > tests/reference/paired.json    (R 4.2.2)
before <- c(310, 280, 255, 190, 330, 240, 205, 275, 300, 220, 265, 350)
after <- c(180, 175, 161, 197, 155, 222, 190, 146, 210, 171, 139, 203)
tied_before <- c(5, 7, 7, 9, 4, 6, 8, 5, 7, 10, 3, 6, 9); tied_after <- c(4, 7, 5, 6, 5, 4, 8, 3, 7, 5, 2, 7, 5)
other_before <- c(260, 215, 305, 240, 198, 270); other_after <- c(214, 203, 280, 161, 190, 188)
out <- list(); put <- function(name, ...) out[[name]] <<- unlist(list(...))
w <- wilcox.test(after, before, paired = TRUE, conf.int = TRUE); put("exact", w$statistic, w$p.value, w$estimate, w$conf.int)
w <- suppressWarnings(wilcox.test(tied_after, tied_before, paired = TRUE)); put("cc", w$statistic, w$p.value)
w <- suppressWarnings(wilcox.test(tied_after, tied_before, paired = TRUE, correct = FALSE)); put("nocc", w$statistic, w$p.value)
set.seed(5); b49 <- round(rnorm(49, 200, 40), 4); a49 <- round(b49 - rnorm(49, 10, 30), 4); put("b49", b49); put("a49", a49)
w <- wilcox.test(a49, b49, paired = TRUE); put("exact49", w$statistic, w$p.value)
t <- t.test(after, before, paired = TRUE); put("t", t$statistic, t$parameter, t$p.value, t$conf.int)
w <- wilcox.test(after - before, other_after - other_before, conf.int = TRUE); put("between", w$statistic, w$p.value, w$estimate, w$conf.int)
d <- data.frame(a = c(other_after, after), b = c(other_before, before), g = rep(0:1, c(6, 12)))
m <- lm(a ~ g + b, d); put("ancova", coef(m)[2], confint(m)[2, ], summary(m)$coefficients[2, 4])

# Rubin's rules with Barnard and Rubin's df, as printed in van Buuren (2018), section 2.3, formulas 2.16 to 2.31
rubin <- function(q, u, complete) { m <- length(q); b <- var(q); w <- mean(u); t <- w + (1 + 1 / m) * b; lambda <- (1 + 1 / m) * b / t
  old <- (m - 1) / lambda^2; obs <- (complete + 1) / (complete + 3) * complete * (1 - lambda); df <- old * obs / (old + obs)
  r <- (1 + 1 / m) * b / w; c(mean(q), t, df, (r + 2 / (df + 3)) / (1 + r), 2 * pt(-abs(mean(q) / sqrt(t)), df), mean(q) + c(-1, 1) * qt(.975, df) * sqrt(t)) }
put("rubin", rubin(c(.52, .61, .40, .55, .47), c(.041, .038, .044, .040, .043), 380))

number <- function(x) format(x, digits = 17, trim = TRUE)
lines <- mapply(function(k, v) sprintf('  "%s": [%s]', k, paste(sapply(v, number), collapse = ", ")), names(out), out)
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
