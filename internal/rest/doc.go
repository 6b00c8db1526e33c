// Package rest is the HTTP engine under both servers' APIs: connections, logins, retries, errors, redaction. It knows
// nothing of Terraform and nothing of what either server keeps.
//
// Every request passes one chain, outermost first:
//
//	retry -> limit -> log -> auth -> transport
//
// The order is the design. Each retry is limited and logged by itself; the log sits outside authentication, so it
// cannot see a credential; and authentication runs anew for each attempt, because a JWT assertion that was sent once
// may be refused the second time for its jti.
//
// A request that is not safe to repeat is never repeated blindly: when its answer is lost, the error satisfies
// errors.Is(err, record.ErrOutcomeUnknown), and the caller, who knows how to look for what it tried to make, resolves
// it.
package rest
