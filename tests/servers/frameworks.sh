#!/usr/bin/env bash
# `stanch probe` at real web frameworks, each set up well and badly: frameworks.sh STANCH [FOLDER]
#
# STANCH is the program; FOLDER, `target/frameworks` without one, keeps what PyPI and npm have between runs. PHP and Sinatra are Debian's. Those set up well speak TLS, with an authority that is made here.
# The last line is `N passed, N failed`. Ends with 1 where a verdict is not as it should be, and with 77 where a framework cannot be had and all else is well.
# shellcheck disable=SC2317  # functions are called by name, through `expect`
set -euo pipefail
stanch=$(realpath -- "$1")
folder=$(realpath -m -- "${2:-target/frameworks}")
root=$(realpath -- "$(dirname -- "$0")/../..")
apps=$root/tests/servers/frameworks
for command in curl jq openssl python3; do
  command -v "$command" >/dev/null || {
    echo "$command is not here"
    exit 77
  }
done
place=$(mktemp -d)
servers=()
stop() { ((${#servers[@]} == 0)) || kill "${servers[@]}" 2>/dev/null || true; }
trap 'stop; rm -rf -- "$place"' EXIT
unset "${!STANCH_@}" HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy 2>/dev/null || true
# shellcheck source=tests/shell/check.sh
. "$root/tests/shell/check.sh"
passed=0
failed=0
fine() {
  printf 'ok: %s\n' "$1"
  passed=$((passed + 1))
}
wrong() {
  printf 'FAILED: %s\n' "$1"
  failed=$((failed + 1))
}

# What PyPI and npm have. Versions are those of one major release each, so that defaults are those that are documented.
python=$folder/python/bin/python
missing=0
skip() {
  printf 'skipped: %s cannot be had here\n' "$1"
  missing=1
}
mkdir -p "$folder"
has_python() { "$python" -c 'import django, fastapi, flask, itsdangerous, starlette, uvicorn' 2>/dev/null; }
install_python() {
  python3 -m venv "$folder/python" && timeout 300 "$folder/python/bin/pip" install --quiet --disable-pip-version-check \
    'django>=5.2,<5.3' 'fastapi>=0.110,<1' 'flask>=3,<4' 'itsdangerous>=2,<3' 'uvicorn>=0.30,<1'
}
has_express() { [[ -d $folder/node_modules/express && -d $folder/node_modules/express-session ]]; }
frameworks=()
if has_python || { install_python && has_python; }; then frameworks+=(flask django fastapi); else skip 'Flask, Django and FastAPI'; fi
if command -v node >/dev/null && { has_express || timeout 120 npm install --no-audit --no-fund --silent --prefix "$folder" express@5 express-session@1; }; then
  frameworks+=(express)
else skip Express; fi
if command -v php >/dev/null; then frameworks+=(php); else skip PHP; fi
if ruby -e 'require "sinatra/base"; require "puma"' 2>/dev/null; then frameworks+=(sinatra); else skip Sinatra; fi

# An authority, and a certificate of localhost.
cd -- "$place"
make_certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout authority.key -out authority.pem -days 2 -subj '/CN=authority of a test' \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign'
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key -out server.csr -subj '/CN=localhost'
  printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' >extensions
  openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -out server.pem -days 2 -extfile extensions
}
make_certificates >certificates.log 2>&1

# Ports that nobody has, as many as are needed.
read -ra ports < <(python3 -c '
import socket
sockets = [socket.socket() for _ in range(13)]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*[one.getsockname()[1] for one in sockets])')
declare -A urls=()
start() {
  local name=$1
  shift
  "$@" >"$name.log" 2>&1 &
  servers+=("$!")
}
# One server with plain HTTP, set up badly, and one with TLS, set up well: the rest is the program, which takes `good` or `bad`, a port, and a key with its certificate.
both() {
  local name=$1 bad=${ports[0]} good=${ports[1]}
  shift
  ports=("${ports[@]:2}")
  urls[$name-bad]=http://localhost:$bad/
  urls[$name-good]=https://localhost:$good/
  [[ $name != php ]] || return 0
  start "$name-bad" "$@" bad "$bad"
  start "$name-good" "$@" good "$good" "$place/server.key" "$place/server.pem"
}
for framework in "${frameworks[@]}"; do
  case $framework in
    express) NODE_PATH=$folder/node_modules both express node "$apps/express_app.cjs" ;;
    sinatra) both sinatra ruby "$apps/sinatra_app.rb" ;;
    php)
      both php
      mkdir php-good php-bad
      set_up() { printf -- '-d\nsession.%s\n' "$@"; }
      mapfile -t bad < <(set_up "save_path=$place/php-bad" use_strict_mode=0 use_only_cookies=0 use_trans_sid=1 cache_limiter=public cookie_httponly=0)
      mapfile -t good < <(set_up "save_path=$place/php-good" use_strict_mode=1 use_only_cookies=1 use_trans_sid=0 cache_limiter=nocache \
        name=__Host-PHPSESSID cookie_secure=1 cookie_httponly=1 cookie_samesite=Lax cookie_lifetime=3600)
      port=${urls[php-bad]##*:}
      start php-bad php "${bad[@]}" -S "127.0.0.1:${port%/}" -t "$apps/php"
      inner=${ports[0]}
      ports=("${ports[@]:1}")
      GOOD=1 start php-inner php "${good[@]}" -S "127.0.0.1:$inner" -t "$apps/php"
      port=${urls[php-good]##*:}
      start php-good python3 "$apps/terminator.py" "${port%/}" "$inner" "$place/server.key" "$place/server.pem"
      ;;
    *) both "$framework" "$python" "$apps/${framework}_app.py" ;;
  esac
done
answers() {
  local try
  for try in $(seq 150); do
    curl -s -o /dev/null --max-time 5 --cacert authority.pem --noproxy '*' "$1" && return
    sleep 0.2
  done
  echo "no answer after $try tries"
  cat -- "$2"
  return 1
}

# Probes NAME into NAME.json, which has to end with STATUS.
probe() {
  local name=$1 status=$2 found=0
  shift 2
  timeout 60 "$stanch" probe --allow-private --rate 500 -f json,sarif,html -o "$name.json" -o "$name.sarif" -o "$name.html" "$@" "${urls[$name]}" || found=$?
  [[ $found == "$status" ]] || {
    echo "exit status $found"
    cat -- "$name.json"
    return 1
  }
}
says() {
  jq -e "$2" "$1.json" >/dev/null && return
  jq '{weaknesses: [.weaknesses[] | {check, severity, url, evidence}], cookies, coverage}' "$1.json"
  return 1
}
well() {
  local name=$1
  expect "$name, set up well: it answers" answers "${urls[$name-good]}" "$name-good.log"
  expect "$name, set up well: ends with 0" probe "$name-good" 0 --ca-file authority.pem --samples 12
  expect "$name, set up well: nothing above low" says "$name-good" '.coverage.complete and all(.weaknesses[]; .severity == "low")'
  expect "$name, set up well: its session has the grade A" says "$name-good" '[.cookies[].grade] | unique == ["A"]'
  expect "$name, set up well: other ids are refused, and its own are not weak" says "$name-good" 'all(.cookies[]; .fixation == "refused" and (.ids.weak | not) and .ids.samples == 12)'
}
# What is said of the one that is set up badly: its grades, and checks that have to be among those found.
badly() {
  local name=$1 grades=$2 checks=$3
  expect "$name, set up badly: it answers" answers "${urls[$name-bad]}" "$name-bad.log"
  expect "$name, set up badly: ends with 1" probe "$name-bad" 1 --samples 12
  expect "$name, set up badly: graded $grades" says "$name-bad" "([.cookies[] | select(.session != \"no\").grade] | join(\" \")) == \"$grades\" and .coverage.complete"
  expect "$name, set up badly: $checks" says "$name-bad" "(\"$checks\" | split(\" \")) - [.weaknesses[].check] == []"
  expect "$name, set up badly: SARIF and HTML have the grades, too" reports "$name-bad" "${grades%% *}"
}
reports() { jq -e '.runs[0].properties.cookies[0].grade == $grade' --arg grade "$2" "$1.sarif" && grep -qF "<b>Grade $2</b>" "$1.html"; }
lacks() { says "$1" "all(.weaknesses[]; .check != \"$2\")"; }

for framework in "${frameworks[@]}"; do well "$framework"; done
for framework in "${frameworks[@]}"; do
  name=$framework-bad
  case $framework in
    flask)
      badly flask F 'cookie-not-secure cookie-not-httponly cookie-samesite-missing session-over-http session-cached cors-credentials'
      expect 'flask: who sends back any origin is told so once' lacks "$name" cors-null-origin
      expect 'flask: what it signs is content, and no id' says "$name" '.cookies[0].ids | .form == "signed content" and (has("bits_at_most") | not)'
      ;;
    django)
      badly django F 'cookie-not-secure cookie-not-httponly cookie-samesite-none-not-secure session-lifetime session-over-http'
      expect 'django: unknown ids are refused' says "$name" '.cookies[0].fixation == "refused"'
      expect 'django: its ids have over 160 bits, by what is seen' says "$name" '.cookies[0].ids | .bits_at_most > 160 and (.weak | not) and (.bits_by_position | length) == 32'
      ;;
    fastapi)
      badly fastapi 'F D' 'cookie-not-secure cookie-not-httponly session-id-weak session-fixation cors-null-origin'
      expect 'fastapi: any id is adopted' says "$name" '.cookies[] | select(.name == "sid").fixation == "adopted"'
      expect 'fastapi: a counter' says "$name" '.cookies[] | select(.name == "sid").ids | .weak and any(.signs[]; .sign == "counter")'
      expect 'fastapi: the time in a UUID, in the second cookie' says "$name" '.cookies[] | select(.name == "auth_token").ids | .weak and any(.signs[]; .sign == "timestamp" and .from == 0 and .to == 18)'
      ;;
    express)
      badly express F 'cookie-not-secure cookie-not-httponly session-id-weak session-over-http'
      expect 'express: the time, within what is signed' says "$name" '.cookies[0].ids | .form == "signed id" and any(.signs[]; .sign == "timestamp")'
      expect 'express: unsigned ids are refused' says "$name" '.cookies[0].fixation == "refused"'
      ;;
    php)
      badly php F 'cookie-not-secure cookie-not-httponly session-fixation session-cached token-in-url'
      expect 'php: without strict mode any id is adopted' says "$name" '.cookies[0].fixation == "adopted"'
      expect 'php: its ids are not weak' lacks "$name" session-id-weak
      ;;
    sinatra)
      badly sinatra 'F F' 'cookie-not-secure cookie-not-httponly session-lifetime session-cached'
      expect 'sinatra: what it signs is content, and no id' says "$name" '.cookies[0].ids.form == "signed content"'
      ;;
  esac
done
# Whose certificate nobody knows is not looked at.
if [[ -n ${urls[flask-good]:-} ]]; then
  expect 'without its authority: ends with 3' probe flask-good 3
  expect 'without its authority: its certificate is not valid' says flask-good '.coverage.failed[0].reason == "its host'\''s certificate is not valid" and .cookies == []'
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0)) || exit 1
((missing == 0)) || exit 77
