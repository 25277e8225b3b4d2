// SPDX-License-Identifier: Apache-2.0

// Command holdfast is an L2TP network server and its tools. Each subcommand has
// a file of its own; here they are wired together.
//
//	main.go     the command line
//	serve.go    the daemon
//	check.go    check-config
//	operate.go  show, clear and their like: commands to a running daemon
//	storm.go    the subscriber emulator
//	storm_run.go  its scenarios
//	demo.go     a demonstration: demo_outage.go, demo_tour.go
//	version.go  what this is
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commandLine is what holdfast understands. What is no subcommand is taken for
// words of an operational command.
type commandLine struct {
	Socket string `default:"/run/holdfast/holdfast.sock" placeholder:"PATH" help:"Unix socket of the daemon's API."`

	Serve       serveCommand   `cmd:"" help:"Run the LNS."`
	CheckConfig checkCommand   `cmd:"" help:"Say what is wrong with a configuration, as FILE:LINE:COLUMN: text."`
	Storm       stormCommand   `cmd:"" help:"Dial an LNS with emulated LACs and modems."`
	Demo        demoCommand    `cmd:"" help:"Show an outage that stalls a server, and ours not."`
	Version     versionCommand `cmd:"" help:"Print the version."`
	Operate     operateCommand `cmd:"" default:"withargs" name:"show|clear" help:"Ask or command a running LNS; no words: a prompt; ?: help."`
}

// exitUsage is the status for words that are not understood, as package cli has it.
const exitUsage = 2

// exitCode ends the process with a status and says nothing: whoever returned it
// has said what there was to say.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit status %d", int(c)) }

func main() { os.Exit(run(os.Args[1:])) }

// run does what args say and returns the exit status.
func run(args []string) int {
	var cli commandLine
	parser, err := kong.New(&cli, kong.Name("holdfast"), kong.Description("An L2TP network server (LNS)."))
	if err != nil {
		fmt.Fprintln(os.Stderr, "holdfast:", err)
		return 1
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "holdfast: %v; --help says more\n", err)
		return exitUsage
	}
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer restore()
	context.AfterFunc(ctx, restore) // a second signal ends the process at once
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(&cli)
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintln(os.Stderr, "holdfast:", err)
	return 1
}
