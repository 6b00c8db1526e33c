package acctest

// Settled counts what the servers hold now as having been there from the start, for tests that insert records
// themselves.
func (w *World) Settled() { w.records = w.count() }
