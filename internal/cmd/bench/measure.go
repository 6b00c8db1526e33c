package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/handshake"
)

// variant is one way of having the same number of resources.
type variant struct {
	name   string
	source string // of the provider; empty for Terraform's own
	mode   string // refresh_mode
	estate func(size int) estate
}

func (b *bench) variants() []variant {
	own := func(size int) estate { return mixed(b.sim, size) }
	return []variant{
		{"servicenow", ownName, "bulk", own},
		{"servicenow, single", ownName, "single", own},
		{"terraform_data", "", "bulk", builtIn},
	}
}

// The operations that are measured, in their order.
const (
	firstApply   = "first apply"
	noChangePlan = "no-change plan"
	oneChange    = "one change"
	destroy      = "destroy"
)

// measure takes estates through their lives, size by size, round by round, latency by latency, variant by variant: what
// else the machine does falls on all variants alike.
func (b *bench) measure(ctx context.Context) error {
	if err := b.startUp(ctx); err != nil {
		return err
	}
	wholeLives, plansOnly, latencies := []int{100, 1000}, []int{5000}, []int{0, 50, 200}
	if b.quick {
		wholeLives, plansOnly, latencies = []int{100}, []int{500}, []int{0, 50}
	}
	for _, size := range wholeLives {
		for round := range b.runs {
			for _, latency := range latencies {
				for _, v := range b.variants() {
					b.say("round %d: %s, %d resources, %d ms", round+1, v.name, size, latency)
					if err := b.wholeLife(ctx, v, size, latency); err != nil {
						return err
					}
				}
			}
		}
	}
	for _, size := range plansOnly {
		if err := b.plans(ctx, size, latencies); err != nil {
			return err
		}
	}
	if err := b.results.write(b.out, os.Stdout); err != nil || b.publish == "" {
		return err
	}
	return b.results.publish(b.publish)
}

func (b *bench) say(format string, args ...any) { _, _ = fmt.Fprintf(os.Stderr, format+"\n", args...) }

// wholeLife creates an estate, plans it, changes one resource and destroys it.
func (b *bench) wholeLife(ctx context.Context, v variant, size, latency int) error {
	w, err := newWorkspace(b.dir, v.estate(size), b.binaries, v.source)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		operation, want string
		env             []string
		args            []string
	}{
		{firstApply, fmt.Sprintf("Resources: %d added", size), nil, []string{"apply", "-auto-approve"}},
		{noChangePlan, "No changes.", nil, []string{"plan"}},
		{
			oneChange, "Resources: 0 added, 1 changed, 0 destroyed",
			[]string{"TF_VAR_description=Changed"},
			[]string{"apply", "-auto-approve"},
		},
		{
			destroy, fmt.Sprintf("Resources: %d destroyed", size),
			[]string{"TF_VAR_description=Changed"},
			[]string{"destroy", "-auto-approve"},
		},
	} {
		err := b.step(ctx, w, key{size, latency, step.operation, v.name}, step.want,
			append(step.env, "TF_VAR_refresh_mode="+v.mode), step.args...)
		if err != nil {
			return err
		}
	}
	return os.RemoveAll(w.dir)
}

