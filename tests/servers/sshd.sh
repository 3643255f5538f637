#!/usr/bin/env bash
# SSH keys against OpenSSH's own server: sshd.sh STANCH
#
# STANCH is the program. Ends with 1 where a verdict is not as it should be, and with 77 where there is no server, or no user `git`, as whom forges know keys, and nobody who may pretend that there is one.
set -euo pipefail
stanch=$(realpath -- "$1")
sshd=$(PATH=$PATH:/usr/sbin:/sbin command -v sshd) || {
  echo 'sshd is not installed here'
  exit 77
}
if ! getent passwd git >/dev/null; then
  if [[ $EUID != 0 || -n ${PRETENDED:-} ]] || ! unshare --mount true 2>/dev/null; then
    echo 'there is no user called git'
    exit 77
  fi
  PRETENDED=$(mktemp)
  trap 'rm -f -- "$PRETENDED"' EXIT
  { cat /etc/passwd && echo 'git:*:65533:65533::/nonexistent:/bin/false'; } >"$PRETENDED"
  export PRETENDED
  # shellcheck disable=SC2016
  unshare --mount bash -c 'mount --bind "$PRETENDED" /etc/passwd && exec bash "$0" "$1"' "$(realpath -- "$0")" "$stanch"
  exit
fi
[[ $EUID != 0 ]] || mkdir -p /run/sshd
cd -- "$(mktemp -d)"
# The server reads the list of keys as the user.
chmod 755 .
server=
stop() {
  [[ -z $server ]] || kill "$server" 2>/dev/null || true
  [[ -z $server ]] || wait "$server" 2>/dev/null || true
  server=
}
trap 'stop; rm -rf -- "$PWD"' EXIT
failed=0

# Keys of each kind and format. Those in `known` are authorised, those in `other` are not.
make() {
  local folder=$1
  mkdir "$folder"
  ssh-keygen -q -N '' -t ed25519 -f "$folder/ed25519"
  ssh-keygen -q -N '' -t ecdsa -b 256 -f "$folder/ecdsa-256"
  ssh-keygen -q -N '' -t ecdsa -b 384 -m PEM -f "$folder/ecdsa-384-sec1"
  ssh-keygen -q -N '' -t rsa -b 2048 -f "$folder/rsa"
  ssh-keygen -q -N '' -t rsa -b 2048 -m PEM -f "$folder/rsa-pkcs1"
  ssh-keygen -q -N '' -t rsa -b 2048 -m PKCS8 -f "$folder/rsa-pkcs8"
  ssh-keygen -q -N 'a phrase' -t ed25519 -f "$folder/ed25519-encrypted"
}
make known
make other
cat known/*.pub >authorized_keys
ssh-keygen -q -N '' -t ed25519 -f host_ed25519
ssh-keygen -q -N '' -t ecdsa -b 256 -f host_ecdsa
ssh-keygen -q -N '' -t rsa -b 3072 -f host_rsa
# start HOST-KEY LINE...: a server with that key, and with lines of its configuration.
start() {
  local key=$1
  shift
  stop
  port=$((20000 + RANDOM % 20000))
  {
    printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $PWD/$key" "AuthorizedKeysFile $PWD/authorized_keys" "PidFile $PWD/pid"
    printf '%s\n' 'StrictModes no' 'UsePAM no' 'PasswordAuthentication no' 'KbdInteractiveAuthentication no' 'LogLevel DEBUG1' "$@"
  } >config
  # Newer servers leave those alone for a while whose keys they do not know.
  ! "$sshd" -t -f config -o PerSourcePenalties=no 2>/dev/null || echo 'PerSourcePenalties no' >>config
  "$sshd" -D -e -f "$PWD/config" 2>>log &
  server=$!
  for _ in $(seq 100); do
    kill -0 "$server" 2>/dev/null || break
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
    sleep 0.05
  done
  echo 'sshd does not start'
  cat log
  exit 1
}

# expect VERDICT NAME KEY
expect() {
  local wanted=$1 name=$2 key=$3 rule found
  case $(head -n 1 "$key") in
    *OPENSSH*) rule=private-key-openssh ;;
    *RSA*) rule=private-key-rsa ;;
    *EC*) rule=private-key-ec ;;
    *) rule=private-key-pkcs8 ;;
  esac
  found=$("$stanch" verify - --rule "$rule" --endpoint "private-key=http://127.0.0.1:$port" -f json <"$key" |
    python3 -c 'import json, sys; v = json.load(sys.stdin)["incidents"][0]["verdict"]; print(v["status"], v.get("reason", ""))') || true
  if [[ $found == "$wanted"* ]]; then
    printf 'ok: %s: %s\n' "$name" "$found"
  else
    printf 'FAILED: %s: %s, not %s\n' "$name" "$found" "$wanted"
    failed=1
  fi
}

start host_ed25519
for file in known/*.pub; do
  key=$(basename -- "$file" .pub)
  wanted=active
  [[ $key != *-encrypted ]] || wanted='unknown it is trusted there, but encrypted'
  expect "$wanted" "known $key" "known/$key"
  expect inactive "other $key" "other/$key"
done

for key in ed25519 ecdsa rsa; do
  for cipher in aes256-gcm@openssh.com aes128-gcm@openssh.com chacha20-poly1305@openssh.com; do
    start "host_$key" "Ciphers $cipher"
    expect active "$key host, $cipher, known" known/rsa
    expect inactive "$key host, $cipher, other" other/ed25519
  done
done
start host_rsa 'HostKeyAlgorithms rsa-sha2-256' 'KexAlgorithms curve25519-sha256@libssh.org'
expect active 'rsa-sha2-256, the older name of the exchange' known/ecdsa-256

start host_ed25519 'PubkeyAcceptedAlgorithms rsa-sha2-256' "Banner $PWD/config"
expect active 'the second algorithm, after a banner' known/rsa
start host_ed25519 'PubkeyAuthentication no' 'PasswordAuthentication yes'
expect 'unknown its host lets nobody in for a key' 'passwords only' known/ed25519
start host_ed25519 'Ciphers aes256-ctr'
expect 'unknown its host offers no algorithms that are known here' 'no cipher in common' known/ed25519
stop
expect 'unknown no connection to its host' 'nobody there' known/ed25519

if grep -E '^Accepted (publickey|none|password) |session opened|Starting session' log; then
  echo 'FAILED: somebody was logged in'
  failed=1
fi
grep -q '^Postponed publickey ' log || {
  echo 'FAILED: nobody was asked about'
  failed=1
}
exit "$failed"
