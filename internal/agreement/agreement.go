// Package agreement holds the test that one scenario gets one verdict,
// whichever artifact describes it.
package agreement
