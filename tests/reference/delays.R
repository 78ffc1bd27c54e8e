# Makes the reference numbers of tests/test_delays.py:
#   Rscript tests/reference/delays.R tests/reference
# Two routes: survreg for exact, right- and interval-censored delays, and the likelihood written out here, with R's
# distribution functions and integrate() for the windows, for what survreg cannot do. Parameters and covariances are on
# the natural scale of firstsign.families. survreg's log-likelihood is that of the days, not of their logs.
library(survival)
out <- commandArgs(trailingOnly = TRUE)[1]
made <- paste0("# R version ", getRversion(), "; survival ", packageVersion("survival"), "; ")

write <- function(frame, name, call) {
  file <- file(file.path(out, paste0(name, ".csv")), "w")
  writeLines(paste0(made, call), file)
  write.csv(format(frame, digits = 17, trim = TRUE), file, row.names = FALSE, quote = FALSE)
  close(file)
}

# --- survreg
people <- read.csv(file.path(out, "input_delays.csv"))
people <- people[rep(seq_len(nrow(people)), people$n), ]
left <- ifelse(people$lower == 0, NA, people$lower)
right <- ifelse(is.infinite(people$upper), NA, people$upper)
rows <- list()
for (family in c("exponential", "weibull", "lognormal", "loglogistic")) {
  fit <- survreg(Surv(left, right, type = "interval2") ~ 1, dist = family,
                 control = survreg.control(maxiter = 200, rel.tolerance = 1e-14, toler.chol = 1e-14))
  mu <- unname(coef(fit)); sigma <- fit$scale; v <- unname(vcov(fit))
  if (family == "exponential") {
    estimate <- c(exp(mu), NA); slope <- matrix(exp(mu)); cov <- slope %*% v[1, 1] %*% slope
    cov <- matrix(c(cov, NA, NA, NA), 2)
  } else {
    # v is of (mu, log sigma)
    if (family == "lognormal") { estimate <- c(mu, sigma); slope <- diag(c(1, sigma)) }
    else { estimate <- c(1 / sigma, exp(mu)); slope <- matrix(c(0, exp(mu), -1 / sigma, 0), 2) }
    cov <- slope %*% v %*% t(slope)
  }
  rows[[family]] <- data.frame(family = family, first = estimate[1], second = estimate[2], loglik = fit$loglik[2],
                               var_first = cov[1, 1], cov = cov[1, 2], var_second = cov[2, 2])
}
write(do.call(rbind, rows), "delays_survreg", "survreg(Surv(lower, upper, type = 'interval2') ~ 1, dist = family)")

# --- survreg with covariates; scale by sex through strata(), the same model as a coefficient of log sigma
people <- read.csv(file.path(out, "input_covariates.csv"))
people <- people[rep(seq_len(nrow(people)), people$n), ]
left <- ifelse(people$lower == 0, NA, people$lower)
right <- ifelse(is.infinite(people$upper), NA, people$upper)
control <- survreg.control(maxiter = 200, rel.tolerance = 1e-14, toler.chol = 1e-14)
rows <- list()
for (family in c("exponential", "weibull", "lognormal", "loglogistic")) for (scale in c("one", "by sex")) {
  if (family == "exponential" && scale == "by sex") next
  terms <- if (scale == "one") Surv(left, right, type = "interval2") ~ sex + age
           else Surv(left, right, type = "interval2") ~ sex + age + strata(sex)
  fit <- survreg(terms, people, dist = family, control = control)
  rows[[paste(family, scale)]] <- data.frame(family = family, scale = scale, term = names(coef(fit)),
    estimate = unname(coef(fit)), se = sqrt(diag(vcov(fit)))[seq_along(coef(fit))],
    sigma_first = fit$scale[[1]], sigma_last = fit$scale[[length(fit$scale)]], loglik = fit$loglik[2])
}
write(do.call(rbind, rows), "delays_covariates", "survreg(Surv(lower, upper, type = 'interval2') ~ sex + age [+ strata(sex)], dist = family)")

