#!/bin/sh
# Plans, and writes what would change as Markdown into a file (drift.md, or the one that the argument names).
# Ends with 0: nothing to report; 2: drift, or a failing check; 1: the plan failed. Needs jq. TERRAFORM names another
# executable, such as tofu.
set -eu

terraform=${TERRAFORM:-terraform}
report=${1:-drift.md}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
"$terraform" plan -input=false -no-color -lock-timeout=5m -detailed-exitcode -out="$work/plan" >"$work/log" 2>&1 ||
  status=$?
if [ "$status" -ne 0 ] && [ "$status" -ne 2 ]; then
  { printf '# The plan failed\n\n```text\n'; cat "$work/log"; printf '```\n'; } >"$report"
  exit 1
fi

"$terraform" show -json "$work/plan" >"$work/plan.json"
jq -r -f "$here/drift-report.jq" "$work/plan.json" >"$report"
if jq -e 'any(.checks[]?; .status == "fail" or .status == "error")' "$work/plan.json" >/dev/null; then
  status=2
fi
exit "$status"
