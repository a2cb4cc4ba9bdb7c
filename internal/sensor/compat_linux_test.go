package sensor

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Programs that make call 41 a thousand times, which is socket for 64 bits and dup
// for 32, and end. The codes of the first are the same for both.
var (
	interrupt = []byte{
		0xbd, 0xe8, 0x03, 0, 0, // mov ebp, 1000
		0xb8, 41, 0, 0, 0, // mov eax, 41
		0xbb, 0xff, 0xff, 0xff, 0xff, // mov ebx, -1
		0xcd, 0x80, // int 0x80
		0xff, 0xcd, // dec ebp
		0x75, 0xf0, // jnz, to the second line
		0xb8, 1, 0, 0, 0, // mov eax, 1: exit
		0x31, 0xdb, // xor ebx, ebx
		0xcd, 0x80, // int 0x80
	}
	instruction = []byte{
		0xbd, 0xe8, 0x03, 0, 0, // mov ebp, 1000
		0xb8, 41, 0, 0, 0, // mov eax, 41
		0xbf, 0xff, 0xff, 0xff, 0xff, // mov edi, -1
		0x0f, 0x05, // syscall
		0xff, 0xcd, // dec ebp
		0x75, 0xf0, // jnz, to the second line
		0xb8, 60, 0, 0, 0, // mov eax, 60: exit
		0x31, 0xff, // xor edi, edi
		0x0f, 0x05, // syscall
	}
)

// tiny returns a program of 32 or 64 bits that has only this code.
func tiny(t *testing.T, bits int, code []byte) string {
	t.Helper()
	const base = 0x400000
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	var head, segment any
	if bits == 32 {
		ident[elf.EI_CLASS] = byte(elf.ELFCLASS32)
		const at = 52 + 32
		size := uint32(at + len(code))
		head = &elf.Header32{Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_386), Version: 1, Entry: base + at, Phoff: 52, Ehsize: 52, Phentsize: 32, Phnum: 1}
		segment = &elf.Prog32{Type: uint32(elf.PT_LOAD), Vaddr: base, Paddr: base, Filesz: size, Memsz: size, Flags: uint32(elf.PF_R | elf.PF_X), Align: 4096}
	} else {
		const at = 64 + 56
		size := uint64(at + len(code))
		head = &elf.Header64{Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Entry: base + at, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1}
		segment = &elf.Prog64{Type: uint32(elf.PT_LOAD), Vaddr: base, Paddr: base, Filesz: size, Memsz: size, Flags: uint32(elf.PF_R | elf.PF_X), Align: 4096}
	}
	var b bytes.Buffer
	for _, part := range []any{head, segment, code} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(t.TempDir(), "tiny")
	if err := os.WriteFile(name, b.Bytes(), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestCompat: a call of 32 bits is not taken for the call that has its number with
// 64, whichever kind of program makes it.
func TestCompat(t *testing.T) {
	s := opened(t, "socket", "execve")
	programs := []struct {
		name string
		bits int
		code []byte
		want int
		pid  uint32
	}{
		{name: "64 bits", bits: 64, code: instruction, want: 1000},
		{name: "32 bits", bits: 32, code: interrupt},
		{name: "32-bit calls of 64 bits", bits: 64, code: interrupt},
	}
	for i, p := range programs {
		cmd := exec.Command(tiny(t, p.bits, p.code))
		if err := cmd.Run(); errors.Is(err, syscall.ENOEXEC) || err != nil && p.want == 0 {
			t.Skipf("the kernel has no 32-bit calls: %v", err)
		} else if err != nil {
			t.Fatal(err)
		}
		programs[i].pid = uint32(cmd.Process.Pid)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := map[uint32]map[string]int{}
	if err := s.Run(ctx, func(e *Event) {
		if got[e.PID] == nil {
			got[e.PID] = map[string]int{}
		}
		got[e.PID][e.name]++
	}); err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		if got := got[p.pid]; got["socket"] != p.want || got["execve"] != 1 {
			t.Errorf("%s: got %v, want its start and %d times socket", p.name, got, p.want)
		}
	}
}
