#!/bin/sh
# Make what the pages take from npm, where node and npm are; else say what there will be instead. Never fails.
set -u
cd "$(dirname "$0")" || exit 0
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
  echo "No node and npm here: /sparql shows its plain form, and the checks of pages that need node are skipped."
  exit 0
fi
echo "Making the SPARQL editor (service/web) ..."
if npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null 2>&1 && node build.mjs; then
  exit 0
fi
echo "The editor could not be made here (try: cd service/web && npm ci && node build.mjs); /sparql shows its plain form."
exit 0
