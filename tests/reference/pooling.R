# Makes the reference numbers of tests/test_pooling.py and tests/test_heterogeneity.py:
#   Rscript tests/reference/pooling.R tests/reference
# The studies are invented. rma() iterates to 1e-14 here, not to its usual 1e-5. The exact method is fitted twice: by glmer,
# with 25 adaptive points and a narrow bobyqa, and by maximising the likelihood integrated with integrate(), study by study;
# rma.glmm's heterogeneity test and its t and prediction intervals are formed from the latter.
suppressMessages({library(metafor); library(lme4)})
out <- commandArgs(trailingOnly = TRUE)[1]
made <- paste0("# R version ", getRversion(), "; metafor ", packageVersion("metafor"), "; lme4 ", packageVersion("lme4"), "; numDeriv ",
               packageVersion("numDeriv"), "; ")

write <- function(frame, name, call) {
  file <- file(file.path(out, paste0(name, ".csv")), "w")
  writeLines(paste0(made, call), file)
  write.csv(format(frame, digits = 17, trim = TRUE), file, row.names = FALSE, quote = FALSE)
  close(file)
}

sets <- list(
  ordinary = data.frame(x = c(12, 31, 7, 44, 19, 26, 9, 58), n = c(104, 187, 91, 402, 98, 310, 45, 377)),
  sparse = data.frame(x = c(0, 1, 0, 3, 2, 0, 5, 1, 0, 4), n = c(25, 40, 18, 61, 33, 52, 47, 90, 12, 38)),
  alike = data.frame(x = c(20, 41, 29, 52, 61, 30), n = c(100, 200, 150, 250, 310, 149)),
  apart = data.frame(x = c(3, 88, 140, 12, 250, 61, 9), n = c(120, 110, 600, 14, 290, 640, 75)),
  two = data.frame(x = c(14, 52), n = c(160, 231)),
  registry = data.frame(x = c(11873, 13904, 4402, 57, 21), n = c(221094, 239618, 87310, 861, 402)),
  edges = data.frame(x = c(30, 17, 40, 22, 11), n = c(30, 19, 44, 22, 16))
)
studies <- do.call(rbind, lapply(names(sets), function(set) cbind(set = set, study = seq_len(nrow(sets[[set]])), sets[[set]])))
write(studies, "pooling_studies", "invented")

# --- normal-normal on the logit
rows <- list()
for (set in names(sets)) for (method in c("REML", "PM", "DL", "EE")) for (test in c("z", "knha", "adhoc")) for (level in c(95, 90)) {
  if (method == "EE" && test != "z") next
  fit <- rma(measure = "PLO", xi = x, ni = n, data = sets[[set]], method = method, test = test, add = 0.5, to = "only0", level = level,
             control = list(threshold = 1e-14, maxiter = 10000, tol = 1e-14, tau2.max = 1000))
  pooled <- predict(fit, transf = transf.ilogit, pi.type = "riley")
  spread <- if (method == "EE") c(NA, NA) else confint(fit, control = list(tol = 1e-14, tau2.max = 1000))$random["tau^2", c("ci.lb", "ci.ub")]
  predicted <- if (method == "EE" || fit$k < 3) c(NA, NA) else c(pooled$pi.lb, pooled$pi.ub)
  rows[[length(rows) + 1]] <- data.frame(set = set, tau2_method = method, test = test, level = level / 100, share = pooled$pred,
    low = pooled$ci.lb, high = pooled$ci.ub, tau2 = fit$tau2, tau2_low = spread[1], tau2_high = spread[2], i2 = fit$I2 / 100,
    q = fit$QE, df = fit$k - 1, p = fit$QEp, prediction_low = predicted[1], prediction_high = predicted[2])
}
write(do.call(rbind, rows), "pooling", "rma(measure = 'PLO', to = 'only0'), predict(pi.type = 'riley'), confint()")

rows <- list()
for (set in names(sets)) {
  fit <- rma(measure = "PLO", xi = x, ni = n, data = sets[[set]], method = "REML", add = 0.5, to = "only0",
             control = list(threshold = 1e-14, maxiter = 10000))
  rows[[set]] <- data.frame(set = set, study = seq_len(fit$k), weight = weights(fit))
}
write(do.call(rbind, rows), "pooling_weights", "weights(rma(measure = 'PLO', method = 'REML'))")

