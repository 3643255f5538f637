#!/usr/bin/env bash
# Measures sweeps of a simulated organisation, and prints a Markdown table: time, processors' time, the most memory of any one
# process (git's among them), and how many requests that took of the forge and of git's server.
#
#   benches/sweep.sh
#
# The organisation, its forge and its git server are the tests' own, on this machine's loopback: tests/it/sweep/speed.rs. What the
# server itself takes is in the time, not in the processors' time.
#
#   STANCH         the stanch to measure  [target/release/stanch, which is built]
#   REPOSITORIES   how many there are  [2000]
#   JOBS           how many are worked on at once  [as many as processors]
set -euo pipefail

if [[ $# -gt 0 ]]; then
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
  [[ $1 == -h || $1 == --help ]] && exit 0
  exit 2
fi
cd -- "$(dirname -- "$0")/.."
if [[ -z ${STANCH-} ]]; then
  cargo build --quiet --release
  STANCH=$PWD/target/release/stanch
fi
STANCH=$(realpath -- "$STANCH")
export STANCH
cargo test --quiet --test it -- --ignored --exact --nocapture sweep::speed::a_table
