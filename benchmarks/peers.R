# One comparison in R, timed by R itself: Rscript benchmarks/peers.R <comparison> <folder> <runs>
# The folder holds one raw file a column: whole numbers of four bytes (.int) or doubles (.dbl). Prints the seconds of the best run, and writes the answer to answer.csv in the same folder.
arguments <- commandArgs(trailingOnly = TRUE)
comparison <- arguments[1]; folder <- arguments[2]; runs <- as.integer(arguments[3])
suppressMessages(library(survival))
if (comparison == "cuminc") suppressMessages(library(cmprsk))

column <- function(name) {
  path <- file.path(folder, name)
  if (file.exists(paste0(path, ".int"))) readBin(paste0(path, ".int"), integer(), file.size(paste0(path, ".int")) / 4)
  else readBin(paste0(path, ".dbl"), double(), file.size(paste0(path, ".dbl")) / 8)
}
columns <- function(names) as.data.frame(lapply(setNames(names, names), column))
seconds <- function(task) {
  took <- Inf
  for (run in seq_len(runs)) took <- min(took, system.time(answer <<- task())[["elapsed"]])
  took
}
as_terms <- function(fit) data.frame(term = names(coef(fit)), estimate = unname(coef(fit)))
write_answer <- function(frame) {
  write.csv(format(frame, digits = 17, trim = TRUE), file.path(folder, "answer.csv"), row.names = FALSE, quote = FALSE)
}

if (comparison == "kaplan_meier") {  # reading included: R's own format, written beforehand, with the columns needed only
  people <- columns(c("region", "symptom", "diagnosis", "last_seen", "until"))
  people[-1] <- lapply(people[-1], as.Date, origin = "1970-01-01")
  saved <- file.path(folder, "people.rds")
  saveRDS(people, saved, compress = FALSE)
  rm(people)
  took <- seconds(function() {
    people <- readRDS(saved)
    people <- people[!is.na(people$symptom), ]
    people$ended <- !is.na(people$diagnosis)
    end <- ifelse(people$ended, people$diagnosis, pmin(people$last_seen, people$until))
    people$days <- end - as.numeric(people$symptom)
    survfit(Surv(days, ended) ~ region, people, conf.type = "log-log")
  })
  region <- rep(as.integer(sub("region=", "", names(answer$strata))), answer$strata)
  result <- data.frame(region, day = answer$time, estimate = answer$surv, low = answer$lower, high = answer$upper)
} else if (comparison %in% c("survfit", "cuminc")) {
  people <- columns(c("days", "cause"))
  if (comparison == "survfit") {
    people$cause <- factor(people$cause, 0:2)
    took <- seconds(function() survfit(Surv(days, cause) ~ 1, people))
    result <- data.frame(day = answer$time, estimate = answer$pstate[, 2], se = answer$std.err[, 2])
  } else {
    took <- seconds(function() cuminc(people$days, people$cause))
    at <- timepoints(answer, sort(unique(people$days)))
    result <- data.frame(day = as.numeric(colnames(at$est)), estimate = at$est[1, ], se = sqrt(at$var[1, ]))
  }
} else if (comparison == "interval") {
  people <- columns(c("lower", "upper"))
  left <- ifelse(people$lower == 0, NA, people$lower); right <- ifelse(is.infinite(people$upper), NA, people$upper)
  took <- seconds(function() survreg(Surv(left, right, type = "interval2") ~ 1, dist = "lognormal"))
  result <- data.frame(term = c("mu", "sigma"), estimate = c(unname(coef(answer)), answer$scale))
} else if (comparison == "aft") {
  people <- columns(c("days", "ended", "symptom"))
  people$symptom <- factor(people$symptom)
  took <- seconds(function() survreg(Surv(days, ended) ~ symptom, people, dist = "lognormal"))
  result <- as_terms(answer)
} else if (comparison == "cox") {
  people <- columns(c("days", "ended", "stage", "detection", "decade"))
  for (name in c("stage", "detection", "decade")) people[[name]] <- factor(people[[name]])
  took <- seconds(function() coxph(Surv(days, ended) ~ stage + detection + decade, people))
  result <- as_terms(answer)
}
write_answer(result)
cat("seconds", took, "\n")