# --- the likelihood written out: [G(upper) - G(lower)] / [G(limit) - G(entry)]
prentice <- function(t, p) { k <- p[3]^-2; list(k = k, u = k * exp(p[3] * (log(t) - p[1]) / p[2])) }
families <- list(
  weibull = list(cdf = function(t, p) pweibull(t, p[1], p[2]), pdf = function(t, p) dweibull(t, p[1], p[2]),
                 positive = c(TRUE, TRUE), start = c(1, 40)),
  lognormal = list(cdf = function(t, p) plnorm(t, p[1], p[2]), pdf = function(t, p) dlnorm(t, p[1], p[2]),
                   positive = c(FALSE, TRUE), start = c(3.4, 1)),
  gamma = list(cdf = function(t, p) pgamma(t, p[1], scale = p[2]), pdf = function(t, p) dgamma(t, p[1], scale = p[2]),
               positive = c(TRUE, TRUE), start = c(1, 40)),
  generalized_gamma = list(
    cdf = function(t, p) { g <- prentice(t, p); pgamma(g$u, g$k, lower.tail = p[3] > 0) },
    pdf = function(t, p) {
      g <- prentice(t, p)
      exp(log(abs(p[3])) - log(p[2] * t) - lgamma(g$k) + g$k * log(g$u) - g$u)
    },
    positive = c(FALSE, TRUE, FALSE), start = c(3.4, 1, 0.8)))

ended <- function(day, window, family, p) {   # G
  if (day <= 0) return(0)
  if (is.infinite(day)) return(1)
  if (window == 0) return(family$cdf(day, p))
  integrate(function(t) family$cdf(t, p), max(0, day - window), day, rel.tol = 1e-11, subdivisions = 1000)$value / window
}

loglik <- function(rows, family, p) {
  of_row <- function(lower, upper, window, entry, limit) {
    top <- if (lower == upper) family$pdf(lower, p)
           else ended(upper, window, family, p) - ended(lower, window, family, p)
    log(top) - log(ended(limit, window, family, p) - ended(entry, window, family, p))
  }
  sum(rows$n * mapply(of_row, rows$lower, rows$upper, rows$window, rows$entry, rows$limit))
}

maximum <- function(rows, family) {
  natural <- function(x) ifelse(family$positive, exp(x), x)
  loss <- function(x) -loglik(rows, family, natural(x))
  x <- ifelse(family$positive, log(family$start), family$start)
  x <- optim(x, loss, control = list(reltol = 1e-10, maxit = 5000))$par
  best <- nlminb(x, loss, control = list(rel.tol = 1e-14, x.tol = 1e-9))
  c(natural(best$par), loglik = -best$objective)
}

simple <- read.csv(file.path(out, "input_delays.csv"))
simple$window <- 0; simple$entry <- 0; simple$limit <- Inf
observed <- read.csv(file.path(out, "input_observed.csv"))
rows <- list()
for (data in c("delays", "observed")) for (name in names(families)) {
  if (data == "delays" && name %in% c("weibull", "lognormal")) next
  found <- maximum(if (data == "delays") simple else observed, families[[name]])
  rows[[paste(data, name)]] <- data.frame(data = data, family = name, first = found[[1]], second = found[[2]],
    third = if (length(found) == 4) found[[3]] else NA, loglik = found[["loglik"]])
}
write(do.call(rbind, rows), "delays_direct", "nlminb() of the log-likelihood written out in delays.R, windows by integrate()")

points <- list(weibull = c(0.6, 50), lognormal = c(3.2, 1.4), gamma = c(0.5, 80), generalized_gamma = c(3, 1.5, -0.4))
rows <- lapply(names(points), function(name) {
  p <- points[[name]]
  data.frame(family = name, first = p[1], second = p[2], third = p[3], loglik = loglik(observed, families[[name]], p))
})
write(do.call(rbind, rows), "delays_loglik", "sum of the log-likelihood written out in delays.R, at given parameters")
