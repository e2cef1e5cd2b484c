package game

import (
	"container/heap"
	"sync"
)

// schedule is when the hunts of a shard have something to do next: a frame, the end of the round,
// or to be forgotten.
type schedule struct {
	mu    sync.Mutex
	hunts dueHeap
}

// set says when a hunt has something to do. Called with the hunt locked.
func (s *schedule) set(h *hunt, dueMs int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h.dueMs = dueMs
	if h.duePlace == unscheduled {
		heap.Push(&s.hunts, h)
	} else {
		heap.Fix(&s.hunts, h.duePlace)
	}
}

// take takes out the hunt that is due first, if it is due; otherwise it returns nil.
func (s *schedule) take(nowMs int64) *hunt {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.hunts) == 0 || s.hunts[0].dueMs > nowMs {
		return nil
	}
	return heap.Pop(&s.hunts).(*hunt)
}

// unscheduled is the place of a hunt that is not in the schedule.
const unscheduled = -1

// dueHeap is a heap.Interface whose hunts know their places.
type dueHeap []*hunt

func (d dueHeap) Len() int           { return len(d) }
func (d dueHeap) Less(i, j int) bool { return d[i].dueMs < d[j].dueMs }

func (d dueHeap) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].duePlace, d[j].duePlace = i, j
}

func (d *dueHeap) Push(x any) {
	h := x.(*hunt)
	h.duePlace = len(*d)
	*d = append(*d, h)
}

func (d *dueHeap) Pop() any {
	last := len(*d) - 1
	h := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	h.duePlace = unscheduled
	return h
}
