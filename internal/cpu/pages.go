package cpu

import (
	"fmt"

	"llm/asm"
	"llm/internal/device"
	"llm/internal/errs"
	"llm/internal/mem"
)

// pages is the memory of the key/value cache. A page holds device.PageTokens positions of every layer of its group:
// layer after layer, head after head, a head's keys before its values.
// Pages are outside the Go heap: the collector neither scans nor counts them.
type pages struct {
	typ    asm.PageType
	groups []pageGroup
	total  int64
}

type pageGroup struct {
	bytes  int
	layers []pageLayer
	data   [][]byte // by device.Page; nil: free
	spare  []device.Page
}

// pageLayer is where a layer lies in a page and how long its rows are, in bytes.
type pageLayer struct{ at, kRow, vRow int }

// head returns the keys and the values of a head.
func (l *pageLayer) head(page []byte, h int) (keys, values []byte) {
	k, v := device.PageTokens*l.kRow, device.PageTokens*l.vRow
	page = page[l.at+h*(k+v):]
	return page[:k], page[k : k+v]
}

func (p *pages) init(groups []device.CacheGroup, kv device.KVType) error {
	p.typ = map[device.KVType]asm.PageType{device.KVF16: asm.Int16Page, device.KVF32: asm.F32Page, device.KVQ8_0: asm.Q8Page}[kv]
	for _, g := range groups {
		var pg pageGroup
		for _, l := range g.Layers {
			if l.KDim%p.typ.Block() != 0 || l.VDim%p.typ.Block() != 0 {
				return fmt.Errorf("%w: a %v cache needs heads of a multiple of %d values, this model has %d and %d",
					errs.ErrUnsupported, p.typ, p.typ.Block(), l.KDim, l.VDim)
			}
			pl := pageLayer{at: pg.bytes, kRow: p.typ.RowBytes(l.KDim), vRow: p.typ.RowBytes(l.VDim)}
			pg.bytes += l.KVHeads * device.PageTokens * (pl.kRow + pl.vRow)
			pg.layers = append(pg.layers, pl)
		}
		p.groups = append(p.groups, pg)
	}
	return nil
}

func (p *pages) alloc(group int) (device.Page, error) {
	g := &p.groups[group]
	b, err := mem.Alloc(g.bytes)
	if err != nil {
		return 0, err
	}
	p.total += int64(g.bytes)
	if n := len(g.spare); n > 0 {
		id := g.spare[n-1]
		g.spare = g.spare[:n-1]
		g.data[id] = b
		return id, nil
	}
	g.data = append(g.data, b)
	return device.Page(len(g.data) - 1), nil
}

func (p *pages) free(group int, id device.Page) {
	g := &p.groups[group]
	if err := mem.Free(g.data[id]); err != nil {
		return // the system refused; the page stays, unused
	}
	p.total -= int64(g.bytes)
	g.data[id] = nil
	g.spare = append(g.spare, id)
}

func (p *pages) copy(group int, dst, src device.Page) {
	g := &p.groups[group]
	copy(g.data[dst], g.data[src])
}

func (p *pages) close() {
	for i := range p.groups {
		for id, b := range p.groups[i].data {
			if b != nil {
				p.free(i, device.Page(id))
			}
		}
	}
}
