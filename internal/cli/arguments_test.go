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
		{[]string{"guard", "allow"}, "accepts 1 arg(s), received 0"},
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
