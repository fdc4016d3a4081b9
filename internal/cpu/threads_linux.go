package cpu

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// physicalCores counts the cores in the affinity mask, hyper-threads of one core once; 0 if the system does not say.
func physicalCores() int {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return 0
	}
	cores := map[string]bool{}
	for i := 0; i < len(set)*64; i++ {
		if !set.IsSet(i) {
			continue
		}
		b, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", i))
		if err != nil {
			return 0
		}
		cores[string(b)] = true
	}
	return len(cores)
}
