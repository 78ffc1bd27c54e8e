# Makes the reference numbers of tests/test_redflags.py:
#   Rscript tests/reference/accuracy.R tests/reference
# The first table is Walker et al. 2014's lump (1,762 of 3,994 with breast cancer, 132 of 16,873 without); the others are made up.
suppressMessages(suppressWarnings(library(epiR)))
out <- commandArgs(trailingOnly = TRUE)[1]
tables <- rbind(c(1762, 132, 2232, 16741), c(13, 54, 5, 128), c(1, 1, 1, 1), c(3, 997, 2, 99998), c(90, 10, 10, 90), c(7, 3, 1, 400),
                c(2, 60, 30, 5))
measures <- c(se = "sensitivity", sp = "specificity", lr.pos = "lr_positive", lr.neg = "lr_negative", pv.pos = "ppv", pv.neg = "npv")

rows <- list()
for (i in seq_len(nrow(tables))) for (level in c(0.95, 0.8)) {
  found <- epi.tests(tables[i, ], method = "exact", conf.level = level)$detail
  found <- found[match(names(measures), found$statistic), ]
  rows[[length(rows) + 1]] <- data.frame(tp = tables[i, 1], fp = tables[i, 2], fn = tables[i, 3], tn = tables[i, 4], level = level,
                                         measure = measures, estimate = found$est, low = found$lower, high = found$upper)
}
file <- file(file.path(out, "accuracy.csv"), "w")
writeLines(paste0("# R version ", getRversion(), "; epiR ", packageVersion("epiR"),
                  "; epi.tests(c(tp, fp, fn, tn), method = 'exact', conf.level = level)$detail"), file)
write.csv(format(do.call(rbind, rows), digits = 17, trim = TRUE), file, row.names = FALSE, quote = FALSE)
close(file)
