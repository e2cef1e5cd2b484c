package wire

import (
	"bytes"
	"encoding/json"
	"sync"

	"treasurehunt/internal/jsonform"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/vocab"
)

// The answers as encoding/json writes them. It gives the bytes of [Append]: keys stand in the order
// of the fields, doubles follow ECMAScript, and the two characters that it escapes though R76 says
// nothing, U+2028 and U+2029, come only in names and paths, which write themselves.

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// reflected appends a form. No form holds anything that cannot be written.
func reflected(dst []byte, form any) []byte {
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	encoder := json.NewEncoder(buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(form); err != nil {
		panic("wire: an answer cannot be written: " + err.Error())
	}
	// Encode ends with a line end.
	return append(dst, buf.Bytes()[:buf.Len()-1]...)
}

type joinedForm struct {
	Player  uint32 `json:"player"`
	Session string `json:"session"`
}

// A list is written as null where it is nil.
func leaderboardForm(a *Leaderboard) Leaderboard {
	form := *a
	if form.Rows == nil {
		form.Rows = []BoardRow{}
	}
	return form
}

type lootTable struct {
	Session uint32    `json:"session"`
	Hunt    *vocab.ID `json:"hunt"`
	Loot    []LootRow `json:"loot"`
}

func lootTableForm(a *LootTable) lootTable {
	form := lootTable{Session: a.Session, Loot: a.Rows}
	if a.Hunt.Len() > 0 {
		hunt := a.Hunt
		form.Hunt = &hunt
	}
	if form.Loot == nil {
		form.Loot = []LootRow{}
	}
	return form
}

type problemForm struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail,omitempty"`
	Path   *jsonform.Text `json:"path,omitempty"`
	Line   uint32         `json:"line,omitempty"`
	Column uint32         `json:"column,omitempty"`
}

func problemFormOf(p *problem.Problem) problemForm {
	form := problemForm{Type: p.Type, Title: p.Title, Status: p.Status, Detail: p.Detail}
	if p.Fault != nil {
		path := jsonform.Text(p.Fault.Path)
		form.Path, form.Line, form.Column = &path, p.Fault.Line, p.Fault.Column
	}
	return form
}

// A message: one of its fields is there.
type messageForm struct {
	Moved       *movedForm       `json:"moved,omitempty"`
	PowerUpUsed *powerUpUsedForm `json:"power_up_used,omitempty"`
	Resolved    *resolvedForm    `json:"resolved,omitempty"`
	Refused     *refusedForm     `json:"refused,omitempty"`
	Frame       *frameForm       `json:"frame,omitempty"`
}

type movedForm struct {
	Seq     uint32            `json:"seq"`
	Outcome vocab.MoveOutcome `json:"outcome"`
	X       float64           `json:"x"`
	Y       float64           `json:"y"`
	Z       float64           `json:"z"`
	Energy  uint32            `json:"energy"`
}

func movedMessageForm(seq uint32, a *Moved) messageForm {
	return messageForm{Moved: &movedForm{seq, a.Outcome, a.At.X, a.At.Y, a.At.Z, a.Energy}}
}

type powerUpUsedForm struct {
	Seq      uint32               `json:"seq"`
	Outcome  vocab.PowerUpOutcome `json:"outcome"`
	PowerUp  vocab.PowerUp        `json:"power_up"`
	ActiveMs uint32               `json:"active_ms"`
	Energy   uint32               `json:"energy"`
}

func powerUpMessageForm(seq uint32, a *PowerUpUsed) messageForm {
	form := &powerUpUsedForm{seq, a.Outcome, a.PowerUp, a.ActiveMs, a.Energy}
	return messageForm{PowerUpUsed: form}
}

type resolvedForm struct {
	Seq uint32 `json:"seq"`
	Resolved
}

func resolvedMessageForm(seq uint32, a *Resolved) messageForm {
	return messageForm{Resolved: &resolvedForm{seq, *a}}
}

type refusedForm struct {
	Seq uint32 `json:"seq"`
	problemForm
}

func refusedMessageForm(seq uint32, p *problem.Problem) messageForm {
	return messageForm{Refused: &refusedForm{seq, problemFormOf(p)}}
}

type frameForm struct {
	Tick        uint32          `json:"tick"`
	Full        bool            `json:"full"`
	Status      vocab.HuntState `json:"status"`
	RemainingMs uint32          `json:"remaining_ms"`
	Waypoints   []waypointForm  `json:"waypoints"`
	Changed     []changedForm   `json:"changed"`
	Leaders     []leaderForm    `json:"leaders"`
}

type waypointForm struct {
	Index  uint32  `json:"index"`
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Z      float64 `json:"z"`
	Radius float64 `json:"radius"`
}

type changedForm struct {
	Treasure  vocab.ID `json:"treasure"`
	Remaining uint32   `json:"remaining"`
}

type leaderForm struct {
	Player uint32     `json:"player"`
	Name   vocab.Name `json:"name"`
	Score  uint32     `json:"score"`
}

func frameMessageForm(s *Scene) messageForm {
	form := &frameForm{
		Tick: s.Tick, Full: s.Full, Status: s.State, RemainingMs: s.RemainingMs,
		Waypoints: []waypointForm{}, Changed: []changedForm{}, Leaders: []leaderForm{},
	}
	for index, w := range s.waypointsInPlay {
		form.Waypoints = append(form.Waypoints,
			waypointForm{index, w.At.X, w.At.Y, w.At.Z, w.Radius})
	}
	for treasure, remaining := range s.changed {
		form.Changed = append(form.Changed, changedForm{treasure.ID, remaining})
	}
	for _, row := range s.Leaders {
		form.Leaders = append(form.Leaders, leaderForm{row.Player, row.Name, row.Score})
	}
	return messageForm{Frame: form}
}
