# Makes the reference numbers of tests/test_curves.py and tests/test_summaries.py:
#   Rscript tests/reference/curves.R tests/reference
# Data that may be shipped: two small cohorts made here by a linear congruential generator written out below, so
# that no seed of R matters: one with heavy ties, one with delayed entry and competing ends. (lung and lupus are read from
# lifelines by the tests; their numbers are made here from the CSVs that tests/reference/inputs.py writes.)
library(survival)
out <- commandArgs(trailingOnly = TRUE)[1]
made <- paste0("# R version ", getRversion(), "; survival ", packageVersion("survival"), "; ")

write <- function(frame, name, call) {
  file <- file(file.path(out, paste0(name, ".csv")), "w")
  writeLines(paste0(made, call), file)
  write.csv(format(frame, digits = 17, trim = TRUE), file, row.names = FALSE, quote = FALSE)
  close(file)
}

curve <- function(fit) {
  s <- summary(fit, censored = TRUE)
  frame <- data.frame(day = s$time, at_risk = s$n.risk, events = s$n.event, estimate = s$surv, se = s$std.err,
                      low = s$lower, high = s$upper)
  if (!is.null(s$strata)) frame <- cbind(group = sub(".*=", "", s$strata), frame)
  frame
}

kinds <- c("log-log" = "log-log", "log" = "log", "plain" = "plain", "arcsine-sqrt" = "arcsin", "logit" = "logit")
for (data in c("lung", "lupus", "ties", "entry")) {
  people <- read.csv(file.path(out, paste0("input_", data, ".csv")))
  people <- people[rep(seq_len(nrow(people)), people$n), ]
  if (data == "entry") people$time <- Surv(people$entry, people$end, people$ended) else people$time <- Surv(people$end, people$ended)
  for (band in names(kinds)) {
    if (band != "log-log" && data != "lung") next
    fit <- survfit(time ~ group, people, conf.type = kinds[[band]])
    write(curve(fit), paste0("km_", data, "_", band), paste0("survfit(time ~ group, conf.type = '", kinds[[band]], "')"))
  }
  fit <- survfit(time ~ group, people, conf.type = "log-log")
  probabilities <- c(0, 0.1, 0.25, 0.5, 0.75, 0.9, 1)
  q <- quantile(fit, probabilities)
  groups <- sub(".*=", "", rownames(q$quantile))
  write(data.frame(group = rep(groups, each = length(probabilities)), q = rep(probabilities, length(groups)),
                   days = c(t(q$quantile)), low = c(t(q$lower)), high = c(t(q$upper))),
        paste0("quantiles_", data), "quantile(survfit(time ~ group, conf.type = 'log-log'), probabilities)")
  if (data != "entry") {
    test <- survdiff(time ~ group, people)
    peto <- survdiff(time ~ group, people, rho = 1)
    write(data.frame(statistic = test$chisq, df = length(test$n) - 1, p = test$pvalue, peto_statistic = peto$chisq),
          paste0("logrank_", data), "survdiff(time ~ group); survdiff(time ~ group, rho = 1)")
  } else {
    # No log-rank test with delayed entry in R; without ties it is the score test of Cox's model.
    people$untied <- people$end + seq_len(nrow(people)) / 1000
    score <- summary(coxph(Surv(entry, untied, ended) ~ group, people))$sctest
    write(data.frame(statistic = score[["test"]], df = score[["df"]], p = score[["pvalue"]]), "logrank_entry",
          "end = end + row / 1000; summary(coxph(Surv(entry, end, ended) ~ group))$sctest")
  }
}

people <- read.csv(file.path(out, "input_competing.csv"))
people <- people[rep(seq_len(nrow(people)), people$n), ]
people$cause <- factor(people$cause, c("censored", "death", "diagnosis"))
people$id <- seq_len(nrow(people))
fit <- survfit(Surv(end, cause) ~ group, people, conf.type = "log-log")
s <- summary(fit, censored = TRUE)
frame <- do.call(rbind, lapply(c("death", "diagnosis"), function(cause) {
  k <- match(cause, fit$states)
  data.frame(group = sub(".*=", "", s$strata), cause = cause, day = s$time, at_risk = s$n.risk[, 1], estimate = s$pstate[, k],
             se = s$std.err[, k], low = s$lower[, k], high = s$upper[, k])
}))
write(frame, "cif_competing", "survfit(Surv(end, cause) ~ group, conf.type = 'log-log')")
