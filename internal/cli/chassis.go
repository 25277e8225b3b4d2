// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
)

// showRoutingEngine is "show chassis routing-engine". What a computer does not
// tell is left out.
func showRoutingEngine(ctx context.Context, c *call) error {
	res, err := c.client.GetHost(ctx, connect.NewRequest(&pb.GetHostRequest{}))
	if err != nil {
		return err
	}
	h, w := res.Msg, c.out
	if c.json {
		return showMessage(c, h)
	}
	fmt.Fprintln(w, "Routing Engine status:")
	fmt.Fprintln(w, "  Slot 0:") // there is one
	engineLine(w, "    Current state", "Master")
	engineLine(w, "    Election priority", "Master")
	temperatures(w, h.Temperatures)
	memory := fmt.Sprintf("%d MB", h.MemoryBytes>>20)
	if h.InstalledBytes > 0 {
		memory += fmt.Sprintf(" (%d MB installed)", h.InstalledBytes>>20)
	}
	engineLine(w, "    DRAM", memory)
	engineLine(w, "    Memory utilization", whole(part(h.MemoryBytes-min(h.AvailableBytes, h.MemoryBytes), h.MemoryBytes)))
	p := h.GetProcessor()
	fmt.Fprintln(w, "    CPU utilization:")
	engineLine(w, "      User", whole(p.GetUser()))
	engineLine(w, "      Background", whole(p.GetBackground()))
	engineLine(w, "      Kernel", whole(p.GetKernel()))
	engineLine(w, "      Interrupt", whole(p.GetInterrupt()))
	if p.GetStolen() > 0 {
		engineLine(w, "      Stolen", whole(p.GetStolen()))
	}
	engineLine(w, "      Idle", whole(p.GetIdle()))
	engineLine(w, "    Model", fmt.Sprintf("%s, %d processors", or(h.Model, "unknown"), h.Processors))
	if h.Serial != "" {
		engineLine(w, "    Serial ID", h.Serial)
	}
	engineLine(w, "    Start time", moment(h.StartedUnix))
	engineLine(w, "    Uptime", upTime(h.NowUnix-h.StartedUnix))
	fmt.Fprintf(w, "    %-30s %10s %10s %10s\n", "Load averages:", "1 minute", "5 minute", "15 minute")
	fmt.Fprintf(w, "    %-30s %10.2f %10.2f %10.2f\n", "", h.Load_1, h.Load_5, h.Load_15)
	return nil
}

func engineLine(w io.Writer, name, value string) { fmt.Fprintf(w, "%-34s %s\n", name, value) }

// temperatures prints that of the processors as such, the first of the others as
// that of the whole, and what is left by name.
func temperatures(w io.Writer, list []*pb.Temperature) {
	var processor, board *pb.Temperature
	var others []*pb.Temperature
	for _, t := range list {
		switch {
		case processor == nil && (t.Name == "x86_pkg_temp" || t.Name == "cpu-thermal" || t.Name == "cpu_thermal"):
			processor = t
		case board == nil:
			board = t
		default:
			others = append(others, t)
		}
	}
	line := func(name string, t *pb.Temperature) {
		if t != nil {
			engineLine(w, "    "+name, fmt.Sprintf("%d degrees C / %d degrees F", t.Celsius, int(math.Round(float64(t.Celsius)*9/5+32))))
		}
	}
	line("Temperature", board)
	line("CPU temperature", processor)
	for _, t := range others {
		line("Temperature of "+t.Name, t)
	}
}

// whole is a share in whole percent.
func whole(percent float64) string { return fmt.Sprintf("%.0f percent", percent) }

// part is how many percent of all a part is.
func part(of, all uint64) float64 {
	if all == 0 {
		return 0
	}
	return 100 * float64(of) / float64(all)
}

// upTime is a long time in words: 11 days, 18 hours, 9 minutes, 48 seconds.
func upTime(seconds int64) string {
	units := []struct {
		name string
		n    int64
	}{{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}}
	text := ""
	for _, u := range units {
		n := seconds / u.n
		seconds %= u.n
		if n == 0 && text == "" && u.n > 1 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%d %s", n, u.name)
		if n != 1 {
			text += "s"
		}
	}
	return text
}

