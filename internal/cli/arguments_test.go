package cli

import (
	"errors"
	"testing"
)

func TestArgumentError(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"guard", "instal"}, `unknown command "guard instal", did you mean "guard install"?`},
		{[]string{"guard", "bogus"}, `unknown command "guard bogus"`},
		{[]string{"policy", "tets"}, `unknown command "policy tets", did you mean "policy test"?`},
		{[]string{"guard", "on", "now"}, `bulkhead guard on takes no arguments, got "now"`},
		{[]string{"guard", "allow"}, "0 arguments are not what it takes: bulkhead guard allow ID [flags]"},
		{[]string{"guard", "learn", "-o", "x"}, "0 arguments are not what it takes: bulkhead guard learn [flags] -- COMMAND [ARGUMENT...]"},
		{[]string{"explain", "--all", "x"}, "explain --all takes no rule"},
	} {
		root := (&app{}).root()
		root.SetArgs(tt.args)
		err := root.Execute()
		var wrong *usageError
		if !errors.As(err, &wrong) || err.Error() != tt.want || wrong.hint == "" {
			t.Errorf("%q: got %v, want the usage error %s with a hint", tt.args, err, tt.want)
		}
	}
}
