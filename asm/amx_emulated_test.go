//go:build linux && amd64 && !purego

package asm

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// emulatedAMX is set in the process whose instructions of AMX another one executes.
const emulatedAMX = "LLM_EMULATED_AMX"

func init() {
	if os.Getenv(emulatedAMX) != "" {
		emulatedSets = []*Set{amxSet()}
	}
}

// TestAMXEmulated compares the products of AMX with those of plain Go in a process whose unknown instructions this test executes.
// With a processor that has AMX, LLM_KERNELS=amx runs them without it.
func TestAMXEmulated(t *testing.T) {
	switch {
	case os.Getenv(emulatedAMX) != "":
		t.Skip("this is the emulated process")
	case !hasAVX512():
		t.Skip("no AVX-512 VNNI")
	case hasAMX():
		t.Skip("this processor has AMX: LLM_KERNELS=amx tests it")
	case testing.Short():
		t.Skip("short")
	}
	tests := []string{"TestMatMul", "TestMatMulTogether", "TestMatMulExtremes", "TestSameEverywhere"}
	output, err := os.CreateTemp(t.TempDir(), "output")
	require.NoError(t, err)
	defer output.Close()
	e := &emulator{t: t, threads: map[int]*tileMachine{}, code: map[uint64]tileInstruction{}, executed: map[string]int{}}
	code := e.run(output, os.Args[0], "-test.run=^("+strings.Join(tests, "|")+")$/^"+amxName+"$", "-test.v")
	log, err := os.ReadFile(output.Name())
	require.NoError(t, err)
	require.Zero(t, code, "%s", log)
	for _, name := range tests {
		require.Contains(t, string(log), "--- PASS: "+name+"/"+amxName+" ")
	}
	for _, name := range []string{"ldtilecfg", "tilezero", "tileloadd", "tdpbsud", "tdpbssd", "tilestored", "tilerelease"} {
		require.Greater(t, e.executed[name], 1000, name)
	}
	require.Equal(t, e.executed["ldtilecfg"], e.executed["tilerelease"])
	t.Logf("executed on %d threads: %v", e.started, e.executed)
}

// TestAMXByName: nobody gets AMX who did not ask for it.
func TestAMXByName(t *testing.T) {
	t.Setenv(kernelsVariable, "")
	_, ok := ByName(amxName)
	require.False(t, ok)
	t.Setenv(kernelsVariable, amxName)
	_, ok = ByName(amxName)
	require.Equal(t, hasAMX(), ok)
	require.Equal(t, map[bool]string{true: amxName, false: genericName}[ok], Best().Name())
}

// emulator traces a process and executes its instructions of AMX, which the processor refuses.
type emulator struct {
	t        *testing.T
	threads  map[int]*tileMachine
	code     map[uint64]tileInstruction // by address
	executed map[string]int
	started  int
}

// run starts a program and returns its exit code.
func (e *emulator) run(output *os.File, program string, args ...string) int {
	runtime.LockOSThread() // a process is traced by a thread
	defer runtime.UnlockOSThread()
	p, err := os.StartProcess(program, append([]string{program}, args...), &os.ProcAttr{
		Env: append(os.Environ(), emulatedAMX+"=1"), Files: []*os.File{nil, output, output}, Sys: &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		e.t.Skipf("tracing is not allowed here: %v", err)
	}
	root := p.Pid
	defer p.Release()
	var status unix.WaitStatus
	_, err = unix.Wait4(root, &status, unix.WALL, nil)
	require.NoError(e.t, err)
	require.NoError(e.t, unix.PtraceSetOptions(root, unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_EXITKILL))
	e.threads[root] = e.machine()
	require.NoError(e.t, unix.PtraceCont(root, 0))
	for {
		tid, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
		if err == unix.EINTR {
			continue
		}
		require.NoError(e.t, err)
		if status.Exited() || status.Signaled() {
			if tid != root {
				delete(e.threads, tid)
				continue
			}
			if status.Signaled() {
				e.t.Errorf("killed by %v", status.Signal())
				return -1
			}
			return status.ExitStatus()
		}
		signal := int(status.StopSignal())
		if err := e.stopped(tid, &signal, status.TrapCause() > 0); err != nil {
			e.t.Errorf("thread %d: %v", tid, err)
			signal = int(unix.SIGKILL)
		}
		if err := unix.PtraceCont(tid, signal); err != nil && err != unix.ESRCH {
			require.NoError(e.t, err)
		}
	}
}

func (e *emulator) machine() *tileMachine {
	e.started++
	return &tileMachine{executed: e.executed}
}

// stopped clears the signals that the program should not see.
func (e *emulator) stopped(tid int, signal *int, event bool) error {
	switch {
	case event:
		*signal = 0
	case e.threads[tid] == nil: // a new thread
		e.threads[tid] = e.machine()
		*signal = 0
	case unix.Signal(*signal) == unix.SIGILL:
		return e.illegal(tid, signal)
	}
	return nil
}

func (e *emulator) illegal(tid int, signal *int) error {
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(tid, &regs); err != nil {
		return err
	}
	memory := processMemory(tid)
	in, ok := e.code[regs.Rip]
	if !ok {
		var code [16]byte
		if err := memory.read(code[:], regs.Rip, 0, 1, len(code)); err != nil {
			return err
		}
		var err error
		if in, err = decodeTile(code[:]); err == errNoTileInstruction {
			return nil
		} else if err != nil {
			return err
		}
		e.code[regs.Rip] = in
	}
	general := []*uint64{&regs.Rax, &regs.Rcx, &regs.Rdx, &regs.Rbx, &regs.Rsp, &regs.Rbp, &regs.Rsi, &regs.Rdi,
		&regs.R8, &regs.R9, &regs.R10, &regs.R11, &regs.R12, &regs.R13, &regs.R14, &regs.R15}
	if err := e.threads[tid].execute(in, func(i int) uint64 { return *general[i] }, memory); err != nil {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	regs.Rip += uint64(in.size)
	*signal = 0
	return unix.PtraceSetRegs(tid, &regs)
}

// processMemory is the memory of another process.
type processMemory int

func rowsAt(at, stride uint64, rows, n int) []unix.RemoteIovec {
	r := make([]unix.RemoteIovec, rows)
	for i := range r {
		r[i] = unix.RemoteIovec{Base: uintptr(at + uint64(i)*stride), Len: n}
	}
	return r
}

func (p processMemory) read(b []byte, at, stride uint64, rows, n int) error {
	local := []unix.Iovec{{Base: &b[0], Len: uint64(len(b))}}
	return complete(unix.ProcessVMReadv(int(p), local, rowsAt(at, stride, rows, n), 0))(len(b))
}

func (p processMemory) write(b []byte, at, stride uint64, rows, n int) error {
	local := []unix.Iovec{{Base: &b[0], Len: uint64(len(b))}}
	return complete(unix.ProcessVMWritev(int(p), local, rowsAt(at, stride, rows, n), 0))(len(b))
}

func complete(n int, err error) func(want int) error {
	return func(want int) error {
		if err == nil && n != want {
			return fmt.Errorf("#PF after %d of %d bytes", n, want)
		}
		return err
	}
}
