#!/usr/bin/env bash
# Puts stanch where the other steps look for it: the program that was named, else a released one whose checksum fits, else one
# built from the action's own sources. What does not fit is not run.
# shellcheck source=action/common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

rm -rf -- "$work"
mkdir -p -- "$work/bin"

# The name of the release's file for this runner.
target() {
  case ${RUNNER_OS:-$(uname -s)}-${RUNNER_ARCH:-$(uname -m)} in
    Linux-X64 | Linux-x86_64) echo x86_64-unknown-linux-musl ;;
    Linux-ARM64 | Linux-aarch64) echo aarch64-unknown-linux-musl ;;
    macOS-X64 | Darwin-x86_64) echo x86_64-apple-darwin ;;
    macOS-ARM64 | Darwin-arm64) echo aarch64-apple-darwin ;;
    Windows-X64) echo x86_64-pc-windows-msvc ;;
    *) return 1 ;;
  esac
}

# The version in the action's own Cargo.toml.
own_version() { sed -n 's/^version = "\([0-9A-Za-z.+-]*\)"$/\1/p' "${GITHUB_ACTION_PATH:?}/Cargo.toml" | head -n 1; }

# Downloads ADDRESS to FILE: 1 where there is no such file, 2 where it cannot be had.
download() {
  local address=$1 file=$2 code status=0
  code=$(curl --silent --show-error --location --retry 3 --max-time 300 --proto "=${GITHUB_SERVER_URL%%:*}" --proto-redir =https \
    --write-out '%{http_code}' --output "$file" -- "$address") || status=$?
  case $status-$code in
    0-200 | 0-000) return 0 ;;
    0-404 | 37-*) return 1 ;;
    *) return 2 ;;
  esac
}

checksum() {
  if command -v sha256sum >/dev/null; then sha256sum -- "$1"; else shasum -a 256 -- "$1"; fi | cut -d ' ' -f 1 | tr -dc '0-9a-f'
}

# Fails unless the release's list names FILE exactly once, with its checksum.
verify() {
  local file=$1 sums=$2 wanted
  wanted=$(awk -v name="${file##*/}" '$2 == name || $2 == "*" name { print $1 }' "$sums")
  [[ $wanted =~ ^[0-9a-f]{64}$ ]] || fail "SHA256SUMS of the release does not name ${file##*/} exactly once: nothing was run"
  [[ $(checksum "$file") == "$wanted" ]] || fail "the checksum of ${file##*/} is not the one that the release states: nothing was run"
}

# Installs the release VERSION; 1 where there is none for this runner.
released() {
  local version=$1 target name address status=0
  [[ -n ${ACTION_REPOSITORY:-} ]] || return 1
  [[ $version =~ ^[0-9][0-9A-Za-z.+-]*$ ]] || fail 'version is not a version such as 0.1.0'
  target=$(target) || return 1
  name=stanch-v$version-$target.tar.gz
  address=${GITHUB_SERVER_URL:?}/$ACTION_REPOSITORY/releases/download/v$version
  download "$address/$name" "$work/$name" || status=$?
  [[ $status -ne 1 ]] || return 1
  [[ $status -eq 0 ]] || fail "$name cannot be downloaded"
  download "$address/SHA256SUMS" "$work/SHA256SUMS" || fail 'SHA256SUMS of the release cannot be downloaded: nothing was run'
  verify "$work/$name" "$work/SHA256SUMS"
  tar -xzf "$work/$name" -C "$work/bin" "${program##*/}" || fail "$name holds no program"
  echo "installed stanch $version, whose checksum is as the release states"
}

built() {
  command -v cargo >/dev/null || fail 'there is no released program for this runner, and no cargo to build one with: name one in the input binary'
  echo 'there is no released program: building one from the sources of the action'
  cargo build --manifest-path "${GITHUB_ACTION_PATH:?}/Cargo.toml" --release --locked --bin stanch --target-dir "$work/target"
  cp -- "$work/target/release/${program##*/}" "$program"
}

need curl
need jq
need git
if [[ -n ${INPUT_BINARY:-} ]]; then
  [[ -f $INPUT_BINARY && -x $INPUT_BINARY ]] || fail 'the input binary does not name a program'
  cp -- "$INPUT_BINARY" "$program"
elif ! released "${INPUT_VERSION:-$(own_version)}"; then
  [[ -z ${INPUT_VERSION:-} ]] || fail "there is no release $INPUT_VERSION for this runner"
  built
fi
stanch --version
