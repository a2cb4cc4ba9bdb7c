// App is what the containers of tests run. It needs no libraries and no files:
//
//	app                    wait for a signal
//	app listen ADDRESS     listen on a TCP address, and wait
//	app child UID          run "app" as another user, and wait
//	app connect ADDRESS    exit with 0 if ADDRESS can be connected to
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 {
		switch args[0] {
		case "listen":
			l, err := net.Listen("tcp", args[1])
			if err != nil {
				return err
			}
			defer l.Close()
		case "child":
			if err := child(args[1]); err != nil {
				return err
			}
		case "connect":
			conn, err := net.DialTimeout("tcp", args[1], 2*time.Second)
			if err != nil {
				return err
			}
			return conn.Close()
		default:
			return fmt.Errorf("unknown command %q", args[0])
		}
	}
	fmt.Println("ready")
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	return nil
}

// child starts "app" as uid.
func child(uid string) error {
	n, err := strconv.ParseUint(uid, 10, 32)
	if err != nil {
		return err
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(n), Gid: uint32(n), NoSetGroups: true}}
	ready, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	_, err = ready.Read(make([]byte, 1)) // it has changed its user by now
	return err
}
