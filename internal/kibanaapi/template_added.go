package kibanaapi

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// learnTemplates takes what Kibana added to the case fields of templates that were just written out of the answer, and
// remembers it, as learn does for a connector's config.
func (s *CaseSettings) learnTemplates(ctx context.Context, got *record.Answer, mine record.Record) {
	templates := got.Values[templatesKey]
	if templates == nil {
		return
	}
	added := map[string]any{}
	for _, template := range entries(templates) {
		wrote, _ := entryOf(mine.Values[templatesKey], keyOf(template))[caseFieldsKey].(map[string]any)
		fields, _ := template[caseFieldsKey].(map[string]any)
		if further := addedTo(wrote, fields); len(further) > 0 {
			added[keyOf(template)] = further
		}
	}
	data, err := json.Marshal(added)
	if err != nil {
		return // not of decoded JSON
	}
	got.Remembered[addedMemory], got.Remembered[releaseMemory] = string(data), s.release(ctx)
	got.Values[templatesKey] = withoutAdded(templates, added, mine)
}

// recallTemplates takes what an earlier write learned out of templates that were read; what another release added is
// learned anew. Of settings that are being imported, all counts.
func (s *CaseSettings) recallTemplates(ctx context.Context, got *record.Answer, have record.Record) {
	var added map[string]any
	templates := got.Values[templatesKey]
	if templates == nil {
		return
	}
	release := s.release(ctx)
	switch {
	case have.Remembered[addedMemory] == "" || release != "" && have.Remembered[releaseMemory] != release:
		s.learnTemplates(ctx, got, have)
	case json.Unmarshal([]byte(have.Remembered[addedMemory]), &added) == nil:
		got.Remembered[addedMemory] = have.Remembered[addedMemory]
		got.Remembered[releaseMemory] = have.Remembered[releaseMemory]
		got.Values[templatesKey] = withoutAdded(templates, added, have)
	}
}

// withoutAdded returns templates without the case fields that were added to each of mine, by its key.
func withoutAdded(templates any, added map[string]any, mine record.Record) any {
	var kept []any
	for _, template := range entries(templates) {
		if fields, ok := template[caseFieldsKey].(map[string]any); ok {
			template = maps.Clone(template)
			wanted := entryOf(mine.Values[templatesKey], keyOf(template))[caseFieldsKey]
			template[caseFieldsKey] = removeKeys(fields, added[keyOf(template)], wanted)
		}
		kept = append(kept, template)
	}
	return kept
}

// release is Kibana's, empty while it cannot be had.
func (s *CaseSettings) release(ctx context.Context) string {
	version, err := s.kibana.Version(ctx)
	if err != nil {
		return ""
	}
	return version.String()
}
