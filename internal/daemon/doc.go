// SPDX-License-Identifier: Apache-2.0

// Package daemon puts the parts together: it reads the configuration, starts
// everything in order, tells the service manager, obeys signals, and stops
// everything in reverse. It knows everybody below it and holds no logic of
// theirs.
//
//	start                                                      stop
//	 1  configuration: parsed and built, or nothing begins        -
//	 2  log                                                    written out
//	 3  addresses of lo0 that the host lacks                   removed
//	 4  data plane, its routing instances                      closed, with devices and routes
//	 5  sockets of the gateways                                closed
//	 6  RADIUS: certificates read, ports for CoA opened        closed, queries under way given up
//	 7  engines and shards, readers; data sockets to the plane ended
//	 -                                                         every tunnel told (StopCCN), within StopTimeout
//	 8  API on its Unix socket, metrics                        closed, calls under way finished
//	 9  READY=1                                                STOPPING=1
//
// SIGTERM and SIGINT stop the daemon; a second one ends it on the spot. SIGHUP
// loads the configuration again. That takes two steps: first everything is
// checked that may refuse, and only then is anything changed; a configuration
// that is not sound, or that asks for what only a restart can give, changes
// nothing and is reported. Living sessions keep what they were set up with.
//
// A task that fails (a socket that cannot be read any more) stops the daemon in
// the same order, and Run returns why.
//
// Each task belongs to a part of the daemon, and its goroutines are labelled with
// the part's name. When an operator asks who uses the processors, the profiler of
// the Go runtime runs for a second and finds the labels at its samples; until then
// it costs nothing.
//
// Files, in reading order: daemon.go (Run, the order), core.go (plane, shards,
// sockets), aaa.go, addresses.go, surfaces.go (API and metrics), backend.go (what the
// API asks of us), reload.go, layer.go (groups of tasks), none.go (no data
// plane), signal.go, store.go (accounting on disk), police.go and devices.go (the owner
// of the policers), parts.go and profile.go (who uses the processors), system.go (the
// computer).
package daemon
