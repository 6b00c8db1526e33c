package lifecycle

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// Report takes the findings of a model's Check.
type Report struct {
	diags *diag.Diagnostics
	model any
	// AllowLockout is the provider block's, for a Planner.
	AllowLockout bool
}

// Error reports a fault of the attribute that the pointer into the model stands for. For a fault of a private key
// or another secret, attribute is nil: Terraform prints an attribute's source lines, and those would be the secret.
func (r *Report) Error(attribute any, summary, detail string) {
	if attribute == nil {
		r.diags.AddError(summary, detail)
		return
	}
	r.diags.AddAttributeError(field.PathOf(r.model, attribute), summary, detail)
}

// Warn reports something that is allowed and probably not meant. As in Error, attribute is nil where it is a secret.
func (r *Report) Warn(attribute any, summary, detail string) {
	if attribute == nil {
		r.diags.AddWarning(summary, detail)
		return
	}
	r.diags.AddAttributeWarning(field.PathOf(r.model, attribute), summary, detail)
}

// subject names a record in messages: its type, its natural key, its table and its id.
func (r *lifecycle[T, M]) subject(m M) string {
	words := []string{"servicenow_" + r.Type}
	if m == nil {
		return words[0]
	}
	for _, leaf := range leavesOf[T](m) {
		named := len(r.Key) > 0 && leaf.Path.Equal(path.Root(r.Key[len(r.Key)-1]))
		if named && !leaf.Value().IsNull() && !leaf.Value().IsUnknown() {
			words = append(words, leaf.Value().String())
		}
	}
	where := r.Table
	if id := m.base().ID.ValueString(); id != "" {
		where = strings.TrimSpace(where + " " + id)
	}
	if where != "" {
		words = append(words, "("+where+")")
	}
	return strings.Join(words, " ")
}

// failed reports an error of the server, in its words, and what to try.
func (r *lifecycle[T, M]) failed(verb string, m M, err error, diags *diag.Diagnostics) {
	summary := "Cannot " + verb + " servicenow_" + r.Type
	var exists *record.ExistsError
	if errors.As(err, &exists) {
		diags.AddError(summary, r.existing(m, exists))
		return
	}
	diags.AddError(summary, r.subject(m)+": "+r.connection.explain(err, r.Needs))
}

// existing says how to manage what is there already.
func (r *lifecycle[T, M]) existing(m M, exists *record.ExistsError) string {
	id := exists.IDs[0]
	command := "\n\n  terraform import servicenow_" + r.Type + ".NAME " + id
	switch {
	case exists.SameRun:
		return fmt.Sprintf("%s: %s. Two resources of one natural key would fight over it: take one of them out, or give it "+
			"another name.", r.subject(m), exists)
	case len(exists.IDs) > 1:
		return fmt.Sprintf("%s: %s. Delete the ones that are not wanted, or import one of them:%s",
			r.subject(m), exists, command)
	}
	otherwise := "To create a second record all the same, set duplicate_check = false in the provider block."
	if _, adopts := r.Attributes["adopt_existing"]; adopts {
		otherwise = "To take it over without an import, and to give it back on destroy, set adopt_existing = true."
	}
	return fmt.Sprintf("%s: %s. To manage it from here, import it:%s\n\n"+
		"If this plan replaces the resource with create_before_destroy, take that setting out: the new record cannot "+
		"have the old one's key while that exists. If the resource was only renamed, or got another for_each key, add a "+
		"moved block instead. %s", r.subject(m), exists, command, otherwise)
}

// keptValue is what was planned of an attribute, and what the server stored.
type keptValue struct {
	planned, stored attr.Value
	unchanged       bool // stored is what it was before the write
}

// notKept reports that the server stored something else than was planned.
func (r *lifecycle[T, M]) notKept(
	at path.Path, m M, kept keptValue, created, secret bool, diags *diag.Diagnostics,
) {
	detail := fmt.Sprintf("%s: %s was planned as %s, and the server kept %s.\n\n%s",
		r.subject(m), at, displayed(kept.planned), displayed(kept.stored), kept.cause(r.Server))
	detail += r.afterwards(created)
	if secret {
		diags.AddError("The server kept another value", detail)
		return
	}
	diags.AddAttributeError(at, "The server kept another value", detail)
}

// cause says why a server may have stored something else, and what to do where the two values show it.
func (v keptValue) cause(server Server) string {
	wanted, isText := v.planned.(types.String)
	stored, alsoText := v.stored.(types.String)
	if now := stored.ValueString(); isText && alsoText && now != "" && !v.unchanged {
		switch was := wanted.ValueString(); {
		case now == strings.TrimSpace(was):
			return "The server cut off the blanks at its ends. Write it without them."
		case strings.EqualFold(now, was):
			return "The server changed its letters between upper and lower case. Write it as the server keeps it."
		case strings.HasPrefix(was, now):
			return fmt.Sprintf("The server cut it off after %d characters, which may be all that the column holds. "+
				"Shorten it.", utf8.RuneCountInString(now))
		}
	}
	if server == Kibana {
		return "Usual causes: Kibana rewrites such values, so write it as Kibana keeps it; or somebody else changed it at " +
			"the same time."
	}
	return "Usual causes: a business rule changed it; an ACL of the column dropped it without a word (such calls answer " +
		"200); the value is not in the column's choice list; the record lives in another application scope than the one " +
		"that the account may write in."
}

// afterwards says what became of a record that a write left otherwise than planned.
func (r *lifecycle[T, M]) afterwards(created bool) string {
	if created {
		return "\n\nThe record was created and stays in the state. Terraform marks it as tainted and would replace it; " +
			"once the cause is fixed, keep it with:\n\n  terraform untaint servicenow_" + r.Type + ".NAME"
	}
	return "\n\nThe state holds what the server answered, so the next plan shows the difference again."
}

// addError reports a fault at an attribute. One inside an object is reported at the resource: Terraform knows only the
// lines of the whole object, and would print the secrets next to the fault.
func addError(diags *diag.Diagnostics, at path.Path, summary, detail string) {
	if len(at.Steps()) > 1 {
		diags.AddError(summary, at.String()+": "+detail)
		return
	}
	diags.AddAttributeError(at, summary, detail)
}

func displayed(v attr.Value) string {
	if v.IsNull() {
		return "nothing"
	}
	return v.String()
}
