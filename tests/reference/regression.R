# Makes the reference numbers of tests/test_regression.py, test_subdistribution.py and test_quantile_regressions.py:
#   Rscript tests/reference/regression.R tests/reference
# from the input_*.csv that tests/reference/inputs.py writes. Terms have the names that formulaic gives them.
suppressMessages({library(survival); library(cmprsk); library(quantreg)})
out <- commandArgs(trailingOnly = TRUE)[1]
made <- paste0("# R version ", getRversion(), "; survival ", packageVersion("survival"), "; cmprsk ",
               packageVersion("cmprsk"), "; quantreg ", packageVersion("quantreg"), "; ")

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

term <- function(names) sub("^(sex|stage|group)(.+)$", "\\1[T.\\2]", sub("(Intercept)", "Intercept", names, fixed = TRUE))

people <- people_of("patients")
people$ended <- people$cause == "diagnosis"
cases <- list(
  ties = list(data = people_of("ties"), formula = Surv(end, ended) ~ group),
  entry = list(data = people_of("entry"), formula = Surv(entry, end, ended) ~ group),
  patients = list(data = people, formula = Surv(entry, end, ended) ~ sex + stage + age))

# --- Cox. coxph stops when the log-likelihood settles; begun again from where it stopped, it takes the steps that are left.
rows <- checks <- list()
for (name in names(cases)) for (ties in c("efron", "breslow")) {
  fit <- coxph(cases[[name]]$formula, cases[[name]]$data, ties = ties)
  null <- fit$loglik[1]
  for (again in 1:2) fit <- coxph(cases[[name]]$formula, cases[[name]]$data, ties = ties, init = coef(fit))
  se <- sqrt(diag(vcov(fit)))
  rows[[length(rows) + 1]] <- data.frame(
    data = name, ties = ties, term = term(names(coef(fit))), estimate = coef(fit), se = se,
    p = summary(fit)$coefficients[, "Pr(>|z|)"], loglik = fit$loglik[2], loglik_null = null)
  for (transform in c("km", "identity")) {
    table <- cox.zph(fit, transform)$table
    checks[[length(checks) + 1]] <- data.frame(data = name, ties = ties, transform = transform, term = sub("GLOBAL", "all", rownames(table)),
                                               statistic = table[, "chisq"], df = table[, "df"], p = table[, "p"])
  }
}
write(do.call(rbind, rows), "cox", "coxph(Surv(entry, end, ended) ~ terms, ties = ties, init = coef(coxph(...)))")
write(do.call(rbind, checks), "cox_zph", "cox.zph(coxph(...), transform)$table")

# --- accelerated failure times
rows <- list()
for (family in c("exponential", "weibull", "lognormal", "loglogistic")) {
  fit <- survreg(Surv(exact, ended) ~ sex + stage + age, people, dist = family,
                 control = survreg.control(maxiter = 200, rel.tolerance = 1e-14, toler.chol = 1e-14))
  rows[[family]] <- data.frame(family = family, term = term(names(coef(fit))), estimate = coef(fit),
                               se = sqrt(diag(vcov(fit)))[seq_along(coef(fit))], loglik = fit$loglik[2])
}
write(do.call(rbind, rows), "aft", "survreg(Surv(exact, ended) ~ sex + stage + age, dist = family)")

# --- Fine and Gray
rows <- list()
for (cause in c("diagnosis", "death")) for (name in c("competing", "patients")) {
  data <- people_of(name)
  x <- model.matrix(if (name == "competing") ~ group else ~ sex + stage + age, data)[, -1, drop = FALSE]
  fit <- crr(data$end, data$cause, x, failcode = cause, cencode = "censored", gtol = 1e-12, maxiter = 50)
  rows[[length(rows) + 1]] <- data.frame(data = name, cause = cause, term = term(colnames(x)), estimate = fit$coef,
                                         se = sqrt(diag(fit$var)), loglik = fit$loglik, loglik_null = fit$loglik.null)
}
write(do.call(rbind, rows), "fine_gray", "crr(end, cause, x, failcode = cause, cencode = 'censored', gtol = 1e-12)")

# --- quantiles, of the diagnosed alone and of all
rows <- list()
for (q in c(0.26, 0.51, 0.9)) {  # at which one line only is best
  fit <- summary(rq(exact ~ sex + stage + age, q, people, subset = ended), se = "ker")$coefficients
  rows[[length(rows) + 1]] <- data.frame(q = q, term = term(rownames(fit)), estimate = fit[, 1], se = fit[, 2])
}
write(do.call(rbind, rows), "quantile_regression", "summary(rq(exact ~ sex + stage + age, q, subset = ended), se = 'ker')")
# crq reads a quantile off between those of its grid, so the grid is a fine one.
fit <- crq(Surv(exact, ended) ~ sex + stage + age, data = people, method = "Portnoy", grid = seq(5e-4, 0.8, 5e-4))
rows <- lapply(c(0.25, 0.5, 0.7), function(q) {
  at <- coef(fit, q)
  data.frame(q = q, term = term(names(at)), estimate = at)
})
write(do.call(rbind, rows), "quantile_regression_censored",
      "coef(crq(Surv(exact, ended) ~ sex + stage + age, method = 'Portnoy', grid = seq(5e-4, 0.8, 5e-4)), q)")
