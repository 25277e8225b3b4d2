// SPDX-License-Identifier: Apache-2.0

// Package live shows a storm while it goes on: on a terminal a screen that is
// drawn again every second, elsewhere a line a second.
//
//	scenario.Runner --Begin, Enter, Sample--> Screen --> Program (bubbletea), or Lines
//
// The picture is a pure function of what was told (view.go), and so is each line
// (lines.go): both are tested without a terminal.
//
// Files, in reading order: screen.go what others call; model.go the program;
// view.go the picture; spark.go its curves; lines.go the plain form.
package live