// showProcesses is "show system processes extensive".
func showProcesses(ctx context.Context, c *call) error {
	res, err := c.client.ListProcesses(ctx, connect.NewRequest(&pb.ListProcessesRequest{}))
	if err != nil {
		return err
	}
	if c.json {
		return showMessage(c, res.Msg)
	}
	processHead(c.out, res.Msg)
	const columns = "%5s %-10s %4s %3s %4s %6s %6s %-6s %7s %6s %s\n"
	fmt.Fprintf(c.out, columns, "PID", "USERNAME", "THR", "PRI", "NICE", "SIZE", "RES", "STATE", "TIME", "WCPU", "COMMAND")
	for _, p := range res.Msg.Processes {
		size, resident, used, command := sizeText(p.SizeBytes), sizeText(p.ResidentBytes), minutes(p.TimeMs), p.Command
		if p.Part != "" {
			// A part shares the memory of the whole, and its time is only looked at now:
			// to add it up, the profiler would have to run all the time.
			size, resident, used, command = "-", "-", "-", fmt.Sprintf("%s{%s}", p.Command, p.Part)
		}
		fmt.Fprintf(c.out, columns, fmt.Sprint(p.Pid), p.User, fmt.Sprint(p.Threads), fmt.Sprint(p.Priority), fmt.Sprint(p.Nice),
			size, resident, p.State, used, fmt.Sprintf("%.2f%%", p.Percent), command)
	}
	return nil
}

// processHead prints what top prints above its table.
func processHead(w io.Writer, m *pb.Processes) {
	h := m.GetHost()
	up := h.GetNowUnix() - h.GetStartedUnix()
	fmt.Fprintf(w, "last pid: %5d;  load averages: %5.2f, %5.2f, %5.2f  up %d+%02d:%02d:%02d    %s\n",
		h.GetLastPid(), h.GetLoad_1(), h.GetLoad_5(), h.GetLoad_15(), up/86400, up/3600%24, up/60%60, up%60, time.Unix(h.GetNowUnix(), 0).Format("15:04:05"))
	states := map[string]int{}
	total := 0
	for _, p := range m.GetProcesses() {
		if p.Part == "" {
			total++
			states[p.State]++
		}
	}
	fmt.Fprintf(w, "%d processes:", total)
	separator := " "
	for _, s := range []struct{ state, name string }{
		{"RUN", "running"}, {"sleep", "sleeping"}, {"disk", "waiting for a disk"}, {"stop", "stopped"}, {"zomb", "zombie"}, {"WAIT", "waiting"},
	} {
		if n := states[s.state]; n > 0 {
			fmt.Fprintf(w, "%s%d %s", separator, n, s.name)
			separator = ", "
		}
	}
	fmt.Fprintf(w, "\n\nMem: %s Active, %s Inact, %s Wired, %s Cache, %s Buf, %s Free\n", sizeText(h.GetActiveBytes()), sizeText(h.GetInactiveBytes()),
		sizeText(h.GetWiredBytes()), sizeText(h.GetCacheBytes()), sizeText(h.GetBufferBytes()), sizeText(h.GetFreeBytes()))
	fmt.Fprintf(w, "Swap: %s Total, %s Free\n\n\n", sizeText(h.GetSwapBytes()), sizeText(h.GetSwapFreeBytes()))
}

// sizeText is a size in five digits and a unit, as top has it.
func sizeText(n uint64) string {
	units := []string{"K", "M", "G", "T"}
	n = (n + 512) >> 10
	for i, u := range units {
		if n < 100_000 && (i == 0 || n < 10_000) || i == len(units)-1 {
			return fmt.Sprintf("%d%s", n, u)
		}
		n = (n + 512) >> 10
	}
	return ""
}

// minutes is processor time as top has it: 512:53.
func minutes(ms uint64) string { return fmt.Sprintf("%d:%02d", ms/60_000, ms/1000%60) }
