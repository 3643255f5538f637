# shellcheck shell=bash
# What scripts that try the program beside others' share: to be sourced, with `place` set to a folder of theirs. They end with `$failed`.
# shellcheck disable=SC2034,SC2154  # `failed` is read, and `place` set, by those who source this
failed=0
fine() { printf 'ok: %s\n' "$1"; }
wrong() {
  printf 'FAILED: %s\n' "$1"
  failed=1
}

# Runs the rest, which has to succeed.
expect() {
  local name=$1
  shift
  if "$@" >"$place/expected" 2>&1; then fine "$name"; else
    wrong "$name"
    sed 's/^/    /' "$place/expected"
  fi
}

# Runs the rest, which has to fail.
refuse() {
  local name=$1
  shift
  if "$@" >"$place/expected" 2>&1; then
    wrong "$name"
    sed 's/^/    /' "$place/expected"
  else fine "$name"; fi
}

# A token, made here: none is stored in this repository.
token() { python3 -c 'import random, sys, zlib
random.seed(int(sys.argv[1]))
alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
body = "".join(random.choice(alphabet) for _ in range(30))
number, check = zlib.crc32(body.encode()), ""
for _ in range(6):
    number, digit = divmod(number, 62)
    check = alphabet[digit] + check
print("gh" + "p_" + body + check)' "$1"; }
