package constrain

import (
	"strings"
	"sync"
)

// Patterns of the formats that are asserted, in their common form: RFC 3339 dates, times and durations (with the leap years of the
// calendar), RFC 5322 addr-spec without quotes and literals, RFC 1123 names, RFC 4291, RFC 3986 and RFC 4122.
const (
	dateForm = `(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))` +
		`|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)`
	timeForm = `(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])|23:59:60(?:\.[0-9]+)?[Zz])`
	durTime  = `T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)`
	durForm  = `P(?:[0-9]+W|(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)(?:` + durTime + `)?|` + durTime + `)`
	octet    = `(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`
	ipv4Form = octet + `(?:\.` + octet + `){3}`
	h16      = `[0-9A-Fa-f]{1,4}`
	ls32     = `(?:` + h16 + `:` + h16 + `|` + ipv4Form + `)`
	ipv6Form = `(?:(?:H:){6}L|::(?:H:){5}L|(?:H)?::(?:H:){4}L|(?:(?:H:){0,1}H)?::(?:H:){3}L|(?:(?:H:){0,2}H)?::(?:H:){2}L` +
		`|(?:(?:H:){0,3}H)?::H:L|(?:(?:H:){0,4}H)?::L|(?:(?:H:){0,5}H)?::H|(?:(?:H:){0,6}H)?::)`
)

// More of them, of which parts repeat.
var (
	ipv6Pattern = strings.NewReplacer("H", h16, "L", ls32).Replace(ipv6Form)
	label       = `[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?`
	hostForm    = label + `(?:\.` + label + `)*`
	atom        = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
	emailForm   = atom + `(?:\.` + atom + `)*@` + hostForm
	pchar       = `(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})`
	authority   = `(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?(?:\[(?:` + ipv6Pattern + `|[Vv][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?`
	uriForm     = `[A-Za-z][A-Za-z0-9+.-]*:(?:\/\/` + authority + `(?:\/` + pchar + `*)*|\/?(?:` + pchar + `+(?:\/` + pchar + `*)*)?)` +
		`(?:\?(?:` + pchar + `|[\/?])*)?(?:#(?:` + pchar + `|[\/?])*)?`
	uuidForm = `[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`
)

// formatTable holds the automaton of each format, made when first needed: constants, but for the time they take.
var formatTable = map[string]func() *dfa{
	"date":      formatOf(dateForm),
	"time":      formatOf(timeForm),
	"date-time": formatOf(dateForm + `[Tt]` + timeForm),
	"duration":  formatOf(durForm),
	"email":     formatOf(emailForm),
	"hostname":  formatExcept(hostForm, `(?:^|\.)[^.]{2}--`), // Punycode would have to be decoded to be checked
	"ipv4":      formatOf(ipv4Form),
	"ipv6":      formatOf(ipv6Pattern),
	"uri":       formatOf(uriForm),
	"uuid":      formatOf(uuidForm),
}

func formatOf(form string) func() *dfa { return formatExcept(form, "") }

// formatExcept returns the automaton of the texts that match one pattern as a whole and do not contain another.
func formatExcept(form, not string) func() *dfa {
	return sync.OnceValue(func() *dfa {
		d := searchDFA(`^(?:` + form + `)$`)
		if d == nil || not == "" {
			return d
		}
		if n := searchDFA(not); n != nil {
			d = intersect(d, n.complement(), maxDFA)
		}
		return d
	})
}

// searchDFA returns the automaton of a pattern, nil if there is none.
func searchDFA(text string) *dfa {
	x, err := parseECMA(text)
	if err != nil {
		return nil
	}
	d, err := compileRE(x, search)
	if err != nil {
		return nil
	}
	return d
}

// formatDFA returns the automaton of a format, nil if it is not asserted.
func formatDFA(name string) *dfa {
	if f := formatTable[name]; f != nil {
		return f()
	}
	return nil
}

// maxHostname bounds a host name as a whole.
const maxHostname = 253
