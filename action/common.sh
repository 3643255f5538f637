# shellcheck shell=bash
# What the steps of the action share: where things lie, messages, and git that heeds nobody's configuration.
#
# Nothing here, nor in the steps, trusts what a pull request brings: its objects are fetched and read by stanch, never checked out, and no
# program, hook, filter or configuration of theirs is used.

set -euo pipefail
export LC_ALL=C

work=${RUNNER_TEMP:?}/stanch
repository=$work/repository
program=$work/bin/stanch
[[ ${RUNNER_OS:-} != Windows ]] || program=$program.exe

# Messages are the action's own words, shas and names of events: nothing in them can begin another command.
notice() { printf '::notice title=stanch::%s\n' "$(escaped "$*")" >&2; }
warn() { printf '::warning title=stanch::%s\n' "$(escaped "$*")" >&2; }
# Ends the job as wrong usage does: nothing was scanned.
fail() {
  printf '::error title=stanch::%s\n' "$(escaped "$*")" >&2
  exit 2
}

escaped() {
  local text=$1
  text=${text//'%'/%25}
  text=${text//$'\r'/%0D}
  printf '%s' "${text//$'\n'/%0A}"
}

# The program, which needs none of the job's tokens.
stanch() { env -u INPUT_TOKEN -u GITHUB_TOKEN -u GH_TOKEN -u ACTIONS_RUNTIME_TOKEN -u ACTIONS_ID_TOKEN_REQUEST_TOKEN "$program" "$@"; }

need() { command -v "$1" >/dev/null || fail "$1 is not on this runner, and the action needs it"; }

is_sha() { [[ $1 =~ ^([0-9a-f]{40}|[0-9a-f]{64})$ ]]; }
is_zero() { [[ $1 =~ ^0+$ ]]; }

# A path within the repository, and nothing that leads out of it or passes for a flag.
is_path() {
  [[ -n $1 && $1 != [/-]* && $1 != *[:\\[:cntrl:]]* ]] || return 1
  [[ ! $1 =~ (^|/)\.\.?(/|$) && ! $1 =~ (^|/)\.[gG][iI][tT](/|$) ]]
}

# git, without configuration of the machine, the user or the workspace, and without hooks.
own_git() {
  GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$work/gitconfig GIT_TERMINAL_PROMPT=0 GIT_NO_LAZY_FETCH=1 GIT_NO_REPLACE_OBJECTS=1 \
    git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c protocol.ext.allow=never "$@"
}

in_repository() { own_git --git-dir="$repository/.git" "$@"; }

has() { in_repository cat-file -e "$1^{commit}" 2>/dev/null; }
