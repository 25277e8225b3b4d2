// SPDX-License-Identifier: Apache-2.0

// Package l2tp is both ends of L2TP version 2 (RFC 2661), without I/O.
package l2tp
