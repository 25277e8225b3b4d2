// SPDX-License-Identifier: Apache-2.0

// Package aaa talks to RADIUS servers.
package aaa
