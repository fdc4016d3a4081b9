//go:build smolmoe

package main

import "llm/models/smolmoe"

func init() { embedded = smolmoe.Source }
