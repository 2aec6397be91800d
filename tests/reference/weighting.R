# Numbers of tests/unit/stats/test_weighting.py.
# Rscript tests/reference/weighting.R ../shared/data/tabular > tests/reference/weighting.json     (R 4.2.2)
d <- read.csv(file.path(commandArgs(TRUE)[1], "lalonde.csv")); d$race <- factor(d$race, c("white", "black", "hispan"))
out <- list(); put <- function(name, ...) out[[name]] <<- unlist(list(...))
m <- glm(treat ~ age + educ + race + married + nodegree + re74 + re75, binomial, d, control = glm.control(epsilon = 1e-14, maxit = 100))
p <- unname(fitted(m)); logit <- unname(predict(m)); t <- d$treat == 1

rows <- c(1, 2, 100, 185, 186, 400, 614); share <- mean(t)
ate <- ifelse(t, 1 / p, 1 / (1 - p)); att <- ifelse(t, 1, p / (1 - p)); atc <- ifelse(t, (1 - p) / p, 1); ato <- ifelse(t, 1 - p, p)
show <- function(name, w) put(name, w[rows], sum(w[t])^2 / sum(w[t]^2), sum(w[!t])^2 / sum(w[!t]^2), max(w),
  weighted.mean(d$re78[t], w[t]) - weighted.mean(d$re78[!t], w[!t]))
put("rows", rows); put("score", p); show("ATE", ate); show("ATT", att); show("ATC", atc); show("ATO", ato)
show("ATE_stabilised", ate * ifelse(t, share, 1 - share)); show("ATT_stabilised", att * ifelse(t, 1, (1 - share) / share))
show("ATC_stabilised", atc * ifelse(t, share / (1 - share), 1))
cut <- function(w, rows) { q <- quantile(w[rows], c(.05, .95)); w[rows] <- pmin(pmax(w[rows], q[1]), q[2]); w }
show("ATE_trimmed", cut(ate, rep(TRUE, length(t)))); show("ATT_trimmed", cut(att, !t)); show("ATC_trimmed", cut(atc, t))
# overlap weights of a logistic score make the means of its covariates exactly equal (Li 2018, theorem 3)
put("balanced", sapply(c("age", "educ", "re74", "re75"), function(v) weighted.mean(d[t, v], ato[t])))

number <- function(x) format(x, digits = 17, trim = TRUE)
lines <- mapply(function(k, v) sprintf('  "%s": [%s]', k, paste(sapply(v, number), collapse = ", ")), names(out), out)
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
