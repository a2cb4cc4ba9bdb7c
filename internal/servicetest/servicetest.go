// Package servicetest has sixteen services as they are run everywhere: images of
// Debian's packages, and for each a test that writes something and reads it back.
package servicetest

import (
	"context"
	"embed"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// A Service is one to run in a container. Its files are in services/Name.txtar:
// what is in the image beside the packages, and "setup", shell commands that run
// when the packages are installed.
type Service struct {
	Name     string
	Packages []string // of Debian
	Programs []string // Go sources among the files, to build: "srv/main.go" becomes "srv/main"
	Env      []string
	Command  []string
	User     string   // "" is root
	Volumes  []string // folders that outlive the container
	Stop     string   // the signal that ends it; "" is SIGTERM
	Port     int      // TCP port that accepts when the service has started

	// Test writes and reads back. It may be called again, and of several at once.
	Test func(ctx context.Context, t *Target) error
}

// All returns the services.
func All() []Service {
	return []Service{
		{
			Name: "nginx", Packages: []string{"nginx"}, Port: 80, Test: testDAV, Volumes: []string{"/srv/files"},
			Command: []string{"nginx", "-g", "daemon off;"},
		},
		{
			Name: "apache2", Packages: []string{"apache2"}, Port: 80, Test: testDAV, Volumes: []string{"/srv/files"},
			Env: []string{
				"APACHE_RUN_USER=www-data", "APACHE_RUN_GROUP=www-data", "APACHE_RUN_DIR=/run/apache2", "APACHE_LOCK_DIR=/run/lock/apache2",
				"APACHE_PID_FILE=/run/apache2/apache2.pid", "APACHE_LOG_DIR=/var/log/apache2",
			},
			Command: []string{"apache2", "-D", "FOREGROUND"},
		},
		{
			Name: "redis", Packages: []string{"redis-server"}, Port: 6379, Test: testRedis, User: "redis", Volumes: []string{"/var/lib/redis"},
			Command: []string{"redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--dir", "/var/lib/redis", "--appendonly", "yes"},
		},
		{
			Name: "memcached", Packages: []string{"memcached"}, Port: 11211, Test: testMemcached, User: "memcache",
			Command: []string{"memcached", "-l", "0.0.0.0"},
		},
		{
			Name: "postgresql", Packages: []string{"postgresql-15"}, Port: 5432, Test: testPostgreSQL, User: "postgres",
			Volumes: []string{"/var/lib/postgresql/15/main"},
			Command: []string{"/usr/lib/postgresql/15/bin/postgres", "-D", "/var/lib/postgresql/15/main", "-c", "config_file=/etc/postgresql/15/main/postgresql.conf"},
		},
		{
			Name: "mariadb", Packages: []string{"mariadb-server"}, Port: 3306, Test: testMariaDB, User: "mysql", Volumes: []string{"/var/lib/mysql"},
			Command: []string{"mariadbd", "--bind-address=0.0.0.0", "--init-file=/etc/mysql/users.sql"},
		},
		{
			// Without a master it leaves SIGTERM alone, which the kernel keeps from a first process then.
			Name: "haproxy", Packages: []string{"haproxy"}, Port: 8080, Test: testHAProxy, Stop: "SIGUSR1",
			Command: []string{"haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg"},
		},
		{
			Name: "rabbitmq", Packages: []string{"rabbitmq-server"}, Port: 5672, Test: testRabbitMQ, User: "rabbitmq", Volumes: []string{"/var/lib/rabbitmq"},
			Env:     []string{"RABBITMQ_NODENAME=rabbit@localhost", "RABBITMQ_LOGS=-", "HOME=/var/lib/rabbitmq"},
			Command: []string{"/usr/lib/rabbitmq/bin/rabbitmq-server"},
		},
		{
			Name: "mosquitto", Packages: []string{"mosquitto"}, Port: 1883, Test: testMosquitto, User: "mosquitto", Volumes: []string{"/var/lib/mosquitto"},
			Command: []string{"mosquitto", "-c", "/etc/mosquitto/mosquitto.conf"},
		},
		{
			Name: "nats", Packages: []string{"nats-server"}, Port: 4222, Test: testNATS, User: "nats", Volumes: []string{"/var/lib/nats"},
			Command: []string{"nats-server", "-js", "-sd", "/var/lib/nats"},
		},
		{
			Name: "unbound", Packages: []string{"unbound"}, Port: 53, Test: testUnbound,
			Command: []string{"unbound", "-d", "-c", "/etc/unbound/unbound.conf"},
		},
		{
			Name: "postfix", Packages: []string{"postfix"}, Port: 25, Test: testPostfix, Volumes: []string{"/var/mail", "/var/spool/postfix"},
			Command: []string{"postfix", "start-fg"},
		},
		{
			Name: "openssh", Packages: []string{"openssh-server"}, Port: 22, Test: testSSH,
			Command: []string{"/usr/sbin/sshd", "-D", "-e"},
		},
		{
			Name: "squid", Packages: []string{"squid"}, Port: 3128, Test: testSquid,
			Command: []string{"squid", "-N", "-f", "/etc/squid/squid.conf"},
		},
		{
			Name: "node", Packages: []string{"nodejs"}, Port: 8000, Test: testDAV, User: "www-data", Volumes: []string{"/srv/files"},
			Command: []string{"node", "/srv/app/main.js"},
		},
		{
			Name: "go", Programs: []string{"srv/app/main.go"}, Port: 8000, Test: testDAV, User: "www-data", Volumes: []string{"/srv/files"},
			Command: []string{"/srv/app/main"},
		},
	}
}

// Named returns the services of those names, in the order of All; without names
// all. The second result is a name there is not.
func Named(names ...string) ([]Service, string) {
	all := All()
	if len(names) == 0 {
		return all, ""
	}
	for _, n := range names {
		if !slices.ContainsFunc(all, func(s Service) bool { return s.Name == n }) {
			return nil, n
		}
	}
	return slices.DeleteFunc(all, func(s Service) bool { return !slices.Contains(names, s.Name) }), ""
}

//go:embed services
var files embed.FS

// setup is the name of the commands among a service's files.
const setup = "setup"

// text returns the files of the service, and the commands that run when the
// packages are installed.
func (s *Service) text() (commands string, out []txtar.File, err error) {
	data, err := files.ReadFile(path.Join("services", s.Name+".txtar"))
	if err != nil {
		return "", nil, err
	}
	for _, f := range txtar.Parse(data).Files {
		if f.Name == setup {
			commands = string(f.Data)
			continue
		}
		f.Name = strings.TrimPrefix(f.Name, "/")
		out = append(out, f)
	}
	return commands, out, nil
}
