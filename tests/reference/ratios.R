# Makes the reference numbers of tests/test_ratios.py and tests/test_trends.py:
#   Rscript tests/reference/ratios.R tests/reference
suppressMessages(library(epiR))
out <- commandArgs(trailingOnly = TRUE)[1]
made <- paste0("# R version ", getRversion(), "; epiR ", packageVersion("epiR"), "; ")

write <- function(frame, name, call) {
  file <- file(file.path(out, paste0(name, ".csv")), "w")
  writeLines(paste0(made, call), file)
  write.csv(format(frame, digits = 17, trim = TRUE), file, row.names = FALSE, quote = FALSE)
  close(file)
}

tables <- list(c(30, 70, 20, 80), c(1762, 132, 2232, 16741), c(8, 2, 4, 6), c(1, 9, 5, 45), c(0, 10, 5, 5), c(3, 0, 1, 4), c(12, 188, 30, 170))
rows <- NULL
for (cells in tables) for (level in c(0.9, 0.95)) {
  table <- matrix(cells, 2, byrow = TRUE)
  fisher <- fisher.test(table, conf.level = level)
  large <- rep(NA, 6)
  if (all(cells > 0)) {
    found <- epi.2by2(as.table(table), method = "cohort.count", conf.level = level)$massoc.detail
    large <- c(unlist(found$RR.strata.wald), unlist(found$OR.strata.wald))
  }
  rows <- rbind(rows, data.frame(a = cells[1], b = cells[2], c = cells[3], d = cells[4], level = level,
    exact = fisher$estimate, exact_low = fisher$conf.int[1], exact_high = fisher$conf.int[2], exact_p = fisher$p.value,
    risk = large[1], risk_low = large[2], risk_high = large[3], odds = large[4], odds_low = large[5], odds_high = large[6]))
}
write(rows, "ratios", "fisher.test; epi.2by2(method = \"cohort.count\")$massoc.detail$RR.strata.wald, $OR.strata.wald")

trends <- list(list(x = c(83, 90, 129, 70), n = c(86, 93, 136, 82), s = 1:4), list(x = c(1, 3, 6), n = c(10, 10, 10), s = c(0, 1, 3)),
               list(x = c(0, 2), n = c(40, 50), s = 1:2), list(x = c(500, 400, 450), n = c(10000, 9000, 8000), s = c(10, 20, 40)))
rows <- NULL
for (case in seq_along(trends)) {
  one <- trends[[case]]
  test <- prop.trend.test(one$x, one$n, one$s)
  whole <- suppressWarnings(prop.test(one$x, one$n, correct = FALSE))
  rows <- rbind(rows, data.frame(case = case, x = one$x, n = one$n, score = one$s, chi2 = test$statistic, p = test$p.value, all = whole$statistic))
}
write(rows, "trends", "prop.trend.test(x, n, score); prop.test(x, n, correct = FALSE)$statistic")
