// SPDX-License-Identifier: Apache-2.0

// Package report turns recordings of storms into a page and a table.
//
// The page is one HTML file without script, without fonts and without anything
// to be fetched: it can be mailed, archived, and opened on a telephone. Its
// curves are SVG made here. Runs stand side by side on the same scales, or below
// one another where the window is narrow; light or dark is as the reader has it.
//
// Files, in reading order: page.go the page; charts.go which curves there are;
// svg.go how one is drawn; scale.go axes; table.go the closing table, for the
// page and for a terminal; style.go the style sheet.
package report
