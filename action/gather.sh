#!/usr/bin/env bash
# Works out what the event is about, and fetches it: the objects of both ends into a repository of the action's own, and the
# configuration of the base revision (law 9 of docs/design.md). Nothing is checked out.
#
# Leaves in $work: `scope` with the arguments that select what is scanned, one a line; `pull` with the number of the pull request.
# shellcheck source=action/common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

event=${GITHUB_EVENT_NAME:?}
payload=${GITHUB_EVENT_PATH:?}
remote=${GITHUB_SERVER_URL:?}/${GITHUB_REPOSITORY:?}
jq -e 'type == "object"' "$payload" >/dev/null 2>&1 || fail 'the payload of the event is not JSON'

# A text in the payload, empty where there is none.
of() { jq -r "$1 | if type == \"string\" or type == \"number\" or type == \"boolean\" then tostring else \"\" end" "$payload" | head -n 1 | tr -d '\r'; }

sha_of() {
  local sha
  sha=$(of "$1")
  is_sha "$sha" || fail "the payload of $event has no commit at $1: is it one of GitHub's?"
  printf '%s' "$sha"
}

# Fetches with the token, which no argument and no file shows.
fetch() {
  local count=0 header
  if [[ -n ${INPUT_TOKEN:-} ]]; then
    header="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$INPUT_TOKEN" | base64 | tr -d '\n')"
    count=1
  fi
  GIT_CONFIG_COUNT=$count GIT_CONFIG_KEY_0=http.${GITHUB_SERVER_URL}/.extraheader GIT_CONFIG_VALUE_0=${header:-} \
    in_repository -c fetch.unpackLimit=1 -c transfer.fsckObjects=false fetch --quiet --no-tags --no-write-fetch-head --no-auto-maintenance --no-recurse-submodules -- "$@"
}

begin() {
  rm -rf -- "$repository"
  mkdir -p -- "$repository" "$work/template"
  : >"$work/gitconfig"
  own_git config --file "$work/gitconfig" --add safe.directory '*'
  own_git init --quiet --template="$work/template" -- "$repository"
  : >"$work/scope"
  : >"$work/pull"
}

# Copies objects from the checkout in the workspace; of what it has besides, nothing is used.
copy() {
  in_repository fetch --quiet --no-tags --no-write-fetch-head --no-auto-maintenance "$@" -- "$GITHUB_WORKSPACE/.git" '+HEAD:refs/copied/HEAD' '+refs/*:refs/copied/*' 2>/dev/null || true
  in_repository for-each-ref --format='delete %(refname)' refs/copied | in_repository update-ref --stdin
}

is_shallow() { [[ -n ${GITHUB_WORKSPACE:-} && -e $GITHUB_WORKSPACE/.git/shallow ]]; }

# Takes what a whole checkout has, so that less is fetched.
seed() { [[ ! -d ${GITHUB_WORKSPACE:-}/.git ]] || is_shallow || copy; }

# Has the commit and its history at hand; 1 where they are not to be had.
bring() { has "$1" || { fetch "$remote" "$1" 2>/dev/null && has "$1"; }; }

