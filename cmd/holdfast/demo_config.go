// SPDX-License-Identifier: Apache-2.0

package main

import "holdfast/cmd/holdfast/stage"

// What makes a server that answers every call, late, and what is done about it there.
const (
	noAdmission = `admission { disable; } redial-replaces { disable; }`
	policer     = `ddos-protection { protocols { l2tp { aggregate { bandwidth 250; burst 250; recover-time 90; } } } }`
	noHello     = `hello-interval 0;`
)

// configuration is what the LNS begins with. A tunnel keeps the HELLO interval that
// it was set up with: a run that ends with the policer begins without HELLOs.
func (r *outageRun) configuration() stage.Configuration {
	c := stage.Configuration{Processes: "shards 1;"}
	if !r.admission {
		c.L2TP = noAdmission
	}
	if r.policed > 0 {
		c.TunnelGroup = noHello
	}
	return c
}

// policed is a configuration with the policer.
func policed(c stage.Configuration) stage.Configuration {
	c.System = policer
	return c
}