fit <- rma(measure = "PLO", xi = x, ni = n, data = sets$ordinary, method = "REML", test = "knha",
           control = list(threshold = 1e-14, maxiter = 10000))
left <- leave1out(fit, transf = transf.ilogit)
write(data.frame(left_out = seq_len(fit$k), share = left$estimate, low = left$ci.lb, high = left$ci.ub, tau2 = left$tau2, q = left$Q),
      "pooling_leave1out", "leave1out(rma(measure = 'PLO', method = 'REML', test = 'knha'), transf = transf.ilogit)")

# --- binomial-normal
chance <- function(x, n, mu, tau) {
  if (tau == 0) return(dbinom(x, n, plogis(mu), log = TRUE))
  height <- function(z) dbinom(x, n, plogis(mu + tau * z), log = TRUE) + dnorm(z, log = TRUE)
  top <- optimize(height, c(-12, 12), maximum = TRUE, tol = 1e-10)
  width <- 1 / sqrt(1 + n * plogis(mu + tau * top$maximum) * (1 - plogis(mu + tau * top$maximum)) * tau^2)
  part <- function(from, to) integrate(function(u) exp(height(top$maximum + width * u) - top$objective), from, to, rel.tol = 1e-12,
                                       subdivisions = 2000, stop.on.error = FALSE)$value
  top$objective + log(width) + log(part(-40, -4) + part(-4, 0) + part(0, 4) + part(4, 40))
}
rows <- list()
for (set in names(sets)) {
  data <- sets[[set]]; data$study <- factor(seq_len(nrow(data))); k <- nrow(data)
  minus <- function(par) -sum(mapply(chance, data$x, data$n, par[1], abs(par[2])))
  fit <- suppressMessages(suppressWarnings(glmer(cbind(x, n - x) ~ 1 + (1 | study), data, binomial, nAGQ = 25,
    control = glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5)))))
  start <- c(fixef(fit), max(sqrt(VarCorr(fit)$study[1]), 0))
  flat <- start[2] < 1e-4
  if (flat) {
    mu <- qlogis(sum(data$x) / sum(data$n)); tau <- 0; se <- 1 / sqrt(sum(data$n) * plogis(mu) * (1 - plogis(mu)))
    best <- minus(c(mu, 0))
  } else {
    # Newton steps on Richardson's derivatives, from where glmer stopped
    par <- start
    for (step in 1:4) par <- par - solve(numDeriv::hessian(minus, par), numDeriv::grad(minus, par))
    mu <- par[1]; tau <- par[2]; se <- sqrt(solve(numDeriv::hessian(minus, par))[1, 1]); best <- minus(par)
  }
  general <- suppressWarnings(tryCatch(rma.glmm(measure = "PLO", xi = x, ni = n, data = data), error = function(e) NULL))
  alone <- with(data, sum(dbinom(x, n, x / n, log = TRUE)) - sum(dbinom(x, n, sum(x) / sum(n), log = TRUE)))
  for (level in c(0.95, 0.9)) for (test in c("z", "t")) {
    reach <- if (test == "z") qnorm((1 + level) / 2) else qt((1 + level) / 2, k - 1)
    wide <- if (k < 3) NA else qt((1 + level) / 2, k - 2) * sqrt(tau^2 + se^2)
    rows[[length(rows) + 1]] <- data.frame(set = set, test = test, level = level, share = plogis(mu), low = plogis(mu - reach * se),
      high = plogis(mu + reach * se), tau2 = tau^2, q = 2 * alone, df = k - 1, p = pchisq(2 * alone, k - 1, lower.tail = FALSE),
      prediction_low = plogis(mu - wide), prediction_high = plogis(mu + wide), logit = mu, se = se, loglik = -best,
      glmer_share = plogis(fixef(fit)), glmer_tau2 = VarCorr(fit)$study[1], glmer_se = sqrt(vcov(fit)[1, 1]),
      glmm_q = if (is.null(general)) NA else general$QE.LRT)
  }
}
write(do.call(rbind, rows), "pooling_exact", "likelihood by integrate(), Newton by numDeriv; glmer(nAGQ = 25); rma.glmm()$QE.LRT")
