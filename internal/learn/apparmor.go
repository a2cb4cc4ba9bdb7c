package learn

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// libraries are the folders of libraries that are allowed whole: what a program
// loads by itself is not known.
var libraries = []string{"/lib", "/lib32", "/lib64", "/libx32", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib"}

// AppArmor returns an AppArmor profile called name that allows what was learned:
// reading all files, writing to the writable folders and to the mounts, running the
// programs that ran, the needed capabilities, and what containers' profiles refuse
// by default. It needs no other file.
func (r *Learned) AppArmor(name string) []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, "  "+format+",\n", args...) }
	fmt.Fprintf(&b, "# What %s was seen to need. Load it with apparmor_parser -r FILE.\n", comment(r.Name))
	fmt.Fprintf(&b, "profile %s flags=(attach_disconnected,mediate_deleted) {\n", quoted(name))
	for _, family := range []string{"inet", "inet6", "unix", "netlink"} {
		line("network %s", family)
	}
	for _, c := range r.Capabilities {
		line("capability %s", strings.ToLower(c))
	}
	line("signal (receive) peer=unconfined") // the engine's
	line("signal (send, receive) peer=%s", quoted(name))
	line("ptrace (read) peer=%s", quoted(name))
	b.WriteString("\n")
	line("/ r")
	line("/** r")
	for _, dir := range libraries {
		line("%s/** mr", dir)
	}
	for _, name := range r.Static.Programs {
		if !below(name, libraries) && !slices.Contains(r.Executed, name) {
			line("%s mr", quoted(pattern(name)))
		}
	}
	for _, program := range r.Executed {
		line("%s mrix", quoted(pattern(program)))
	}
	b.WriteString("\n")
	for _, dir := range r.writes() {
		line("%s rw", quoted(pattern(dir)+"/"))
		line("%s rwkl", quoted(pattern(dir)+"/**"))
	}
	line("/dev/{null,zero,full,random,urandom,tty,ptmx} rw")
	line("/dev/{pts,shm,mqueue,fd}/** rwk")
	line("/dev/{stdin,stdout,stderr,console} rw")
	line("/proc/{[0-9]*,self,thread-self}/{fd,task}/** rw")
	line("/proc/{[0-9]*,self,thread-self}/{oom_score_adj,comm,attr/**} rw")
	b.WriteString("\n")
	for _, denied := range []string{
		"mount", "umount", "pivot_root", "/proc/sys/** wklx", "/proc/{kcore,kmem,mem,sysrq-trigger} rwklx", "/sys/** wklx", "/sys/firmware/** rwklx", "/sys/kernel/security/** rwklx",
	} {
		line("deny %s", denied)
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// writes returns the folders that the service writes to.
func (r *Learned) writes() []string {
	var out []string
	for _, p := range r.Writable {
		out = append(out, p.Path)
	}
	out = append(out, r.Granted.Mounts...)
	slices.Sort(out)
	return slices.Compact(out)
}

// pattern returns the AppArmor pattern that matches a path and nothing else.
func pattern(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`, `^`, `\^`, `"`, `\"`, `@`, `\@`).Replace(strings.TrimRight(name, "/"))
}

// quoted returns a word of a profile, which is quoted so that it may hold blanks.
// What no profile can say is left out.
func quoted(word string) string { return `"` + strings.Map(printable, word) + `"` }

func comment(text string) string { return strings.Map(printable, text) }

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '?' // in a pattern any one character, such as this one
	}
	return r
}
