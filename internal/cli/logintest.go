// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"

	pb "holdfast/internal/api/holdfastv1"
)

// testLogin is "test aaa ppp". The password is never shown.
func testLogin(ctx context.Context, c *call) error {
	user := c.query.selector.UserName
	if user == "" || c.query.password == "" {
		return &usageError{errors.New("syntax error, expecting user <name> and password <password>")}
	}
	res, err := c.client.TestAuthentication(ctx, connect.NewRequest(&pb.TestAuthenticationRequest{
		UserName: user, Password: c.query.password, Profile: c.query.name,
	}))
	if err != nil {
		return err
	}
	m := res.Msg
	if c.json {
		return showMessage(c, m)
	}
	fmt.Fprintf(c.out, "Authentication %s\n", m.Result)
	const column = "    %-27s - %s\n"
	fmt.Fprintf(c.out, column, "Access Profile", m.Profile)
	fmt.Fprintf(c.out, column, "Source", or(m.Source, "none of its sources"))
	if m.Server != "" {
		fmt.Fprintf(c.out, column, "Server", m.Server)
		fmt.Fprintf(c.out, column, "Time", roundTrip(m.ElapsedUs))
	}
	if m.Message != "" {
		fmt.Fprintf(c.out, column, "Message", m.Message)
	}
	if len(m.Attributes) > 0 {
		fmt.Fprintln(c.out, "************User Attributes***********")
	}
	for _, a := range m.Attributes {
		fmt.Fprintf(c.out, column, a.Name, a.Value)
	}
	fmt.Fprintln(c.out, "Test complete. Exiting")
	return nil
}
