#!/usr/bin/env bash
# The HTML report in a real browser: report.sh STANCH [FOLDER]
#
# STANCH is the program; screenshots are left in FOLDER, `target/browser` without one. Ends with 1 where the page is not as it should be, and with 77 where
# no browser is to be had.
set -euo pipefail
stanch=$(realpath -- "$1")
folder=${2:-target/browser}
here=$(dirname -- "$(realpath -- "$0")")
for name in chromium chromium-browser google-chrome; do
  browser=$(command -v "$name") && break
done
if [[ -z $browser ]]; then
  echo 'there is no Chromium here'
  exit 77
fi
mkdir -p -- "$folder"
folder=$(realpath -- "$folder")
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
for size in small large; do
  python3 "$here/leaks.py" "$size" "$work/$size"
  # What is not there makes the run incomplete, which the page has to say.
  (cd -- "$work/$size/tree" && "$stanch" scan . no/such/folder --now 2026-01-02T03:04:05Z -f html -o "$work/$size.html") || [[ $? == 1 ]]
done
"$stanch" scan "$work/clean" --now 2026-01-02T03:04:05Z -f html -o "$work/none.html" || [[ $? == 3 ]]
python3 "$here/report.py" "$browser" "$work" "$folder"
