// Package kerneltest boots a kernel of Debian in a virtual machine, which may
// have what the kernel of the developer's machine does not: BPF-LSM, AppArmor.
package kerneltest
