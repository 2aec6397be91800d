# Numbers of tests/unit/stats/test_{regression,design,power}.py.
# Rscript tests/reference/regression.R ../shared/data/tabular > tests/reference/regression.json
# R 4.2.2, sandwich, emmeans
suppressMessages({library(sandwich); library(emmeans)})
d <- read.csv(file.path(commandArgs(TRUE)[1], "lalonde.csv"))
d$race <- factor(d$race, c("white", "black", "hispan"))
out <- list(); put <- function(name, ...) out[[name]] <<- unlist(list(...))

f <- re78 ~ treat + age + educ + race + married + nodegree + re74 + re75
m <- lm(f, d); s <- summary(m)
put("naive", coef(lm(re78 ~ treat, d))[2])
put("coef", coef(m)); put("se", s$coefficients[, 2]); put("p", s$coefficients[, 4]); put("ci", t(confint(m)))
put("fit", s$sigma, s$df[2], s$r.squared, s$adj.r.squared)
se3 <- sqrt(diag(vcovHC(m, "HC3"))); put("hc3", se3); put("p_hc3", 2 * pt(-abs(coef(m) / se3), s$df[2]))
w <- 0.5 + (seq_len(nrow(d)) %% 7) / 3
mw <- lm(f, d, weights = w); put("weighted_coef", coef(mw)); put("weighted_se", summary(mw)$coefficients[, 2])
put("weighted_hc3", sqrt(diag(vcovHC(mw, "HC3"))))
cl <- (seq_len(nrow(d)) - 1) %/% 2
put("clustered", sqrt(diag(vcovCL(m, cl)))); put("weighted_clustered", sqrt(diag(vcovCL(mw, cl))))
put("p_clustered", 2 * pt(-abs(coef(m) / sqrt(diag(vcovCL(m, cl)))), s$df[2]))

bp <- summary(lm(resid(m)^2 ~ model.matrix(m)[, -1]))$r.squared * nrow(d)
put("breusch_pagan", bp, s$df[1] - 1, pchisq(bp, s$df[1] - 1, lower.tail = FALSE))
st <- shapiro.test(resid(m)); put("shapiro", st$statistic, st$p.value)
ck <- cooks.distance(m); put("cook", max(ck), which.max(ck) - 1)
put("leverage", range(hatvalues(m)))
x <- model.matrix(m)[, -1]; put("vif", diag(solve(cor(x))))
put("qq", range(rstandard(m)))

# contrasts of race, adjusted: joint model (Tukey, Holm) and one model per pair
g <- emmeans(m, "race"); for (a in c("tukey", "holm", "none")) {
  q <- as.data.frame(summary(contrast(g, "pairwise", adjust = a), infer = TRUE))
  put(paste0("joint_", a), as.vector(t(as.matrix(q[, c("estimate", "SE", "lower.CL", "upper.CL", "p.value")]))))
}
n <- table(d$race); v <- c(-1, n["black"] / (n["black"] + n["hispan"]), n["hispan"] / (n["black"] + n["hispan"]))
q <- as.data.frame(summary(contrast(g, list(merged = v)), infer = TRUE)); put("joint_merged", as.numeric(q[1, c("estimate", "SE", "p.value")]))
subset_fit <- function(rows, high) {
  e <- d[rows, ]; e$high <- as.numeric(e$race %in% high)
  m <- lm(re78 ~ high + treat + age + educ + married + nodegree + re74 + re75, e)
  c(coef(m)[2], confint(m)[2, ], summary(m)$coefficients[2, 4], sqrt(vcovHC(m, "HC3")[2, 2]), nrow(e))
}
put("subset_black_white", subset_fit(d$race != "hispan", "black"))
put("subset_merged", subset_fit(rep(TRUE, nrow(d)), c("black", "hispan")))

mde <- function(df) uniroot(function(nc) { c <- qt(.975, df); 1 - pt(c, df, nc) + pt(-c, df, nc) - .8 }, c(1, 6), tol = 1e-12)$root
put("mde", mde(20), mde(149)); put("mde605", mde(605)); put("mde38", mde(38) * sqrt(2 / 20), power.t.test(n = 20, power = .8, strict = TRUE, tol = 1e-10)$delta)
wilson <- function(x, n) prop.test(x, n, correct = FALSE)$conf.int
put("wilson", wilson(47, 1000), wilson(3, 40))

number <- function(x) format(x, digits = 17, trim = TRUE)
lines <- mapply(function(k, v) sprintf('  "%s": [%s]', k, paste(sapply(v, number), collapse = ", ")), names(out), out)
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