// plans creates an estate of each kind once, without latency, and measures plans of no change only.
func (b *bench) plans(ctx context.Context, size int, latencies []int) error {
	spaces := map[string]*workspace{} // by source: bulk and single plan the same state
	for _, v := range b.variants() {
		if spaces[v.source] != nil {
			continue
		}
		b.say("creating %d resources of %s", size, v.name)
		if err := setLatency(b.sim, 0); err != nil {
			return err
		}
		w, err := newWorkspace(b.dir, v.estate(size), b.binaries, v.source)
		if err != nil {
			return err
		}
		spaces[v.source] = w
		if _, err := w.run(ctx, fmt.Sprintf("Resources: %d added", size), nil, "apply", "-auto-approve"); err != nil {
			return err
		}
	}
	for round := range b.runs {
		for _, latency := range latencies {
			for _, v := range b.variants() {
				b.say("round %d: plan of %s, %d resources, %d ms", round+1, v.name, size, latency)
				err := b.step(ctx, spaces[v.source], key{size, latency, noChangePlan, v.name}, "No changes.",
					[]string{"TF_VAR_refresh_mode=" + v.mode}, "plan")
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// step measures one command.
func (b *bench) step(ctx context.Context, w *workspace, k key, want string, env []string, args ...string) error {
	if err := setLatency(b.sim, k.Latency); err != nil {
		return err
	}
	takeTraffic(b.sim)
	c, err := w.run(ctx, want, env, args...)
	if err != nil {
		return err
	}
	c.Requests = takeTraffic(b.sim)
	b.results.add(k, c)
	return nil
}

// startUp measures the time from starting a provider to its first answer to GetProviderSchema.
func (b *bench) startUp(ctx context.Context) error {
	info, err := os.Stat(b.provider[ownName])
	if err != nil {
		return err
	}
	b.results.BinaryBytes = info.Size()
	const starts = 15
	for range starts {
		for name, binary := range map[string]string{"servicenow": b.provider[ownName], "one resource": b.small()} {
			started := time.Now()
			//nolint:gosec // built by this program
			if _, err := handshake.Schema(ctx, exec.CommandContext(ctx, binary)); err != nil {
				return fmt.Errorf("starting the provider of %s: %w", name, err)
			}
			b.results.startUps[name] = append(b.results.startUps[name], time.Since(started).Seconds())
		}
	}
	return nil
}

const connectors = 200

// comparePeer plans connectors with this provider and with elasticstack's, with equal credentials.
func (b *bench) comparePeer(ctx context.Context) error {
	variants := []variant{
		{"servicenow", ownName, "bulk", func(n int) estate { return ofOne(b.sim, "connectors", itsmConnector, n) }},
		{"elasticstack", peerName, "bulk", func(n int) estate { return peerConnectors(b.sim, n) }},
	}
	spaces := map[string]*workspace{}
	for _, v := range variants {
		w, err := newWorkspace(b.dir, v.estate(connectors), b.binaries, v.source)
		if err != nil {
			return err
		}
		b.say("creating %d connectors with %s", connectors, v.name)
		spaces[v.name] = w
		_, err = w.run(ctx, fmt.Sprintf("Resources: %d added", connectors), nil, "apply", "-auto-approve")
		if err != nil {
			return err
		}
	}
	for range b.runs {
		for _, latency := range []int{0, 100} {
			for _, v := range variants {
				err := b.step(ctx, spaces[v.name], key{connectors, latency, noChangePlan, v.name}, "No changes.", nil, "plan")
				if err != nil {
					return err
				}
			}
		}
	}
	return b.results.write(filepath.Join(b.out, "peer"), os.Stdout)
}

// profile plans a thousand roles and the connectors with a provider that profiles itself.
func (b *bench) profile(ctx context.Context) error {
	for _, e := range []estate{
		ofOne(b.sim, "roles", `resource "servicenow_role" "bench" {
  name        = "x_bench.role_${count.index}"
  description = "Role ${count.index}"`, 1000),
		ofOne(b.sim, "connectors", itsmConnector, connectors),
	} {
		w, err := newWorkspace(b.dir, e, b.binaries, ownName)
		if err != nil {
			return err
		}
		for _, step := range []struct {
			name, want string
			args       []string
		}{
			{"apply", fmt.Sprintf("Resources: %d added", e.size), []string{"apply", "-auto-approve"}},
			{"plan", "No changes.", []string{"plan"}},
		} {
			profiles := filepath.Join(b.out, "profiles", e.name+"-"+step.name)
			if err := os.RemoveAll(profiles); err != nil {
				return err
			}
			if err := os.MkdirAll(profiles, 0o700); err != nil {
				return err
			}
			if _, err := w.run(ctx, step.want, []string{"BENCH_PROFILES=" + profiles}, step.args...); err != nil {
				return err
			}
			b.say("profiles of each process of the provider: %s", profiles)
		}
	}
	return nil
}
