package jinja

import (
	"fmt"
	"strings"
	"time"
)

// strftimeNow is strftime_now: the current local time in the C locale.
func strftimeNow(m *machine, a []Value) (Value, error) {
	f, ok := a[0].(text)
	if !ok {
		return nil, failf("strftime() argument 1 must be str, not %s", a[0].pyType())
	}
	w := newBuilder(m.budget)
	now := m.now()
	for s := f.s; s != ""; {
		i := strings.IndexByte(s, '%')
		if i < 0 || i+1 == len(s) {
			i = len(s)
		}
		if err := w.str(s[:i], f.allTrusted()); err != nil {
			return nil, err
		}
		if s = s[i:]; s == "" {
			break
		}
		n := 2
		if s[1] == '-' && len(s) > 2 {
			n = 3
		}
		if err := w.str(strftime(now, s[:n]), f.allTrusted()); err != nil {
			return nil, err
		}
		if err := m.step(1); err != nil {
			return nil, err
		}
		s = s[n:]
	}
	return w.text(), nil
}

// strftime formats one directive; an unknown one stays as it is.
func strftime(t time.Time, d string) string {
	digits, blank := "%02d", "%2d"
	if strings.HasPrefix(d, "%-") {
		digits, blank = "%d", "%d"
	}
	hour12 := (t.Hour()+11)%12 + 1
	_, isoWeek := t.ISOWeek()
	isoYear, _ := t.ISOWeek()
	number := func(format string, n int) string { return fmt.Sprintf(format, n) }
	switch d[len(d)-1] {
	case 'a':
		return t.Format("Mon")
	case 'A':
		return t.Format("Monday")
	case 'b', 'h':
		return t.Format("Jan")
	case 'B':
		return t.Format("January")
	case 'c':
		return t.Format("Mon Jan _2 15:04:05 2006")
	case 'C':
		return number(digits, t.Year()/100)
	case 'd':
		return number(digits, t.Day())
	case 'D', 'x':
		return t.Format("01/02/06")
	case 'e':
		return number(blank, t.Day())
	case 'f':
		return number("%06d", t.Nanosecond()/1000)
	case 'F':
		return t.Format("2006-01-02")
	case 'g':
		return number(digits, isoYear%100)
	case 'G':
		return number("%d", isoYear)
	case 'H':
		return number(digits, t.Hour())
	case 'I':
		return number(digits, hour12)
	case 'j':
		if digits == "%02d" {
			digits = "%03d"
		}
		return number(digits, t.YearDay())
	case 'k':
		return number(blank, t.Hour())
	case 'l':
		return number(blank, hour12)
	case 'm':
		return number(digits, int(t.Month()))
	case 'M':
		return number(digits, t.Minute())
	case 'n':
		return "\n"
	case 'p':
		return t.Format("PM")
	case 'P':
		return t.Format("pm")
	case 'r':
		return t.Format("03:04:05 PM")
	case 'R':
		return t.Format("15:04")
	case 's':
		return number("%d", int(t.Unix()))
	case 'S':
		return number(digits, t.Second())
	case 't':
		return "\t"
	case 'T', 'X':
		return t.Format("15:04:05")
	case 'u':
		return number("%d", (int(t.Weekday())+6)%7+1)
	case 'U':
		return number(digits, (t.YearDay()+6-int(t.Weekday()))/7)
	case 'V':
		return number(digits, isoWeek)
	case 'w':
		return number("%d", int(t.Weekday()))
	case 'W':
		return number(digits, (t.YearDay()+6-(int(t.Weekday())+6)%7)/7)
	case 'y':
		return number(digits, t.Year()%100)
	case 'Y':
		return number("%d", t.Year())
	case 'z', 'Z':
		return "" // the local time is a naive one
	case '%':
		return "%"
	}
	return d
}
