// Package handshake starts a provider's binary as Terraform does and asks it for its schema, without Terraform.
package handshake

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// What Terraform sets for the providers that it starts; a provider without it explains itself and ends.
const cookie = "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"

// maxSchema bounds the answer, in bytes, as Terraform does.
const maxSchema = 64 << 20

// Schema runs command, which is not started yet, asks for the provider's schema once and ends the process. It returns
// the schema's size on the wire, in bytes. The command's environment, if any, is extended; its standard error is
// untouched.
func Schema(ctx context.Context, command *exec.Cmd) (size int, err error) {
	if command.Env == nil {
		command.Env = os.Environ()
	}
	command.Env = append(command.Env, cookie, "PLUGIN_PROTOCOL_VERSIONS=6")
	out, err := command.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := command.Start(); err != nil {
		return 0, fmt.Errorf("starting the provider: %w", err)
	}
	ended := make(chan struct{})
	defer func() {
		if killed := command.Process.Kill(); killed != nil && !errors.Is(killed, os.ErrProcessDone) {
			err = errors.Join(err, killed)
		}
		<-ended
	}()
	lines := bufio.NewReader(out)
	line, readErr := lines.ReadString('\n')
	go func() {
		_, _ = io.Copy(io.Discard, lines) // the provider must never wait for a reader
		_ = command.Wait()                // killed, in the end
		close(ended)
	}()
	if readErr != nil {
		return 0, fmt.Errorf("the provider ended without saying where it listens: %w", readErr)
	}
	target, err := address(strings.TrimSpace(line))
	if err != nil {
		return 0, err
	}
	return ask(ctx, target)
}

// address reads go-plugin's line: core protocol, application protocol, network, address, kind.
func address(line string) (string, error) {
	parts := strings.Split(line, "|")
	if len(parts) < 5 || parts[1] != "6" || parts[4] != "grpc" {
		return "", fmt.Errorf("the provider does not speak protocol 6 over gRPC: %q", line)
	}
	switch parts[2] {
	case "unix":
		return "unix:" + parts[3], nil
	case "tcp":
		return "passthrough:" + parts[3], nil
	}
	return "", fmt.Errorf("the provider listens on an unknown network: %q", line)
}

func ask(ctx context.Context, target string) (size int, err error) {
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxSchema)))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	// The messages of the protocol are private to terraform-plugin-go. An empty one is encoded as an empty request is, and
	// keeps what it does not know of the answer.
	var answer emptypb.Empty
	err = connection.Invoke(ctx, "/tfplugin6.Provider/GetProviderSchema", &emptypb.Empty{}, &answer)
	if err != nil {
		return 0, fmt.Errorf("asking for the schema: %w", err)
	}
	return len(answer.ProtoReflect().GetUnknown()), nil
}
