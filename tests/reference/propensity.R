# Numbers of tests/unit/stats/test_propensity.py.
# Rscript tests/reference/propensity.R ../shared/data/tabular > tests/reference/propensity.json     (R 4.2.2)
d <- read.csv(file.path(commandArgs(TRUE)[1], "lalonde.csv")); d$race <- factor(d$race, c("white", "black", "hispan"))
out <- list(); put <- function(name, ...) out[[name]] <<- unlist(list(...))
m <- glm(treat ~ age + educ + race + married + nodegree + re74 + re75, binomial, d, control = glm.control(epsilon = 1e-14, maxit = 100))
p <- unname(fitted(m)); logit <- unname(predict(m)); t <- d$treat == 1

rows <- c(1, 2, 100, 185, 186, 400, 614)
put("rows", rows); put("score", p[rows]); put("logit", logit[rows]); put("coef", coef(m))
low <- max(min(p[t]), min(p[!t])); high <- min(max(p[t]), max(p[!t])); inside <- p >= low & p <= high
put("support", low, high, sum(inside & t), sum(inside & !t))
w <- 1 + (seq_len(nrow(d)) %% 3)
put("weighted", fitted(update(m, weights = w))[rows])

number <- function(x) format(x, digits = 17, trim = TRUE)
lines <- mapply(function(k, v) sprintf('  "%s": [%s]', k, paste(sapply(v, number), collapse = ", ")), names(out), out)
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
