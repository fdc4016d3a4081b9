package main

func chatVerb() *verb   { return later("chat", "talk with a model") }
func renderVerb() *verb { return later("render", "render a chat template") }
