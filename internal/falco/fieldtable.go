package falco

// The fields of system call events: the engine's own, those of its container and
// Kubernetes plugins. A sensor switches on them.
const (
	_ FieldID = iota
	EvtNum
	EvtTime
	EvtTimeS
	EvtTimeISO8601
	EvtDatetime
	EvtDatetimeS
	EvtRawtime
	EvtRawtimeS
	EvtRawtimeNs
	EvtReltime
	EvtReltimeS
	EvtReltimeNs
	EvtPluginname
	EvtPlugininfo
	EvtSource
	EvtIsAsync
	EvtAsynctype
	EvtHostname
	EvtLatency
	EvtLatencyS
	EvtLatencyNs
	EvtLatencyQuantized
	EvtLatencyHuman
	EvtDeltatime
	EvtDeltatimeS
	EvtDeltatimeNs
	EvtOutputtime
	EvtDir
	EvtType
	EvtTypeIs
	SyscallType
	EvtCategory
	EvtCPU
	EvtArgs
	EvtArg
	EvtRawarg
	EvtInfo
	EvtBuffer
	EvtBuflen
	EvtRes
	EvtRawres
	EvtFailed
	EvtIsIO
	EvtIsIORead
	EvtIsIOWrite
	EvtIODir
	EvtIsWait
	EvtWaitLatency
	EvtIsSyslog
	EvtCount
	EvtCountError
	EvtCountErrorFile
	EvtCountErrorNet
	EvtCountErrorMemory
	EvtCountErrorOther
	EvtCountExit
	EvtCountProcinfo
	EvtCountThreadinfo
	EvtAround
	EvtAbspath
	EvtBuflenIn
	EvtBuflenOut
	EvtBuflenFile
	EvtBuflenFileIn
	EvtBuflenFileOut
	EvtBuflenNet
	EvtBuflenNetIn
	EvtBuflenNetOut
	EvtIsOpenRead
	EvtIsOpenWrite
	EvtIsOpenExec
	EvtIsOpenCreate
	ProcExe
	ProcPexe
	ProcAexe
	ProcExepath
	ProcPexepath
	ProcAexepath
	ProcName
	ProcPname
	ProcAname
	ProcArgs
	ProcAargs
	ProcCmdline
	ProcPcmdline
	ProcAcmdline
	ProcCmdnargs
	ProcCmdlenargs
	ProcExeline
	ProcEnv
	ProcAenv
	ProcCwd
	ProcLoginshellid
	ProcTTY
	ProcPID
	ProcPPID
	ProcAPID
	ProcVPID
	ProcPVPID
	ProcSID
	ProcSname
	ProcSIDExe
	ProcSIDExepath
	ProcVPGID
	ProcVPGIDName
	ProcVPGIDExe
	ProcVPGIDExepath
	ProcPGID
	ProcPGIDName
	ProcPGIDExe
	ProcPGIDExepath
	ProcIsPGIDLeader
	ProcDuration
	ProcPPIDDuration
	ProcPIDTs
	ProcPPIDTs
	ProcIsExeWritable
	ProcIsExeUpperLayer
	ProcIsExeLowerLayer
	ProcIsExeFromMemfd
	ProcIsSIDLeader
	ProcIsVPGIDLeader
	ProcIsSetuid
	ProcIsSetgid
	ProcExeIno
	ProcExeInoCtime
	ProcExeInoMtime
	ProcExeInoCtimeDurationProcStart
	ProcExeInoCtimeDurationPIDNSStart
	ProcPIDNSInitStartTs
	ThreadCapPermitted
	ThreadCapInheritable
	ThreadCapEffective
	ProcIsContainerHealthcheck
	ProcIsContainerLivenessProbe
	ProcIsContainerReadinessProbe
	ProcFdopencount
	ProcFdlimit
	ProcFdusage
	ProcVmsize
	ProcVmrss
	ProcVmswap
	ThreadPfmajor
	ThreadPfminor
	ThreadTID
	ThreadIsmain
	ThreadVTID
	ThreadNametid
	ThreadExectime
	ThreadTotexectime
	ThreadCgroups
	ThreadCgroup
	ProcNthreads
	ProcNchilds
	ThreadCPU
	ThreadCPUUser
	ThreadCPUSystem
	ThreadVmsize
	ThreadVmrss
	ThreadVmsizeB
	ThreadVmrssB
	ProcStdinType
	ProcStdoutType
	ProcStderrType
	ProcStdinName
	ProcStdoutName
	ProcStderrName
	FDNum
	FDType
	FDTypechar
	FDName
	FDDirectory
	FDFilename
	FDIP
	FDCIP
	FDSIP
	FDLIP
	FDRIP
	FDPort
	FDCport
	FDSport
	FDLport
	FDRport
	FDL4Proto
	FDSockfamily
	FDIsServer
	FDUID
	FDContainername
	FDContainerdirectory
	FDProto
	FDCproto
	FDSproto
	FDLproto
	FDRproto
	FDNet
	FDCnet
	FDSnet
	FDLnet
	FDRnet
	FDConnected
	FDNameChanged
	FDCIPName
	FDSIPName
	FDLIPName
	FDRIPName
	FDDev
	FDDevMajor
	FDDevMinor
	FDIno
	FDNameraw
	FDTypes
	FDIsUpperLayer
	FDIsLowerLayer
	FsPathName
	FsPathNameraw
	FsPathSource
	FsPathSourceraw
	FsPathTarget
	FsPathTargetraw
	FDListNums
	FDListNames
	FDListCIPs
	FDListSIPs
	FDListCports
	FDListSports
	UserUID
	UserName
	UserHomedir
	UserShell
	UserLoginUID
	UserLoginname
	GroupGID
	GroupName
	ContainerID
	ContainerFullID
	ContainerName
	ContainerImage
	ContainerImageID
	ContainerType
	ContainerPrivileged
	ContainerMounts
	ContainerMount
	ContainerMountSource
	ContainerMountDest
	ContainerMountMode
	ContainerMountRdwr
	ContainerMountPropagation
	ContainerImageRepository
	ContainerImageTag
	ContainerImageDigest
	ContainerHealthcheck
	ContainerLivenessProbe
	ContainerReadinessProbe
	ContainerStartTs
	ContainerDuration
	ContainerIP
	ContainerCNIJSON
	ContainerHostPID
	ContainerHostNetwork
	ContainerHostIPC
	ContainerLabel
	ContainerLabels
	K8sPodName
	K8sPodID
	K8sPodUID
	K8sPodSandboxID
	K8sPodFullSandboxID
	K8sPodLabel
	K8sPodLabels
	K8sPodIP
	K8sPodCNIJSON
	K8sNsName
	K8sNsID
	K8sNsLabel
	K8sNsLabels
	K8sRcName
	K8sRcID
	K8sRcLabel
	K8sRcLabels
	K8sRsName
	K8sRsID
	K8sRsLabel
	K8sRsLabels
	K8sSvcName
	K8sSvcID
	K8sSvcLabel
	K8sSvcLabels
	K8sDeploymentName
	K8sDeploymentID
	K8sDeploymentLabel
	K8sDeploymentLabels
	K8smetaPodName
	K8smetaPodUID
	K8smetaPodLabel
	K8smetaPodLabels
	K8smetaNsName
	K8smetaNsUID
	K8smetaNsLabel
	K8smetaNsLabels
	K8smetaDeploymentName
	K8smetaDeploymentUID
	K8smetaDeploymentLabel
	K8smetaDeploymentLabels
	K8smetaSvcName
	K8smetaSvcUID
	K8smetaSvcLabel
	K8smetaSvcLabels
	K8smetaRsName
	K8smetaRsUID
	K8smetaRsLabel
	K8smetaRsLabels
	K8smetaRcName
	K8smetaRcUID
	K8smetaRcLabel
	K8smetaRcLabels
	K8smetaPodIP
	K8smetaPodNodeName
	SyslogFacilityStr
	SyslogSeverityStr
	SyslogMessage
	SyslogFacility
	SyslogSeverity

	fieldCount // the number of fields above; fields of plugins come after
)

