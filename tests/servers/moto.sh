#!/usr/bin/env bash
# AWS keys against moto, a server of others' making that checks signatures: moto.sh STANCH [FOLDER]
#
# STANCH is the program; FOLDER, `target/moto` without one, keeps the server between runs. Ends with 1 where a verdict is not as it should be, and with 77 where the server cannot be had.
set -euo pipefail
stanch=$(realpath -- "$1")
folder=${2:-target/moto}
port=$((20000 + RANDOM % 20000))
install() {
  python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check 'moto[server]>=5,<6'
}
[[ -x $folder/bin/moto_server ]] || if ! install; then
  echo 'moto cannot be installed here'
  exit 77
fi
python=$(realpath -- "$folder")/bin/python
cd -- "$(mktemp -d)"
# The first requests are let through, to make a user who may do nothing but deactivate a key.
INITIAL_NO_AUTH_ACTION_COUNT=3 "${python%/*}/moto_server" -p "$port" >server.log 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -rf -- "$PWD"' EXIT
endpoint=http://127.0.0.1:$port
for _ in $(seq 100); do
  curl -s -o /dev/null "$endpoint/moto-api/" && break
  sleep 0.2
done
mkdir tree
"$python" - "$endpoint" <<'PYTHON'
import json, sys
import boto3

iam = boto3.client("iam", endpoint_url=sys.argv[1], aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
iam.create_user(UserName="alice")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["iam:UpdateAccessKey", "iam:ListAccessKeys"], "Resource": "*"}]}
iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=json.dumps(policy))
key = iam.create_access_key(UserName="alice")["AccessKey"]
identity, secret = key["AccessKeyId"], key["SecretAccessKey"]

def leak(name, identity, secret):
    with open(f"tree/{name}", "w") as file:
        file.write(f"aws_access_key_id = {identity}\naws_secret_access_key = {secret}\n")

leak("live", identity, secret)
leak("other-secret", identity, secret[20:] + secret[:20])
leak("other-id", identity[:12] + identity[12:][::-1], secret[10:] + secret[:10])
PYTHON

failed=0
expect() {
  local name=$1 wanted=$2 found
  found=$("$stanch" scan "tree/$name" --rule aws-access-key --verify --endpoint "aws=$endpoint" -f json |
    "$python" -c 'import json, sys; i = json.load(sys.stdin)["incidents"][0]; print(i["verdict"]["status"], i.get("access", {}).get("owner", "-"))') || true
  if [[ $found == "$wanted" ]]; then
    printf 'ok: %s is %s\n' "$name" "$found"
  else
    printf 'FAILED: %s is %s, not %s\n' "$name" "$found" "$wanted"
    failed=1
  fi
}
expect live 'active arn:aws:iam::123456789012:user/alice'
expect other-secret 'inactive -'
expect other-id 'inactive -'
"$stanch" scan tree/live --rule aws-access-key -f json >report.json || true
# moto takes keys that are deactivated, so the proof fails, and AWS's own list has to tell.
"$stanch" revoke report.json tree/live --endpoint "aws=$endpoint" --execute --yes && failed=1
"$python" - "$endpoint" <<'PYTHON' || failed=1
import sys
import boto3

lines = open("tree/live").read().split("\n")
identity, secret = lines[0].split(" = ")[1], lines[1].split(" = ")[1]
iam = boto3.client("iam", endpoint_url=sys.argv[1], aws_access_key_id=identity, aws_secret_access_key=secret, region_name="us-east-1")
status = iam.list_access_keys(UserName="alice")["AccessKeyMetadata"][0]["Status"]
print(("ok" if status == "Inactive" else "FAILED") + f": the key is {status} after it was revoked")
sys.exit(status != "Inactive")
PYTHON
exit "$failed"
