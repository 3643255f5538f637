#!/usr/bin/env bash
# How much memory `stanch trace` takes at most for a small log and a large one, where few lines hold a token and where each does.
#
#   benches/trace-memory.sh [FOLDER]
#
# FOLDER is where the logs are written; without it, into one that is removed at the end.
#
#   STANCH   the stanch to measure  [target/release/stanch]
#   SMALL    megabytes of the small log  [100]
#   TIMES    how many times as large the large one is  [20]
#
# The peak is what Linux says of the process (VmHWM), asked every twentieth of a second.
set -euo pipefail

STANCH=${STANCH-target/release/stanch} SMALL=${SMALL-100} TIMES=${TIMES-20}
if [[ $# -gt 0 ]]; then
  folder=$1
else
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
fi

token=made-up-value-of-no-provider-0001
printf '%s\n' "$token" > "$folder/token"
written() {
  awk -v size="$SMALL" -v each="$1" -v token="$token" 'BEGIN {
    srand(7)
    while (bytes < size * 1000000) {
      path = "/api/v1/items/" int(rand() * 1000000)
      if (n++ % each == 0) path = path "?access_token=" token
      line = sprintf("198.51.%d.%d - - [%02d/Jan/2026:%02d:%02d:%02d +0000] \"GET %s HTTP/1.1\" 200 %d \"-\" \"agent-%d/1.0\"", int(rand() * 256), int(rand() * 256), 1 + int(n / 40000) % 28, int(rand() * 24), int(rand() * 60), int(rand() * 60), path, int(rand() * 90000), int(rand() * 1000))
      print line; bytes += length(line) + 1
    }
  }'
}
peak() {
  local most=0 now
  "$STANCH" trace "$1" --token-from "$folder/token" --leaked-at 2026-01-20T00:00:00Z -f json > /dev/null &
  local process=$!
  while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$process/status" 2> /dev/null) && [[ -n $now ]]; do
    most=$now
    sleep 0.05
  done
  wait "$process" || [[ $? -ne 2 ]]
  awk "BEGIN { printf \"%.0f MB\", $most / 1000 }"
}

printf '| a token on | %s MB | %s MB |\n|---|---|---|\n' "$SMALL" $((SMALL * TIMES))
for each in 10000 1; do
  written "$each" > "$folder/small.log"
  for ((n = 0; n < TIMES; n++)); do cat "$folder/small.log"; done > "$folder/large.log"
  name="one line in $each"
  [[ $each -eq 1 ]] && name='every line'
  printf '| %s | %s | %s |\n' "$name" "$(peak "$folder/small.log")" "$(peak "$folder/large.log")"
  rm "$folder/small.log" "$folder/large.log"
done
