# Ask sundgraf from R, without packages: Rscript ask.R [address of the service]
given <- commandArgs(trailingOnly = TRUE)
service <- if (length(given) > 0) given[1] else "http://127.0.0.1:8000"

ask <- function(path, ...) {
  parameters <- c(list(...), format = "csv")
  pairs <- paste0(names(parameters), "=", vapply(parameters, URLencode, "", reserved = TRUE))
  read.csv(url(paste0(service, path, "?", paste(pairs, collapse = "&"))), encoding = "UTF-8")
}

print(head(ask("/ask/lacking-in-region", region = "pl-0004"), 3))
print(ask("/sparql", query = "SELECT ?s { ?s a <https://w3id.org/sundgraf/def/Solution> } ORDER BY ?s LIMIT 3"))
