package server

import (
	_ "embed"
	"fmt"
	"net"
	"strings"
	"time"

	"treasurehunt/internal/document"
	"treasurehunt/internal/problem"
	"treasurehunt/internal/token"
	"treasurehunt/internal/vocab"
)

//go:embed demo/harbour.json
var harbour []byte

const (
	demoQuest    = "harbour"
	demoCapacity = 1_000
	// demoTreasure lies beside the start, and can be opened at once and by everybody.
	demoTreasure = "harbour-bell"
	// demoAdminTTLMs is for how long the printed admin token is good: as long as a round.
	demoAdminTTLMs = 86_400_000
)

var demoHunts = []string{"harbour-1", "harbour-2", "harbour-3"}

// setUpDemo publishes the sample quest, starts hunts of it and joins a player to the first;
// returned are requests that work when they are pasted.
func (n *node) setUpDemo(ring *token.Ring) (string, error) {
	now, world := time.Now().UnixMilli(), n.service.World
	quest := knownID(demoQuest)
	if _, refusal := world.PublishQuest(quest, harbour); refusal != nil {
		return "", demoError(refusal)
	}
	for _, hunt := range demoHunts {
		order := document.Hunt{Quest: quest, Capacity: demoCapacity}
		if _, refusal := world.StartHunt(now, knownID(hunt), &order); refusal != nil {
			return "", demoError(refusal)
		}
	}
	hunt := knownID(demoHunts[0])
	player, refusal := world.Join(now, hunt, "Demo")
	if refusal != nil {
		return "", demoError(refusal)
	}
	session := token.Session{Hunt: hunt, Player: player}
	return invitation(
		reachable(n.public.listener.Addr()), reachable(n.admin.listener.Addr()),
		string(ring.AppendSession(nil, &session, now+n.service.Limits.SessionTTLMs)),
		string(ring.AppendAdmin(nil, now+demoAdminTTLMs)),
	), nil
}

func demoError(refusal *problem.Problem) error {
	return fmt.Errorf("the demo cannot be set up: %s; raise the limit", refusal.Title)
}

// knownID is the id that a text of this program is.
func knownID(text string) vocab.ID {
	id, ok := vocab.ParseID(text)
	if !ok {
		panic("the ids of the demo are well-formed")
	}
	return id
}

func invitation(public, admin, session, adminToken string) string {
	const asJSON = "-H 'content-type: application/json'"
	hunt := demoHunts[0]
	resolve := fmt.Sprintf(`-d '{"treasure":"%s","x":0,"y":0,"z":0}'`, demoTreasure)
	var text strings.Builder
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&text, "\n# %s\n"+format+"\n", append([]any{what}, args...)...)
	}
	line("open a treasure as the player that has joined already",
		"curl -sS http://%s/v1/hunts/%s/resolve -H 'authorization: Bearer %s' %s %s",
		public, hunt, session, asJSON, resolve)
	line("join as somebody else, then open it",
		`SESSION=$(curl -sS http://%s/v1/hunts/%s/players %s -d '{"name":"Ada"}' | `+
			`sed 's/.*"session":"\([^"]*\)".*/\1/'); `+
			`curl -sS http://%s/v1/hunts/%s/resolve -H "authorization: Bearer $SESSION" %s %s`,
		public, hunt, asJSON, public, hunt, asJSON, resolve)
	line(`watch and play over a WebSocket; send {"seq":1,"move":{"x":1,"y":2,"z":0}}`,
		"npx --yes wscat -s hunt.v1+json -c 'ws://%s/v1/hunts/%s/play?session=%s'",
		public, hunt, session)
	line("look", "curl -sS http://%s/v1/hunts/%s/leaderboard", public, hunt)
	line("start a hunt of your own, as the administrator",
		"curl -sS -X PUT http://%s/v1/hunts/mine -H 'authorization: Bearer %s' %s "+
			`-d '{"quest":"%s","capacity":100}'`,
		admin, adminToken, asJSON, demoQuest)
	line("see the figures", "curl -sS http://%s/metrics", admin)
	line("see where the time goes", "go tool pprof http://%s/debug/pprof/profile?seconds=10",
		admin)
	return text.String()
}

// reachable is an address that a client on this machine can use: a server that listens everywhere
// is not reached at the address that means everywhere.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	loopback := net.IPv6loopback
	if tcp.IP.To4() != nil {
		loopback = net.IPv4(127, 0, 0, 1)
	}
	return (&net.TCPAddr{IP: loopback, Port: tcp.Port}).String()
}
