#!/usr/bin/env bash
# Times `stanch trace` over plain log for many tokens at once, beside a search for fixed strings that parses nothing.
#
#   benches/trace.sh [FOLDER]
#
# FOLDER is where the log and the tokens are written; without it, into one that is removed at the end.
#
#   STANCH   the stanch to measure  [target/release/stanch]
#   SIZE     megabytes of log  [2000]
#   TOKENS   how many tokens  [1000]
#   RUNS     counted runs of each, in turn, after one that is not counted  [3]
#
# Tokens are made up: no rule knows them. One line in ten thousand holds one.
set -euo pipefail

STANCH=${STANCH-target/release/stanch} SIZE=${SIZE-2000} TOKENS=${TOKENS-1000} RUNS=${RUNS-3}
if [[ $# -gt 0 ]]; then
  folder=$1
else
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
fi
log=$folder/access.log tokens=$folder/tokens

if [[ ! -e $log ]]; then
  awk -v size="$SIZE" -v count="$TOKENS" -v tokens="$tokens" 'BEGIN {
    srand(7); alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for (n = 0; n < count; n++) {
      token = "tst_"; for (i = 0; i < 36; i++) token = token substr(alphabet, int(rand() * 62) + 1, 1)
      made[n] = token; print token > tokens
    }
    part = size * 1000000 / 20
    while (bytes < part) {
      path = "/api/v1/items/" int(rand() * 1000000)
      if (rand() < 0.0001) path = path "?access_token=" made[int(rand() * count)]
      # A part is a day, from its first second to its last.
      at = int(bytes / part * 86400)
      line = sprintf("198.51.%d.%d - - [@@/Jan/2026:%02d:%02d:%02d +0000] \"GET %s HTTP/1.1\" 200 %d \"https://www.example.com/list?page=%d\" \"Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0\"", int(rand() * 256), int(rand() * 256), int(at / 3600), int(at / 60) % 60, at % 60, path, int(rand() * 90000), int(rand() * 100))
      print line; bytes += length(line) + 1
    }
  }' > "$log.part"
  for day in {01..20}; do sed "s/@@/$day/" "$log.part"; done > "$log"
  rm "$log.part"
fi

bytes=$(stat -c %s "$log")
measure() {
  local name=$1; shift
  local best=
  for ((run = 0; run <= RUNS; run++)); do
    local before after seconds
    before=$(date +%s%N)
    # 3: nobody says when the tokens leaked, so the logs cannot tell.
    "$@" > "$folder/out" || [[ $? -eq 3 ]]
    after=$(date +%s%N)
    seconds=$(awk "BEGIN { print ($after - $before) / 1e9 }")
    [[ $run -eq 0 ]] && continue
    if [[ -z $best ]] || awk "BEGIN { exit !($seconds < $best) }"; then best=$seconds; fi
  done
  awk "BEGIN { printf \"| %s | %.2f s | %.2f GB/s |\n\", \"$name\", $best, $bytes / $best / 1e9 }"
}

printf '| %s tokens, %s bytes | best of %s | speed |\n|---|---|---|\n' "$TOKENS" "$bytes" "$RUNS"
measure 'stanch trace' "$STANCH" trace "$log" --token-from "$tokens"
if command -v rg > /dev/null; then measure 'rg -c -F -f' rg -c -F -f "$tokens" "$log"; fi
if command -v grep > /dev/null; then LC_ALL=C measure 'grep -c -F -f' grep -c -F -f "$tokens" "$log"; fi
measure 'wc -l' wc -l "$log"
