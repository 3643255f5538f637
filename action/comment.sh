#!/usr/bin/env bash
# Keeps one comment on the pull request up to date. Where there is nothing to tell there is none; where the token may not, the log says so.
# shellcheck source=action/common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

# By this the comment is found again.
readonly MARK='<!-- stanch: leaked tokens -->'
# GitHub takes 65,536 characters.
readonly LONGEST=60000

pull=$(<"$work/pull")
[[ $pull =~ ^[0-9]+$ && -f $work/report.json && -f $work/summary.md ]] || exit 0
if [[ -z ${INPUT_TOKEN:-} ]]; then
  notice 'without a token there is no comment on the pull request'
  exit 0
fi
comments=${GITHUB_API_URL:?}/repos/${GITHUB_REPOSITORY:?}/issues/$pull/comments

# Asks METHOD ADDRESS, with the body in FILE; the answer is in $work/answer, and its status printed. The token is in no argument.
ask() {
  local body=()
  [[ -z ${3:-} ]] || body=(--data-binary "@$3")
  printf 'header = "Authorization: Bearer %s"\n' "$INPUT_TOKEN" |
    curl --config - --silent --show-error --max-time 60 --proto "=${GITHUB_API_URL%%:*}" --request "$1" --header 'Accept: application/vnd.github+json' \
      --header 'X-GitHub-Api-Version: 2022-11-28' ${body[@]+"${body[@]}"} --write-out '%{http_code}' --output "$work/answer" -- "$2" || true
}

# Sets `existing` to the comment that an earlier run made: it begins with the mark, and a bot wrote it. Anybody else could write the mark, too.
find_earlier() {
  local page
  existing=''
  for page in 1 2 3 4 5 6 7 8 9 10; do
    status=$(ask GET "$comments?per_page=100&page=$page")
    [[ $status == 200 ]] || return 1
    existing=$(jq -r --arg mark "$MARK" '[.[] | select(.user.type == "Bot" and (.body // "" | startswith($mark)))][0].id // empty' "$work/answer")
    [[ -z $existing && $(jq length "$work/answer") -eq 100 ]] || return 0
  done
}

refused() {
  notice "the token may not comment on pull requests (it was answered $1): give the job the permission pull-requests: write for that. Annotations and summary are there all the same"
  exit 0
}

count=$(jq '.incidents | length' "$work/report.json")
complete=$(jq '.coverage.complete' "$work/report.json")
find_earlier || refused "$status"
if [[ $count -eq 0 && -z $existing ]]; then
  exit 0
fi
if [[ $count -eq 0 && $complete == true ]]; then
  printf '%s\nThe tokens that stanch found in this pull request are gone from what it adds. Those that were pushed are still leaked: revoke them.\n' "$MARK" >"$work/comment.md"
else
  {
    printf '%s\n' "$MARK"
    cat -- "$work/summary.md"
  } >"$work/comment.md"
fi
jq -n --rawfile text "$work/comment.md" --argjson longest "$LONGEST" \
  '{body: (if ($text | length) > $longest then $text[:$longest] + "\n\n… and more: see the summary of the run." else $text end)}' >"$work/comment.json"
if [[ $existing =~ ^[0-9]+$ ]]; then
  status=$(ask PATCH "${comments%/"$pull"/comments}/comments/$existing" "$work/comment.json")
else
  status=$(ask POST "$comments" "$work/comment.json")
fi
case $status in
  200 | 201) echo 'the comment on the pull request is up to date' ;;
  *) refused "$status" ;;
esac
