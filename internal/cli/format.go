// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// exactMax is the largest count that tables print as it is: "2000", but "5.0k".
const exactMax = 2000

// short prints a count in four or five columns: 558, 1757, 8.0k, 24k, 1.2M.
func short(n uint32) string {
	switch {
	case n <= exactMax:
		return strconv.FormatUint(uint64(n), 10)
	case n < 99_950:
		return fmt.Sprintf("%.1fk", float64(n)/1e3)
	case n < 999_500:
		return fmt.Sprintf("%.0fk", float64(n)/1e3)
	default:
		return fmt.Sprintf("%.1fM", float64(n)/1e6)
	}
}

// clock prints a duration as 01:06:25, or 3d 01:06:25.
func clock(seconds uint32) string {
	days, s := seconds/86400, seconds%86400
	hms := fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
	if days > 0 {
		return fmt.Sprintf("%dd %s", days, hms)
	}
	return hms
}

// moment prints a time of day in local time.
func moment(unix int64) string { return time.Unix(unix, 0).Format("2006-01-02 15:04:05 MST") }

// span prints a short time: 0.040s.
func span(microseconds uint32) string { return milliseconds((uint64(microseconds) + 500) / 1000) }

// milliseconds prints a time as seconds: 8.001s, or 01:06:25 from an hour on.
func milliseconds(n uint64) string {
	if n >= 3600_000 {
		return clock(uint32(min(n/1000, math.MaxUint32)))
	}
	return fmt.Sprintf("%d.%03ds", n/1000, n%1000)
}

// percent prints a part of a whole; of nothing there is no part.
func percent(part, whole uint64) string {
	if whole == 0 {
		return "0.00%"
	}
	return fmt.Sprintf("%.2f%%", 100*float64(part)/float64(whole))
}

func yes(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}

func enabled(b bool) string {
	if b {
		return "Enabled"
	}
	return "Disabled"
}

// or is s, or what stands for nothing.
func or(s, nothing string) string {
	if s == "" {
		return nothing
	}
	return s
}

// bound is a limit; 0 is none.
func bound(n uint32) string {
	if n == 0 {
		return "unlimited"
	}
	return strconv.FormatUint(uint64(n), 10)
}

// capital is s with its first letter a capital.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
