# Turns `terraform show -json` of a plan into Markdown.

# Whether a mark of before_sensitive, after_sensitive or after_unknown is set, somewhere.
def marked: [.. | select(. == true)] | length > 0;

def cell: gsub("[\r\n]+"; " ") | gsub("\\|"; "\\|") | gsub("`"; "'")
  | if length > 100 then .[:97] + "…" else . end;

def shown($secret; $unknown):
  if $secret | marked then "(sensitive)"
  elif $unknown | marked then "(known after apply)"
  elif . == null then "(none)"
  else (if type == "string" then . else tojson end) | "`" + cell + "`" end;

def differences: .change as $c
  | ($c.before // {}) as $before | ($c.after // {}) as $after
  | ([$before, $after, ($c.after_unknown | objects)] | add | keys_unsorted | unique)[]
  | . as $name
  | select($before[$name] != $after[$name] or ($c.after_unknown[$name]? // false | marked))
  | "| `\($name)` | \($before[$name] | shown($c.before_sensitive[$name]?; false)) | "
    + "\($after[$name] | shown($c.after_sensitive[$name]?; $c.after_unknown[$name]?)) |";

[.resource_changes[]? | select(.mode == "managed" and .change.actions != ["no-op"])] as $changes
| [.checks[]? | select(.status == "fail" or .status == "error")] as $failing
| if $changes == [] and $failing == [] then "# No drift" else "# Drift" end,
  ($changes[] | "", "## \(.change.actions | join(", ")): `\(.address)`",
    if .change.actions == ["update"] then
      "", "| attribute | on the server | in the configuration |", "|---|---|---|", differences
    else empty end),
  if $failing == [] then empty else "", "## Failing checks", "",
    ($failing[] | "- `\(.address.to_display)`: "
      + ([.instances[]?.problems[]?.message | cell] | join("; "))) end
