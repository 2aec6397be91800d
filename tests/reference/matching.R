# Numbers of tests/unit/stats/test_matching.py: the documented rule in plain R loops, no matching package.
# Rscript tests/reference/matching.R ../shared/data/tabular > tests/reference/matching.json     (R 4.2.2)
d <- read.csv(file.path(commandArgs(TRUE)[1], "lalonde.csv")); d$race <- factor(d$race, c("white", "black", "hispan"))
out <- list(); put <- function(name, ...) out[[name]] <<- unlist(list(...))
m <- glm(treat ~ age + educ + race + married + nodegree + re74 + re75, binomial, d, control = glm.control(epsilon = 1e-14, maxit = 100))
p <- unname(fitted(m)); logit <- unname(predict(m)); t <- d$treat == 1

put("naive", mean(d$re78[t]) - mean(d$re78[!t]))
unit <- 2^(floor(log2(sd(logit))) - 30); steps <- round((logit - min(logit)) / unit)   # the documented grid
limit <- round(0.2 * sd(logit) / unit) + 1
exposed <- which(t)
near <- function(i, free) { gap <- abs(steps[free] - steps[i]); k <- which.min(gap); if (length(k) && gap[k] <= limit) free[k] else NA }
greedy <- function(turn, free = which(!t)) { got <- rep(NA, length(t))
  for (i in turn) { j <- near(i, free); if (!is.na(j)) { got[i] <- j; free <- setdiff(free, j) } }
  got[exposed] }
show <- function(name, got) { put(name, ifelse(is.na(got), -1, got - 1))
  kept <- !is.na(got); put(paste0(name, "_effect"), sum(kept), mean(d$re78[exposed[kept]]) - mean(d$re78[got[kept]])) }
put("caliper", 0.2 * sd(logit), 0.2 * sqrt((var(logit[t]) + var(logit[!t])) / 2))
show("largest", greedy(exposed[order(-steps[exposed])]))
show("smallest", greedy(exposed[order(steps[exposed])]))
show("data", greedy(exposed))
show("replace", sapply(exposed, near, free = which(!t)))
g <- abs(outer(steps[exposed], steps[which(!t)], "-")); got <- rep(NA, length(exposed))
repeat { v <- min(g); if (v > limit) break; at <- which(g == v, arr.ind = TRUE); at <- at[order(at[, 1], at[, 2]), , drop = FALSE][1, ]
  got[at[1]] <- which(!t)[at[2]]; g[at[1], ] <- Inf; g[, at[2]] <- Inf }
show("closest", got)

number <- function(x) format(x, digits = 17, trim = TRUE)
lines <- mapply(function(k, v) sprintf('  "%s": [%s]', k, paste(sapply(v, number), collapse = ", ")), names(out), out)
cat("{\n", paste(lines, collapse = ",\n"), "\n}\n", sep = "")
