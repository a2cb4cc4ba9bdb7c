// Package host holds the rules about the engine and its configuration.
package host

import "bulkhead/internal/rule"

// All lists every rule of this package, by name.
var All = []*rule.Rule{
	daemonDebugLog,
	daemonExperimental,
	daemonICC,
	daemonInsecureRegistry,
	daemonIptablesOff,
	daemonLiveRestoreOff,
	daemonNoAuthorization,
	daemonNoNewPrivilegesOff,
	daemonNoUsernsRemap,
	daemonObsoleteStorage,
	daemonSeccompOff,
	daemonTcpWithoutTLS,
	daemonUlimitsUnset,
	daemonUnboundedLog,
	daemonUserlandProxy,
	openEngineSocket,
}
