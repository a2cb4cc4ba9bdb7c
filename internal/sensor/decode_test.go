package sensor

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// event returns an event with records of tags and texts, as the kernel writes it.
func event(t testing.TB, h header, records ...any) []byte {
	t.Helper()
	var data bytes.Buffer
	for i := 0; i < len(records); i += 2 {
		text := records[i+1].(string)
		data.WriteByte(byte(records[i].(int)))
		data.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(text))))
		data.WriteString(text)
	}
	h.Size = uint32(data.Len())
	var out bytes.Buffer
	if err := binary.Write(&out, binary.LittleEndian, h); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), data.Bytes()...)
}

// nobody is no names at all.
func nobody() *names {
	return &names{host: &nameFiles{}, inside: map[string]*nameFiles{}, flags: map[uint64]string{}}
}

func TestPath(t *testing.T) {
	for _, tt := range []struct {
		records []any
		want    string
	}{
		{[]any{1, "/etc/passwd\x00"}, "/etc/passwd"},
		{[]any{1, "/etc/../etc//shadow\x00"}, "/etc/shadow"},
		{[]any{1, "x\x00", tagBase + 1, "c\x00", tagBase + 1, "b\x00", tagBase + 1, ""}, "/b/c/x"},
		{[]any{1, "../x\x00", tagBase + 1, "c\x00", tagBase + 1, "b\x00", tagBase + 1, ""}, "/b/x"},
		// The root, and a folder that is unknown.
		{[]any{1, "x\x00", tagBase + 1, ""}, "/x"},
		{[]any{1, "x\x00"}, "x"},
	} {
		var r raw
		ok := r.decode(event(t, header{Kind: kindSyscall}, tt.records...), new(arena)) > 0
		if got := r.path(1); !ok || got != tt.want {
			t.Errorf("%q: got %q, %v, want %q", tt.records, got, ok, tt.want)
		}
	}
}

func TestContainerOf(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for path, want := range map[string]string{
		"/docker/" + id:                                 id,
		"12:pids:/docker/" + id:                         id,
		"1:name=systemd:/docker/" + id:                  id,
		"12:pids:/system.slice/docker-" + id + ".scope": id,
		"0::/../docker-" + id + ".scope":                id, // seen from another cgroup namespace
		"/docker/" + id + "/system.slice/cron.service":  id, // a container that makes groups of its own
		"/docker/buildkit/" + id:                        id,
		"/actions_job/" + id:                            id,
		"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" + id + ".scope":                   id, // rootless
		"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope":                   id,
		"/user.slice/user-1000.slice/user@1000.service/libpod_pod_1.slice/libpod-" + id + ".scope/container": id,
		"/machine.slice/libpod-conmon-" + id + ".scope":                                                      "", // what looks after it, on the host
		"/libpod_parent/libpod-" + id: id,
		"/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:" + id:            id,
		"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/crio-" + id + ".scope": id,
		"/k8s.io/" + id:  id,
		"/nerdctl/" + id: id,
		"/kubepods/besteffort/pod1/" + id + "/sub": id,
		"/lxc.payload.web":                         "",
		"/init.scope":                              "",
		"/":                                        "",
		"0::/system.slice/docker-" + id + ".scope":                            id,
		"/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + id + ".scope": id,
		"/machine.slice/libpod-" + id + ".scope/container":                    id,
		"/default/" + id + "/init.scope":                                      id,
		"/kubepods/burstable/pod1/" + id:                                      id,
		"/user.slice/user-0.slice":                                            "",
		"/docker/" + id[1:]:                                                   "",
		"/docker/" + id + "0":                                                 "",
		"/system.slice/var-lib-docker-overlay2-" + id + "-merged.mount":       "",
	} {
		if got := containerOf(path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestArguments(t *testing.T) {
	for _, tt := range []struct {
		call string
		args [6]uint64
		name string
		want string
	}{
		{"openat", [6]uint64{0, 0, 0o1101}, "flags", "O_CREAT|O_TRUNC|O_WRONLY"},
		{"openat", [6]uint64{}, "flags", "O_RDONLY"},
		{"creat", [6]uint64{}, "flags", "O_CREAT|O_TRUNC|O_WRONLY"},
		{"socket", [6]uint64{17}, "domain", "AF_PACKET"},
		{"socket", [6]uint64{99}, "domain", "99"},
		{"ptrace", [6]uint64{16}, "request", "PTRACE_ATTACH"},
		{"unshare", [6]uint64{0x14000000}, "flags", "CLONE_NEWUTS|CLONE_NEWUSER"},
		{"chmod", [6]uint64{0, 0o4755}, "mode", "S_IROTH|S_IXOTH|S_IRGRP|S_IXGRP|S_IRUSR|S_IWUSR|S_IXUSR|S_ISUID"},
		{"setuid", [6]uint64{1000}, "uid", "1000"},
	} {
		e := Event{name: tt.call, call: callNamed(tt.call), raw: raw{header: header{Args: tt.args}}, proc: &process{image: &image{}}, names: nobody()}
		if got, ok := e.arg(tt.name); !ok || got != tt.want {
			t.Errorf("%s.%s: got %q, %v, want %q", tt.call, tt.name, got, ok, tt.want)
		}
	}
	if got, ok := (&Event{name: "execve", proc: &process{image: &image{}}}).arg("mode"); ok {
		t.Errorf("execve.mode: got %q, want no value", got)
	}
}

// FuzzDecode: whatever comes, nothing panics, and no record is outside of its event.
func FuzzDecode(f *testing.F) {
	f.Add(event(f, header{Kind: kindExec}, tagArgv, "sh\x00-c\x00", tagExe, "sh\x00", tagExe, "bin\x00", tagExe, ""))
	f.Add(event(f, header{Kind: kindSyscall, Nr: 42}, tagAddress, "\x02\x00\x00\x50\x7f\x00\x00\x01", tagDescriptor, string(make([]byte, factSize))))
	f.Add(event(f, header{Kind: kindSyscall, Nr: 304, Ret: 3}, tagDescriptor, "")) // open_by_handle_at, of a fact without its bytes
	f.Fuzz(func(t *testing.T, data []byte) {
		var r raw
		if r.decode(data, new(arena)) == 0 {
			return
		}
		if int(r.Size) > len(data)-headerSize {
			t.Fatalf("got %d bytes of records in an event of %d", r.Size, len(data))
		}
		for i := range calls {
			e := Event{name: calls[i].name, call: &calls[i], raw: r, names: nobody(), proc: processes{}.of(&r)}
			_, _, _ = e.args(), e.file().text(), e.proc.cmdline()
		}
	})
}
