package admission

import (
	_ "embed"
	"fmt"
	"io"
	"text/template"
)

// An expression is a rule as a condition in the Common Expression Language that
// holds for pods without the fault. The API server then judges it itself, with
// nothing to keep running; what it cannot say is why, and how to do it right.
type expression struct {
	Rule, CEL, Message string
}

// allContainers lists the containers of a pod of every kind.
const allContainers = "object.spec.containers" +
	" + (has(object.spec.initContainers) ? object.spec.initContainers : [])" +
	" + (has(object.spec.ephemeralContainers) ? object.spec.ephemeralContainers : [])"

// expressions are the rules that can be said without a table and without
// defaults from elsewhere.
var expressions = [...]expression{
	{"host-ipc", "!has(object.spec.hostIPC) || !object.spec.hostIPC", "pod shares the node's IPC namespace"},
	{"host-network", "!has(object.spec.hostNetwork) || !object.spec.hostNetwork", "pod shares the node's network"},
	{"host-path-volume", "!has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.hostPath))", "pod has a volume of a path of the node"},
	{"host-pid", "!has(object.spec.hostPID) || !object.spec.hostPID", "pod sees the processes of the node"},
	{
		"host-port", "variables.containers.all(c, !has(c.ports) || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0" +
			" || has(p.hostIP) && (p.hostIP.startsWith('127.') || p.hostIP in ['::1', 'localhost'])))",
		"a port is bound on the node",
	},
	{
		"privileged", "variables.containers.all(c, !has(c.securityContext) || !has(c.securityContext.privileged) || !c.securityContext.privileged)",
		"container is privileged",
	},
	{
		"unmasked-paths", "has(object.spec.hostUsers) && !object.spec.hostUsers || variables.containers.all(c, !has(c.securityContext)" +
			" || !has(c.securityContext.procMount) || c.securityContext.procMount != 'Unmasked')",
		"container has the kernel's files in /proc and /sys unmasked",
	},
	{
		"writable-root", "has(object.spec.os) && object.spec.os.name == 'windows' || variables.containers.all(c, has(c.securityContext) && has(c.securityContext.readOnlyRootFilesystem) && c.securityContext.readOnlyRootFilesystem)",
		"container can write to its own root file system",
	},
}

//go:embed cel.yaml.tmpl
var celManifests string

// WritePolicies writes the ValidatingAdmissionPolicies, with their bindings,
// that say the same as those of the rules for which that can be said and which j
// denies or warns of. It returns the names of the rules it denies for which it
// cannot.
func (j *Judge) WritePolicies(w io.Writer) ([]string, error) {
	t, err := template.New("policies").Parse(celManifests)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, r := range j.rules {
		action, ok := j.mode.Rules[r.Name]
		switch {
		case !ok && r.Severity >= j.mode.Deny:
			action = Deny
		case !ok && r.Severity >= j.mode.Warn:
			action = Warn
		}
		e := expressionOf(r.Name)
		if e == nil && action == Deny {
			missing = append(missing, r.Name)
		}
		if e == nil || action != Deny && action != Warn {
			continue
		}
		data := struct {
			expression
			Containers string
			Action     Action
			Exempt     []string
		}{*e, allContainers, action, j.mode.Exempt}
		if err := t.Execute(w, data); err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.Name, err)
		}
	}
	return missing, nil
}

func expressionOf(rule string) *expression {
	for i := range expressions {
		if expressions[i].Rule == rule {
			return &expressions[i]
		}
	}
	return nil
}
