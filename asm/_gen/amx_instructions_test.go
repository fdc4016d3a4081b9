package main

import (
	"encoding/hex"
	"testing"
)

// TestAMXBytes compares encodings with those of LLVM's assembler.
func TestAMXBytes(t *testing.T) {
	for line, want := range map[string]string{
		"AMX_LDTILECFG (AX)":                   "c4e2784900",
		"AMX_LDTILECFG (R9)":                   "c4c2784901",
		"AMX_TILERELEASE":                      "c4e27849c0",
		"AMX_TILEZERO_0":                       "c4e27b49c0",
		"AMX_TILEZERO_5":                       "c4e27b49e8",
		"AMX_TILELOADD_1 (AX)(CX*1)":           "c4e27b4b0c08",
		"AMX_TILELOADD_3 64(R8)(R15*1)":        "c4827b4b5c3840",
		"AMX_TILELOADD_7 1024(R13)(BX*1)":      "c4c27b4bbc1d00040000",
		"AMX_TILELOADD_2 (BP)(DX*1)":           "c4e27b4b541500",
		"AMX_TILESTORED_0 (BX)(CX*1)":          "c4e27a4b040b",
		"AMX_TILESTORED_1      128(SI)(R10*1)": "c4a27a4b8c1680000000",
		"AMX_TDPBSSD_2_1_0":                    "c4e26b5ec1",
		"AMX_TDPBSUD_2_1_0":                    "c4e26a5ec1",
		"AMX_TDPBSSD_7_3_1":                    "c4e2435ecb",
	} {
		if got := hex.EncodeToString(amxBytes(line)); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}
