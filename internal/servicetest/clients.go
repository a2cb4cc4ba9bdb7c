package servicetest

import (
	"context"
	"strings"
)

// testPostgreSQL makes a table, writes and reads it, and drops it.
func testPostgreSQL(ctx context.Context, t *Target) error {
	table, text := word(), word()
	got, err := t.Client(ctx, "postgres", "psql", "-h", t.Address, "-U", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1",
		"-c", "CREATE TABLE "+table+" (id serial PRIMARY KEY, body text)",
		"-c", "INSERT INTO "+table+" (body) VALUES ('"+text+"')",
		"-c", "CREATE INDEX ON "+table+" (body)", "-c", "CHECKPOINT",
		"-c", "SELECT body FROM "+table, "-c", "DROP TABLE "+table)
	if err != nil {
		return err
	}
	return same("row", got, text)
}

// testMariaDB makes a table, writes and reads it, and drops it.
func testMariaDB(ctx context.Context, t *Target) error {
	table, text := word(), word()
	got, err := t.Client(ctx, "root", "mariadb", "-h", t.Address, "-u", "app", "-papp", "-N", "-B", "app", "-e",
		"CREATE TABLE "+table+" (id int AUTO_INCREMENT PRIMARY KEY, body text) ENGINE=InnoDB; INSERT INTO "+table+
			" (body) VALUES ('"+text+"'); SELECT body FROM "+table+"; DROP TABLE "+table)
	if err != nil {
		return err
	}
	return same("row", got, text)
}

// testSSH logs in, writes a file and reads it.
func testSSH(ctx context.Context, t *Target) error {
	text := word()
	got, err := t.Client(ctx, "visitor", "ssh", "-i", "/home/visitor/.ssh/id", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
		"-o", "LogLevel=ERROR", "visitor@"+t.Address, "echo "+text+" >/tmp/"+text+" && cat /tmp/"+text+" && rm /tmp/"+text+" && id -un")
	if err != nil {
		return err
	}
	return same("what the command prints", strings.Join(strings.Fields(got), " "), text+" visitor")
}
