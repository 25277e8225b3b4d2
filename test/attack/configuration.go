// SPDX-License-Identifier: Apache-2.0

package main

import "holdfast/cmd/holdfast/stage"

const (
	secret         = "attack-me"
	metricsAddress = "127.0.0.1:9117" // the stage has one of its own in its place
)

// configuration is that of the LNS; protection is what it says below system.
func configuration(protection string) string {
	return stage.Configuration{
		System:    protection,
		Processes: "metrics { listen " + metricsAddress + "; }",
		Client:    "l2tp { shared-secret " + secret + "; }",
	}.Text()
}
