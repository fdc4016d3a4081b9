package constrain

func CompileSchema(text string, o Options) (*Constraint, error) {
	return nil, failf(Unsupported, "", "schema")
}
func CompileRegexp(expr string) (*Constraint, error) { return nil, failf(Unsupported, "", "regex") }
