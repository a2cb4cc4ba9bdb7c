// Command gen writes the tables that package catalog embeds, from the data of
// endoflife.date and of docker-library/official-images.
//
// Run it from the root of the project: go run ./internal/catalog/gen.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"bulkhead/internal/catalog/gen/table"
)

func main() {
	if err := run("../shared/data/images", "internal/catalog"); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run writes the tables made from the files in the folder data to the folder
// to.
func run(data, to string) error {
	tables, err := table.Make(data)
	if err != nil {
		return err
	}
	for name, text := range tables {
		if err := os.WriteFile(filepath.Join(to, name), text, 0o644); err != nil {
			return fmt.Errorf("write table: %w", err)
		}
	}
	return nil
}
