package engine

import "testing"

// TestPlain takes the headers out of what a container wrote, and leaves a terminal's
// output as it is.
func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"": "",
		"\x01\x00\x00\x00\x00\x00\x00\x03one\x02\x00\x00\x00\x00\x00\x00\x04 two": "one two",
		"\x01\x00\x00\x00\x00\x00\x00\xffcut off":                                 "cut off",
		"\x01\x00\x00\x00\xff\xff\xff\xffmuch":                                    "much",
		"of a terminal\r\n":                                                       "of a terminal\r\n",
	} {
		if got := plain([]byte(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