// fields is the table of fields by id. Types and flags are those of the engine's
// field tables.
var fields = [fieldCount]Field{
	EvtNum:                            {Name: "evt.num", Type: TypeUint},
	EvtTime:                           {Name: "evt.time", Type: TypeString},
	EvtTimeS:                          {Name: "evt.time.s", Type: TypeString},
	EvtTimeISO8601:                    {Name: "evt.time.iso8601", Type: TypeString},
	EvtDatetime:                       {Name: "evt.datetime", Type: TypeString},
	EvtDatetimeS:                      {Name: "evt.datetime.s", Type: TypeString},
	EvtRawtime:                        {Name: "evt.rawtime", Type: TypeTime},
	EvtRawtimeS:                       {Name: "evt.rawtime.s", Type: TypeTime},
	EvtRawtimeNs:                      {Name: "evt.rawtime.ns", Type: TypeTime},
	EvtReltime:                        {Name: "evt.reltime", Type: TypeDuration},
	EvtReltimeS:                       {Name: "evt.reltime.s", Type: TypeDuration},
	EvtReltimeNs:                      {Name: "evt.reltime.ns", Type: TypeDuration},
	EvtPluginname:                     {Name: "evt.pluginname", Type: TypeString},
	EvtPlugininfo:                     {Name: "evt.plugininfo", Type: TypeString},
	EvtSource:                         {Name: "evt.source", Type: TypeString},
	EvtIsAsync:                        {Name: "evt.is_async", Type: TypeBool},
	EvtAsynctype:                      {Name: "evt.asynctype", Type: TypeString},
	EvtHostname:                       {Name: "evt.hostname", Type: TypeString},
	EvtLatency:                        {Name: "evt.latency", Type: TypeDuration, Flags: Deprecated},
	EvtLatencyS:                       {Name: "evt.latency.s", Type: TypeDuration, Flags: Deprecated},
	EvtLatencyNs:                      {Name: "evt.latency.ns", Type: TypeDuration, Flags: Deprecated},
	EvtLatencyQuantized:               {Name: "evt.latency.quantized", Type: TypeUint, Flags: Deprecated},
	EvtLatencyHuman:                   {Name: "evt.latency.human", Type: TypeString, Flags: Deprecated},
	EvtDeltatime:                      {Name: "evt.deltatime", Type: TypeDuration},
	EvtDeltatimeS:                     {Name: "evt.deltatime.s", Type: TypeDuration},
	EvtDeltatimeNs:                    {Name: "evt.deltatime.ns", Type: TypeDuration},
	EvtOutputtime:                     {Name: "evt.outputtime", Type: TypeString},
	EvtDir:                            {Name: "evt.dir", Type: TypeString, Flags: Deprecated},
	EvtType:                           {Name: "evt.type", Type: TypeString},
	EvtTypeIs:                         {Name: "evt.type.is", Type: TypeUint, Flags: ArgRequired | DotArg},
	SyscallType:                       {Name: "syscall.type", Type: TypeString},
	EvtCategory:                       {Name: "evt.category", Type: TypeString},
	EvtCPU:                            {Name: "evt.cpu", Type: TypeInt},
	EvtArgs:                           {Name: "evt.args", Type: TypeString},
	EvtArg:                            {Name: "evt.arg", Type: TypeString, Flags: ArgRequired | DotArg},
	EvtRawarg:                         {Name: "evt.rawarg", Type: TypeInt, Flags: ArgRequired | DotArg | NoRHS | NoTransform},
	EvtInfo:                           {Name: "evt.info", Type: TypeString},
	EvtBuffer:                         {Name: "evt.buffer", Type: TypeBytes},
	EvtBuflen:                         {Name: "evt.buflen", Type: TypeUint},
	EvtRes:                            {Name: "evt.res", Type: TypeString},
	EvtRawres:                         {Name: "evt.rawres", Type: TypeInt},
	EvtFailed:                         {Name: "evt.failed", Type: TypeBool},
	EvtIsIO:                           {Name: "evt.is_io", Type: TypeBool},
	EvtIsIORead:                       {Name: "evt.is_io_read", Type: TypeBool},
	EvtIsIOWrite:                      {Name: "evt.is_io_write", Type: TypeBool},
	EvtIODir:                          {Name: "evt.io_dir", Type: TypeString},
	EvtIsWait:                         {Name: "evt.is_wait", Type: TypeBool},
	EvtWaitLatency:                    {Name: "evt.wait_latency", Type: TypeDuration, Flags: Deprecated},
	EvtIsSyslog:                       {Name: "evt.is_syslog", Type: TypeBool},
	EvtCount:                          {Name: "evt.count", Type: TypeUint},
	EvtCountError:                     {Name: "evt.count.error", Type: TypeUint},
	EvtCountErrorFile:                 {Name: "evt.count.error.file", Type: TypeUint},
	EvtCountErrorNet:                  {Name: "evt.count.error.net", Type: TypeUint},
	EvtCountErrorMemory:               {Name: "evt.count.error.memory", Type: TypeUint},
	EvtCountErrorOther:                {Name: "evt.count.error.other", Type: TypeUint},
	EvtCountExit:                      {Name: "evt.count.exit", Type: TypeUint},
	EvtCountProcinfo:                  {Name: "evt.count.procinfo", Type: TypeUint},
	EvtCountThreadinfo:                {Name: "evt.count.threadinfo", Type: TypeUint},
	EvtAround:                         {Name: "evt.around", Type: TypeUint, Flags: ArgRequired | FilterOnly | NoRHS | NoTransform},
	EvtAbspath:                        {Name: "evt.abspath", Type: TypeString, Flags: ArgAllowed | DotArg},
	EvtBuflenIn:                       {Name: "evt.buflen.in", Type: TypeUint},
	EvtBuflenOut:                      {Name: "evt.buflen.out", Type: TypeUint},
	EvtBuflenFile:                     {Name: "evt.buflen.file", Type: TypeUint},
	EvtBuflenFileIn:                   {Name: "evt.buflen.file.in", Type: TypeUint},
	EvtBuflenFileOut:                  {Name: "evt.buflen.file.out", Type: TypeUint},
	EvtBuflenNet:                      {Name: "evt.buflen.net", Type: TypeUint},
	EvtBuflenNetIn:                    {Name: "evt.buflen.net.in", Type: TypeUint},
	EvtBuflenNetOut:                   {Name: "evt.buflen.net.out", Type: TypeUint},
	EvtIsOpenRead:                     {Name: "evt.is_open_read", Type: TypeBool},
	EvtIsOpenWrite:                    {Name: "evt.is_open_write", Type: TypeBool},
	EvtIsOpenExec:                     {Name: "evt.is_open_exec", Type: TypeBool},
	EvtIsOpenCreate:                   {Name: "evt.is_open_create", Type: TypeBool},
	ProcExe:                           {Name: "proc.exe", Type: TypeString},
	ProcPexe:                          {Name: "proc.pexe", Type: TypeString},
	ProcAexe:                          {Name: "proc.aexe", Type: TypeString, Flags: ArgAllowed | Any},
	ProcExepath:                       {Name: "proc.exepath", Type: TypeString},
	ProcPexepath:                      {Name: "proc.pexepath", Type: TypeString},
	ProcAexepath:                      {Name: "proc.aexepath", Type: TypeString, Flags: ArgAllowed | Any},
	ProcName:                          {Name: "proc.name", Type: TypeString},
	ProcPname:                         {Name: "proc.pname", Type: TypeString},
	ProcAname:                         {Name: "proc.aname", Type: TypeString, Flags: ArgAllowed | Any},
	ProcArgs:                          {Name: "proc.args", Type: TypeString, Flags: ArgAllowed},
	ProcAargs:                         {Name: "proc.aargs", Type: TypeString, Flags: ArgAllowed | Any},
	ProcCmdline:                       {Name: "proc.cmdline", Type: TypeString},
	ProcPcmdline:                      {Name: "proc.pcmdline", Type: TypeString},
	ProcAcmdline:                      {Name: "proc.acmdline", Type: TypeString, Flags: ArgAllowed | Any},
	ProcCmdnargs:                      {Name: "proc.cmdnargs", Type: TypeUint},
	ProcCmdlenargs:                    {Name: "proc.cmdlenargs", Type: TypeUint},
	ProcExeline:                       {Name: "proc.exeline", Type: TypeString},
	ProcEnv:                           {Name: "proc.env", Type: TypeString, Flags: ArgAllowed},
	ProcAenv:                          {Name: "proc.aenv", Type: TypeString, Flags: ArgAllowed | Any},
	ProcCwd:                           {Name: "proc.cwd", Type: TypeString},
	ProcLoginshellid:                  {Name: "proc.loginshellid", Type: TypeInt},
	ProcTTY:                           {Name: "proc.tty", Type: TypeUint},
	ProcPID:                           {Name: "proc.pid", Type: TypeInt},
	ProcPPID:                          {Name: "proc.ppid", Type: TypeInt},
	ProcAPID:                          {Name: "proc.apid", Type: TypeInt, Flags: ArgAllowed | Any},
	ProcVPID:                          {Name: "proc.vpid", Type: TypeInt},
	ProcPVPID:                         {Name: "proc.pvpid", Type: TypeInt},
	ProcSID:                           {Name: "proc.sid", Type: TypeInt},
	ProcSname:                         {Name: "proc.sname", Type: TypeString},
	ProcSIDExe:                        {Name: "proc.sid.exe", Type: TypeString},
	ProcSIDExepath:                    {Name: "proc.sid.exepath", Type: TypeString},
	ProcVPGID:                         {Name: "proc.vpgid", Type: TypeInt},
	ProcVPGIDName:                     {Name: "proc.vpgid.name", Type: TypeString},
	ProcVPGIDExe:                      {Name: "proc.vpgid.exe", Type: TypeString},
	ProcVPGIDExepath:                  {Name: "proc.vpgid.exepath", Type: TypeString},
	ProcPGID:                          {Name: "proc.pgid", Type: TypeInt},
	ProcPGIDName:                      {Name: "proc.pgid.name", Type: TypeString},
	ProcPGIDExe:                       {Name: "proc.pgid.exe", Type: TypeString},
	ProcPGIDExepath:                   {Name: "proc.pgid.exepath", Type: TypeString},
	ProcIsPGIDLeader:                  {Name: "proc.is_pgid_leader", Type: TypeBool},
	ProcDuration:                      {Name: "proc.duration", Type: TypeDuration},
	ProcPPIDDuration:                  {Name: "proc.ppid.duration", Type: TypeDuration},
	ProcPIDTs:                         {Name: "proc.pid.ts", Type: TypeDuration},
	ProcPPIDTs:                        {Name: "proc.ppid.ts", Type: TypeDuration},
	ProcIsExeWritable:                 {Name: "proc.is_exe_writable", Type: TypeBool},
	ProcIsExeUpperLayer:               {Name: "proc.is_exe_upper_layer", Type: TypeBool},
	ProcIsExeLowerLayer:               {Name: "proc.is_exe_lower_layer", Type: TypeBool},
	ProcIsExeFromMemfd:                {Name: "proc.is_exe_from_memfd", Type: TypeBool},
	ProcIsSIDLeader:                   {Name: "proc.is_sid_leader", Type: TypeBool},
	ProcIsVPGIDLeader:                 {Name: "proc.is_vpgid_leader", Type: TypeBool},
	ProcIsSetuid:                      {Name: "proc.is_setuid", Type: TypeBool},
	ProcIsSetgid:                      {Name: "proc.is_setgid", Type: TypeBool},
	ProcExeIno:                        {Name: "proc.exe_ino", Type: TypeInt},
	ProcExeInoCtime:                   {Name: "proc.exe_ino.ctime", Type: TypeTime},
	ProcExeInoMtime:                   {Name: "proc.exe_ino.mtime", Type: TypeTime},
	ProcExeInoCtimeDurationProcStart:  {Name: "proc.exe_ino.ctime_duration_proc_start", Type: TypeTime},
	ProcExeInoCtimeDurationPIDNSStart: {Name: "proc.exe_ino.ctime_duration_pidns_start", Type: TypeTime},
	ProcPIDNSInitStartTs:              {Name: "proc.pidns_init_start_ts", Type: TypeUint},
	ThreadCapPermitted:                {Name: "thread.cap_permitted", Type: TypeString},
	ThreadCapInheritable:              {Name: "thread.cap_inheritable", Type: TypeString},
	ThreadCapEffective:                {Name: "thread.cap_effective", Type: TypeString},
	ProcIsContainerHealthcheck:        {Name: "proc.is_container_healthcheck", Type: TypeBool},
	ProcIsContainerLivenessProbe:      {Name: "proc.is_container_liveness_probe", Type: TypeBool},
	ProcIsContainerReadinessProbe:     {Name: "proc.is_container_readiness_probe", Type: TypeBool},
	ProcFdopencount:                   {Name: "proc.fdopencount", Type: TypeUint},
	ProcFdlimit:                       {Name: "proc.fdlimit", Type: TypeInt},
	ProcFdusage:                       {Name: "proc.fdusage", Type: TypeDouble},
	ProcVmsize:                        {Name: "proc.vmsize", Type: TypeUint},
	ProcVmrss:                         {Name: "proc.vmrss", Type: TypeUint},
	ProcVmswap:                        {Name: "proc.vmswap", Type: TypeUint},
	ThreadPfmajor:                     {Name: "thread.pfmajor", Type: TypeUint},
	ThreadPfminor:                     {Name: "thread.pfminor", Type: TypeUint},
	ThreadTID:                         {Name: "thread.tid", Type: TypeInt},
	ThreadIsmain:                      {Name: "thread.ismain", Type: TypeBool},
	ThreadVTID:                        {Name: "thread.vtid", Type: TypeInt},
	ThreadNametid:                     {Name: "thread.nametid", Type: TypeString},
	ThreadExectime:                    {Name: "thread.exectime", Type: TypeDuration},
	ThreadTotexectime:                 {Name: "thread.totexectime", Type: TypeDuration},
	ThreadCgroups:                     {Name: "thread.cgroups", Type: TypeString},
	ThreadCgroup:                      {Name: "thread.cgroup", Type: TypeString, Flags: ArgRequired | DotArg},
	ProcNthreads:                      {Name: "proc.nthreads", Type: TypeUint},
	ProcNchilds:                       {Name: "proc.nchilds", Type: TypeUint},
	ThreadCPU:                         {Name: "thread.cpu", Type: TypeDouble},
	ThreadCPUUser:                     {Name: "thread.cpu.user", Type: TypeDouble},
	ThreadCPUSystem:                   {Name: "thread.cpu.system", Type: TypeDouble},
	ThreadVmsize:                      {Name: "thread.vmsize", Type: TypeUint},
	ThreadVmrss:                       {Name: "thread.vmrss", Type: TypeUint},
	ThreadVmsizeB:                     {Name: "thread.vmsize.b", Type: TypeUint},
	ThreadVmrssB:                      {Name: "thread.vmrss.b", Type: TypeUint},
	ProcStdinType:                     {Name: "proc.stdin.type", Type: TypeString},
	ProcStdoutType:                    {Name: "proc.stdout.type", Type: TypeString},
	ProcStderrType:                    {Name: "proc.stderr.type", Type: TypeString},
	ProcStdinName:                     {Name: "proc.stdin.name", Type: TypeString},
	ProcStdoutName:                    {Name: "proc.stdout.name", Type: TypeString},
	ProcStderrName:                    {Name: "proc.stderr.name", Type: TypeString},
	FDNum:                             {Name: "fd.num", Type: TypeInt},
	FDType:                            {Name: "fd.type", Type: TypeString},
	FDTypechar:                        {Name: "fd.typechar", Type: TypeString},
	FDName:                            {Name: "fd.name", Type: TypeString},
	FDDirectory:                       {Name: "fd.directory", Type: TypeString},
	FDFilename:                        {Name: "fd.filename", Type: TypeString},
	FDIP:                              {Name: "fd.ip", Type: TypeAddr, Flags: FilterOnly | Either},
	FDCIP:                             {Name: "fd.cip", Type: TypeAddr},
	FDSIP:                             {Name: "fd.sip", Type: TypeAddr},
	FDLIP:                             {Name: "fd.lip", Type: TypeAddr},
	FDRIP:                             {Name: "fd.rip", Type: TypeAddr},
	FDPort:                            {Name: "fd.port", Type: TypePort, Flags: FilterOnly | Either},
	FDCport:                           {Name: "fd.cport", Type: TypePort},
	FDSport:                           {Name: "fd.sport", Type: TypePort},
	FDLport:                           {Name: "fd.lport", Type: TypePort},
	FDRport:                           {Name: "fd.rport", Type: TypePort},
	FDL4Proto:                         {Name: "fd.l4proto", Type: TypeString},
	FDSockfamily:                      {Name: "fd.sockfamily", Type: TypeString},
	FDIsServer:                        {Name: "fd.is_server", Type: TypeBool},
	FDUID:                             {Name: "fd.uid", Type: TypeString},
	FDContainername:                   {Name: "fd.containername", Type: TypeString},
	FDContainerdirectory:              {Name: "fd.containerdirectory", Type: TypeString},
	FDProto:                           {Name: "fd.proto", Type: TypePort, Flags: FilterOnly | Either},
	FDCproto:                          {Name: "fd.cproto", Type: TypeString},
	FDSproto:                          {Name: "fd.sproto", Type: TypeString},
	FDLproto:                          {Name: "fd.lproto", Type: TypeString},
	FDRproto:                          {Name: "fd.rproto", Type: TypeString},
	FDNet:                             {Name: "fd.net", Type: TypeNet, Flags: FilterOnly | Either},
	FDCnet:                            {Name: "fd.cnet", Type: TypeNet, Flags: FilterOnly},
	FDSnet:                            {Name: "fd.snet", Type: TypeNet, Flags: FilterOnly},
	FDLnet:                            {Name: "fd.lnet", Type: TypeNet, Flags: FilterOnly},
	FDRnet:                            {Name: "fd.rnet", Type: TypeNet, Flags: FilterOnly},
	FDConnected:                       {Name: "fd.connected", Type: TypeBool},
	FDNameChanged:                     {Name: "fd.name_changed", Type: TypeBool},
	FDCIPName:                         {Name: "fd.cip.name", Type: TypeString},
	FDSIPName:                         {Name: "fd.sip.name", Type: TypeString},
	FDLIPName:                         {Name: "fd.lip.name", Type: TypeString},
	FDRIPName:                         {Name: "fd.rip.name", Type: TypeString},
	FDDev:                             {Name: "fd.dev", Type: TypeInt},
	FDDevMajor:                        {Name: "fd.dev.major", Type: TypeInt},
	FDDevMinor:                        {Name: "fd.dev.minor", Type: TypeInt},
	FDIno:                             {Name: "fd.ino", Type: TypeInt},
	FDNameraw:                         {Name: "fd.nameraw", Type: TypeString},
	FDTypes:                           {Name: "fd.types", Type: TypeString, Flags: ArgAllowed | IsList},
	FDIsUpperLayer:                    {Name: "fd.is_upper_layer", Type: TypeBool},
	FDIsLowerLayer:                    {Name: "fd.is_lower_layer", Type: TypeBool},
	FsPathName:                        {Name: "fs.path.name", Type: TypeString},
	FsPathNameraw:                     {Name: "fs.path.nameraw", Type: TypeString},
	FsPathSource:                      {Name: "fs.path.source", Type: TypeString},
	FsPathSourceraw:                   {Name: "fs.path.sourceraw", Type: TypeString},
	FsPathTarget:                      {Name: "fs.path.target", Type: TypeString},
	FsPathTargetraw:                   {Name: "fs.path.targetraw", Type: TypeString},
	FDListNums:                        {Name: "fdlist.nums", Type: TypeString},
	FDListNames:                       {Name: "fdlist.names", Type: TypeString},
	FDListCIPs:                        {Name: "fdlist.cips", Type: TypeString},
	FDListSIPs:                        {Name: "fdlist.sips", Type: TypeString},
	FDListCports:                      {Name: "fdlist.cports", Type: TypeString},
	FDListSports:                      {Name: "fdlist.sports", Type: TypeString},
	UserUID:                           {Name: "user.uid", Type: TypeUint},
	UserName:                          {Name: "user.name", Type: TypeString},
	UserHomedir:                       {Name: "user.homedir", Type: TypeString},
	UserShell:                         {Name: "user.shell", Type: TypeString},
	UserLoginUID:                      {Name: "user.loginuid", Type: TypeInt},
	UserLoginname:                     {Name: "user.loginname", Type: TypeString},
	GroupGID:                          {Name: "group.gid", Type: TypeUint},
	GroupName:                         {Name: "group.name", Type: TypeString},
	ContainerID:                       {Name: "container.id", Type: TypeString},
	ContainerFullID:                   {Name: "container.full_id", Type: TypeString},
	ContainerName:                     {Name: "container.name", Type: TypeString},
	ContainerImage:                    {Name: "container.image", Type: TypeString},
	ContainerImageID:                  {Name: "container.image.id", Type: TypeString},
	ContainerType:                     {Name: "container.type", Type: TypeString},
	ContainerPrivileged:               {Name: "container.privileged", Type: TypeBool},
	ContainerMounts:                   {Name: "container.mounts", Type: TypeString},
	ContainerMount:                    {Name: "container.mount", Type: TypeString, Flags: ArgRequired},
	ContainerMountSource:              {Name: "container.mount.source", Type: TypeString, Flags: ArgRequired},
	ContainerMountDest:                {Name: "container.mount.dest", Type: TypeString, Flags: ArgRequired},
	ContainerMountMode:                {Name: "container.mount.mode", Type: TypeString, Flags: ArgRequired},
	ContainerMountRdwr:                {Name: "container.mount.rdwr", Type: TypeString, Flags: ArgRequired},
	ContainerMountPropagation:         {Name: "container.mount.propagation", Type: TypeString, Flags: ArgRequired},
	ContainerImageRepository:          {Name: "container.image.repository", Type: TypeString},
	ContainerImageTag:                 {Name: "container.image.tag", Type: TypeString},
	ContainerImageDigest:              {Name: "container.image.digest", Type: TypeString},
	ContainerHealthcheck:              {Name: "container.healthcheck", Type: TypeString},
	ContainerLivenessProbe:            {Name: "container.liveness_probe", Type: TypeString},
	ContainerReadinessProbe:           {Name: "container.readiness_probe", Type: TypeString},
	ContainerStartTs:                  {Name: "container.start_ts", Type: TypeTime},
	ContainerDuration:                 {Name: "container.duration", Type: TypeDuration},
	ContainerIP:                       {Name: "container.ip", Type: TypeString},
	ContainerCNIJSON:                  {Name: "container.cni.json", Type: TypeString},
	ContainerHostPID:                  {Name: "container.host_pid", Type: TypeBool},
	ContainerHostNetwork:              {Name: "container.host_network", Type: TypeBool},
	ContainerHostIPC:                  {Name: "container.host_ipc", Type: TypeBool},
	ContainerLabel:                    {Name: "container.label", Type: TypeString, Flags: ArgRequired},
	ContainerLabels:                   {Name: "container.labels", Type: TypeString},
	K8sPodName:                        {Name: "k8s.pod.name", Type: TypeString},
	K8sPodID:                          {Name: "k8s.pod.id", Type: TypeString},
	K8sPodUID:                         {Name: "k8s.pod.uid", Type: TypeString},
	K8sPodSandboxID:                   {Name: "k8s.pod.sandbox_id", Type: TypeString},
	K8sPodFullSandboxID:               {Name: "k8s.pod.full_sandbox_id", Type: TypeString},
	K8sPodLabel:                       {Name: "k8s.pod.label", Type: TypeString, Flags: ArgRequired | DotArg},
	K8sPodLabels:                      {Name: "k8s.pod.labels", Type: TypeString},
	K8sPodIP:                          {Name: "k8s.pod.ip", Type: TypeString},
	K8sPodCNIJSON:                     {Name: "k8s.pod.cni.json", Type: TypeString},
	K8sNsName:                         {Name: "k8s.ns.name", Type: TypeString},
	K8sNsID:                           {Name: "k8s.ns.id", Type: TypeString},
	K8sNsLabel:                        {Name: "k8s.ns.label", Type: TypeString, Flags: ArgRequired | DotArg},
	K8sNsLabels:                       {Name: "k8s.ns.labels", Type: TypeString},
	K8sRcName:                         {Name: "k8s.rc.name", Type: TypeString},
	K8sRcID:                           {Name: "k8s.rc.id", Type: TypeString},
	K8sRcLabel:                        {Name: "k8s.rc.label", Type: TypeString, Flags: ArgRequired | DotArg},
	K8sRcLabels:                       {Name: "k8s.rc.labels", Type: TypeString},
	K8sRsName:                         {Name: "k8s.rs.name", Type: TypeString},
	K8sRsID:                           {Name: "k8s.rs.id", Type: TypeString},
	K8sRsLabel:                        {Name: "k8s.rs.label", Type: TypeString, Flags: ArgRequired | DotArg},
	K8sRsLabels:                       {Name: "k8s.rs.labels", Type: TypeString},
	K8sSvcName:                        {Name: "k8s.svc.name", Type: TypeString},
	K8sSvcID:                          {Name: "k8s.svc.id", Type: TypeString},
	K8sSvcLabel:                       {Name: "k8s.svc.label", Type: TypeString, Flags: ArgRequired | DotArg},
	K8sSvcLabels:                      {Name: "k8s.svc.labels", Type: TypeString},
	K8sDeploymentName:                 {Name: "k8s.deployment.name", Type: TypeString},
	K8sDeploymentID:                   {Name: "k8s.deployment.id", Type: TypeString},
	K8sDeploymentLabel:                {Name: "k8s.deployment.label", Type: TypeString, Flags: ArgRequired | DotArg},
	K8sDeploymentLabels:               {Name: "k8s.deployment.labels", Type: TypeString},
	K8smetaPodName:                    {Name: "k8smeta.pod.name", Type: TypeString},
	K8smetaPodUID:                     {Name: "k8smeta.pod.uid", Type: TypeString},
	K8smetaPodLabel:                   {Name: "k8smeta.pod.label", Type: TypeString, Flags: ArgRequired},
	K8smetaPodLabels:                  {Name: "k8smeta.pod.labels", Type: TypeString},
	K8smetaNsName:                     {Name: "k8smeta.ns.name", Type: TypeString},
	K8smetaNsUID:                      {Name: "k8smeta.ns.uid", Type: TypeString},
	K8smetaNsLabel:                    {Name: "k8smeta.ns.label", Type: TypeString, Flags: ArgRequired},
	K8smetaNsLabels:                   {Name: "k8smeta.ns.labels", Type: TypeString},
	K8smetaDeploymentName:             {Name: "k8smeta.deployment.name", Type: TypeString},
	K8smetaDeploymentUID:              {Name: "k8smeta.deployment.uid", Type: TypeString},
	K8smetaDeploymentLabel:            {Name: "k8smeta.deployment.label", Type: TypeString, Flags: ArgRequired},
	K8smetaDeploymentLabels:           {Name: "k8smeta.deployment.labels", Type: TypeString},
	K8smetaSvcName:                    {Name: "k8smeta.svc.name", Type: TypeString, Flags: IsList},
	K8smetaSvcUID:                     {Name: "k8smeta.svc.uid", Type: TypeString, Flags: IsList},
	K8smetaSvcLabel:                   {Name: "k8smeta.svc.label", Type: TypeString, Flags: ArgRequired | IsList},
	K8smetaSvcLabels:                  {Name: "k8smeta.svc.labels", Type: TypeString, Flags: IsList},
	K8smetaRsName:                     {Name: "k8smeta.rs.name", Type: TypeString},
	K8smetaRsUID:                      {Name: "k8smeta.rs.uid", Type: TypeString},
	K8smetaRsLabel:                    {Name: "k8smeta.rs.label", Type: TypeString, Flags: ArgRequired},
	K8smetaRsLabels:                   {Name: "k8smeta.rs.labels", Type: TypeString},
	K8smetaRcName:                     {Name: "k8smeta.rc.name", Type: TypeString},
	K8smetaRcUID:                      {Name: "k8smeta.rc.uid", Type: TypeString},
	K8smetaRcLabel:                    {Name: "k8smeta.rc.label", Type: TypeString, Flags: ArgRequired},
	K8smetaRcLabels:                   {Name: "k8smeta.rc.labels", Type: TypeString},
	K8smetaPodIP:                      {Name: "k8smeta.pod.ip", Type: TypeString},
	K8smetaPodNodeName:                {Name: "k8smeta.pod.nodeName", Type: TypeString},
	SyslogFacilityStr:                 {Name: "syslog.facility.str", Type: TypeString},
	SyslogSeverityStr:                 {Name: "syslog.severity.str", Type: TypeString},
	SyslogMessage:                     {Name: "syslog.message", Type: TypeString},
	SyslogFacility:                    {Name: "syslog.facility", Type: TypeUint},
	SyslogSeverity:                    {Name: "syslog.severity", Type: TypeUint},
}
