// Package cases holds tests only: what other tools use as their own examples
// is read, judged and fixed by all rules together, and so is hostile input.
package cases
