# Makes the reference numbers of tests/test_hazards.py, test_interval_censoring.py, test_right_truncation.py,
# test_restricted_means.py and test_gray.py:
#   Rscript tests/reference/nonparametric.R tests/reference
# from the input_*.csv that tests/reference/inputs.py writes.
suppressMessages({library(survival); library(cmprsk)})
out <- commandArgs(trailingOnly = TRUE)[1]
made <- paste0("# R version ", getRversion(), "; survival ", packageVersion("survival"), "; cmprsk ",
               packageVersion("cmprsk"), "; ")

write <- function(frame, name, call) {
  file <- file(file.path(out, paste0(name, ".csv")), "w")
  writeLines(paste0(made, call), file)
  write.csv(format(frame, digits = 17, trim = TRUE), file, row.names = FALSE, quote = FALSE)
  close(file)
}

people_of <- function(data) {
  people <- read.csv(file.path(out, paste0("input_", data, ".csv")))
  people[rep(seq_len(nrow(people)), people$n), ]
}

groups_of <- function(fit) rep(sub(".*=", "", names(fit$strata)), fit$strata)

# --- cumulative hazard and restricted means
for (data in c("ties", "entry", "lung")) {
  people <- people_of(data)
  if (data == "entry") people$time <- Surv(people$entry, people$end, people$ended) else people$time <- Surv(people$end, people$ended)
  fit <- survfit(time ~ group, people)
  write(data.frame(group = groups_of(fit), day = fit$time, at_risk = fit$n.risk, events = fit$n.event, estimate = fit$cumhaz,
                   se = fit$std.chaz), paste0("cumhaz_", data), "survfit(time ~ group)$cumhaz, $std.chaz")
  rows <- list()
  for (until in c(10, 19, if (data == "lung") c(300, 700))) {
    table <- summary(fit, rmean = until)$table
    rows[[length(rows) + 1]] <- data.frame(group = sub(".*=", "", rownames(table)), until = until, mean_days = table[, "rmean"],
                                           se = table[, "se(rmean)"])
  }
  write(do.call(rbind, rows), paste0("rmean_", data), "summary(survfit(time ~ group), rmean = until)$table")
}

# --- Turnbull. R stops when no share moves by more than 5e-5, and its Aitken steps can set a share to 0 that self-consistency
# cannot bring back (it then stops below the maximum). Here the same function goes on to 1e-12 without them.
turnbull <- survival:::survfitTurnbull
text <- sub("if (TRUE)", "if (FALSE)", sub("5e-05", "1e-12", deparse(turnbull), fixed = TRUE), fixed = TRUE)
stopifnot(any(grepl("1e-12", text, fixed = TRUE)), sum(grepl("if (FALSE)", text, fixed = TRUE)) == 2)
turnbull <- eval(parse(text = text), envir = asNamespace("survival"))
people <- people_of("visits")
left <- ifelse(people$lower == 0 & people$upper > 0, NA, people$lower)
right <- ifelse(is.infinite(people$upper), NA, people$upper)
fit <- turnbull(factor(people$group), Surv(left, right, type = "interval2"), rep(1, nrow(people)), se.fit = FALSE)
write(data.frame(group = rep(names(fit$strata), fit$strata), day = fit$time, estimate = fit$surv), "turnbull_visits",
      "survival:::survfitTurnbull(group, Surv(left, right, type = 'interval2')), 5e-05 set to 1e-12, no Aitken steps")

# --- right truncation: days counted backwards, entering just before the day of the limit
people <- people_of("retrospective")
last <- max(people$limit)
fit <- survfit(Surv(last - limit - 0.5, last - end, rep(1, nrow(people))) ~ group, people, conf.type = "log-log")
frame <- data.frame(group = groups_of(fit), day = last - fit$time, at_risk = fit$n.risk, events = fit$n.event, gone_before = fit$surv,
                    se = fit$surv * fit$std.err, low = fit$lower, high = fit$upper)
write(frame[order(frame$group, frame$day), ], "reverse_retrospective",
      "survfit(Surv(last - limit - 0.5, last - end, 1) ~ group, conf.type = 'log-log')")

# --- Gray's test
rows <- list()
for (data in c("competing", "causes")) {
  people <- people_of(data)
  tests <- cuminc(people$end, people$cause, people$group, cencode = "censored")$Tests
  rows[[data]] <- data.frame(data = data, cause = rownames(tests), statistic = tests[, "stat"], df = tests[, "df"], p = tests[, "pv"])
}
write(do.call(rbind, rows), "gray", "cuminc(end, cause, group, cencode = 'censored')$Tests")
