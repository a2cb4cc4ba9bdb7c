// Package sensor sees what runs on this machine: BPF programs in the kernel
// tell of system calls, processes and control groups, and every event knows its
// process, its ancestors and its container.
//
// Three rules hold. What the loaded rules cannot use is left in the kernel. Every
// event that the kernel made is either read or counted as dropped. And an event
// of a container that the engine has not described yet says so: it is never
// taken for the host's.
package sensor
