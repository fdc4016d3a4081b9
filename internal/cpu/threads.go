package cpu

import "runtime"

// DefaultThreads is the number of workers that is fastest on most machines: one a physical core, as far as this process
// may use it. A second worker on the same core only takes its cache.
func DefaultThreads() int {
	n := runtime.GOMAXPROCS(0)
	if c := physicalCores(); c > 0 {
		n = min(n, c)
	}
	return max(1, n)
}