# Makes COMMIT the head, under the name REF. What cannot be fetched may at least be in a shallow checkout.
bring_head() {
  local ref=$2
  if ! bring "$1"; then
    ! is_shallow || copy --update-shallow
    has "$1" || fail "commit $1 cannot be fetched from the repository: may the token read its contents?"
    warn "the repository cannot be fetched, and the checkout is shallow: what lies beyond it was not seen"
  fi
  [[ $ref == refs/* ]] && own_git check-ref-format "$ref" || ref=refs/heads/head
  head=$(in_repository rev-parse --verify --quiet "$1^{commit}")
  in_repository update-ref "$ref" "$head"
  in_repository update-ref --no-deref HEAD "$head"
}

# Makes the tip of the default branch the base; 1 where there is none.
bring_default() {
  local branch
  branch=$(of .repository.default_branch)
  [[ -n $branch ]] && own_git check-ref-format "refs/heads/$branch" || return 1
  fetch "$remote" "+refs/heads/$branch:refs/heads/$branch" 2>/dev/null || return 1
  base=$(in_repository rev-parse --verify --quiet "refs/heads/$branch^{commit}")
}

# Scans what the head adds to the base.
scope_change() {
  printf -- '--range\n%s..%s\n' "$base" "$head" >"$work/scope"
  echo "scanning what $head adds to $base"
}

# Scans the history of everything that was fetched under a name.
scope_all() {
  printf -- '--history-only\n--refs\nrefs/**\n' >"$work/scope"
  echo 'scanning the whole history'
}

gather_push() {
  local before after
  if [[ $(of .deleted) == true ]] || is_zero "$(of .after)"; then
    notice 'a ref was deleted: there is nothing to scan'
    return
  fi
  before=$(sha_of .before)
  after=$(sha_of .after)
  bring_head "$after" "$(of .ref)"
  if ! is_zero "$before"; then
    if bring "$before"; then
      base=$(in_repository rev-parse --verify --quiet "$before^{commit}")
      scope_change
      return
    fi
    warn "$before, which the ref named before this push, is gone from the repository: what it had cannot be told from what the push adds"
  fi
  # A new ref, or one whose past is gone: all that the default branch does not have. A default branch itself is scanned as a whole.
  if [[ $(of .ref) != "refs/heads/$(of .repository.default_branch)" ]] && bring_default; then
    scope_change
  else
    base=$head
    scope_all
  fi
}

# A change that says itself what it is based on: BASE HEAD REF, the first two as places in the payload.
gather_ends() {
  local from to
  from=$(sha_of "$1")
  to=$(sha_of "$2")
  bring_head "$to" "$3"
  bring "$from" ||
    fail "the base commit $from cannot be fetched, so what this change adds cannot be told: may the token read the repository's contents?"
  base=$(in_repository rev-parse --verify --quiet "$from^{commit}")
  scope_change
}

gather_all() {
  fetch "$remote" '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*' || fail 'the repository cannot be fetched: may the token read its contents?'
  bring_default || fail 'the default branch cannot be fetched'
  in_repository update-ref --no-deref HEAD "$base"
  scope_all
}

# Writes FILE of the base revision into the action's own repository, where it is a plain file there.
take() {
  local file=$1 mode
  mode=$(in_repository ls-tree --full-tree "$base" -- ":(literal)$file" | cut -d ' ' -f 1)
  [[ $mode == 100644 || $mode == 100755 ]] || return 1
  mkdir -p -- "$(dirname -- "$repository/$file")"
  in_repository cat-file blob "$base:$file" >"$repository/$file"
}

# Configuration, pattern files, ignore file and baseline of the base revision.
take_configuration() {
  local file baseline=${INPUT_BASELINE:-}
  rm -f -- "$work/baseline"
  [[ -n $base ]] || return 0
  while IFS= read -r -d '' file; do
    ! is_path "$file" || take "$file" || true
  done < <(in_repository ls-tree -r -z --name-only --full-tree "$base" | grep -z -E '\.toml$' || true)
  take .stanchignore || true
  if [[ -n $baseline ]]; then
    is_path "$baseline" || fail 'the input baseline is not a path in the repository'
    take "$baseline" || fail 'the input baseline names no file of the base revision'
  else
    baseline=stanch.baseline.jsonl
    take "$baseline" || return 0
  fi
  printf '%s\n' "$baseline" >"$work/baseline"
}

# Limits a change to the paths that were named. They need to be there to be named, so they are, empty.
take_paths() {
  local path
  : >"$work/paths"
  while IFS= read -r path; do
    path=${path%/}
    path=${path%$'\r'}
    [[ -n $path && $path != . ]] || continue
    is_path "$path" || fail 'the input paths has a line that is not a path in the repository'
    [[ -e $repository/$path ]] || mkdir -p -- "$repository/$path"
    printf '%s\n' "$path" >>"$work/paths"
  done <<<"${INPUT_PATHS:-}"
  if [[ -s $work/paths ]] && ! grep -qx -- '--range' "$work/scope"; then
    [[ ! -s $work/scope ]] || notice 'the whole history is scanned: the input paths is for what pushes and pull requests add'
    : >"$work/paths"
  fi
}

base='' head=''
begin
case $event in
  push)
    seed
    gather_push
    ;;
  pull_request | pull_request_target)
    seed
    gather_ends .pull_request.base.sha .pull_request.head.sha "refs/pull/$(of .pull_request.number)/head"
    of .pull_request.number >"$work/pull"
    ;;
  merge_group)
    seed
    gather_ends .merge_group.base_sha .merge_group.head_sha "$(of .merge_group.head_ref)"
    ;;
  schedule | workflow_dispatch) gather_all ;;
  *) fail "stanch does not know what to scan on the event $event: use push, pull_request, pull_request_target, merge_group, schedule or workflow_dispatch" ;;
esac
take_configuration
take_paths
