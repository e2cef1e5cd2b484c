package document

import (
	"math"
	"slices"
	"sync"

	"treasurehunt/internal/vocab"
)

var questFields = []field{
	required("name"), required("waypoints"), required("treasures"), optional("rules"),
}

// ReadQuest reads a quest. Linear in the document; what it returns has no spare capacity.
func ReadQuest(doc []byte) (*Quest, *Fault) {
	r := reader{doc: doc}
	lists := draftLists.Get().(*lists)
	defer draftLists.Put(lists)
	lists.waypoints, lists.treasures = lists.waypoints[:0], lists.treasures[:0]
	quest := &Quest{Rules: defaultRules}
	for o := newObject(questFields); r.next(&o); {
		switch o.index {
		case 0:
			quest.Name = parsed(&r, vocab.ParseName)
		case 1:
			for l := (list{min: 1, max: WaypointsMax}); r.element(&l); {
				lists.waypoints = append(lists.waypoints, readWaypoint(&r))
			}
		case 2:
			quest.ByID = make(map[vocab.ID]uint16)
			for l := (list{min: 1, max: TreasuresMax}); r.element(&l); {
				treasure := readTreasure(&r, quest.ByID)
				lists.treasures = append(lists.treasures, treasure)
			}
		case 3:
			readRules(&r, &quest.Rules)
		}
	}
	if fault := r.end(); fault != nil {
		return nil, fault
	}
	quest.Waypoints = slices.Clone(lists.waypoints)
	quest.Treasures = slices.Clone(lists.treasures)
	return quest, nil
}

// Lists that grow while a quest is read, and are copied at their exact size when it was: a quest
// that is played for hours holds no spare capacity, and reading the next one grows nothing.
type lists struct {
	waypoints []Waypoint
	treasures []Treasure
}

var draftLists = sync.Pool{New: func() any { return new(lists) }}

var waypointFields = []field{required("x"), required("y"), required("z"), required("radius")}

func readWaypoint(r *reader) (waypoint Waypoint) {
	for o := newObject(waypointFields); r.next(&o); {
		switch o.index {
		case 0:
			waypoint.At.X = r.float(IsCoordinate)
		case 1:
			waypoint.At.Y = r.float(IsCoordinate)
		case 2:
			waypoint.At.Z = r.float(IsCoordinate)
		case 3:
			waypoint.Radius = r.float(isRadius)
		}
	}
	return waypoint
}

var treasureFields = []field{
	required("id"), required("x"), required("y"), required("z"), required("radius"),
	required("loot"), optional("opens_ms"), optional("supply"),
}

// readTreasure reads the next treasure and enters it in byID.
func readTreasure(r *reader, byID map[vocab.ID]uint16) Treasure {
	treasure := Treasure{Supply: 1}
	for o := newObject(treasureFields); r.next(&o); {
		switch o.index {
		case 0:
			treasure.ID = readNewID(r, byID)
		case 1:
			treasure.At.X = r.float(IsCoordinate)
		case 2:
			treasure.At.Y = r.float(IsCoordinate)
		case 3:
			treasure.At.Z = r.float(IsCoordinate)
		case 4:
			treasure.Radius = r.float(isRadius)
		case 5:
			treasure.Loot = readLoot(r)
		case 6:
			treasure.OpensMs = r.uint(0, dayMs)
		case 7:
			treasure.Supply = r.uint(1, 1_000_000)
		}
	}
	return treasure
}

// readNewID reads the id of the next treasure, which none before may have.
func readNewID(r *reader, byID map[vocab.ID]uint16) vocab.ID {
	text, from := r.text()
	if r.fault != nil {
		return vocab.ID{}
	}
	id, ok := vocab.ParseID(text)
	if !ok {
		r.refuse(OutOfRange, from)
	} else if _, twice := byID[id]; twice {
		r.refuse(DuplicateID, from)
	} else {
		byID[id] = uint16(len(byID))
	}
	return id
}

var lootFields = []field{required("item"), required("points"), optional("power_up")}

func readLoot(r *reader) (loot Loot) {
	for o := newObject(lootFields); r.next(&o); {
		switch o.index {
		case 0:
			loot.Item = parsed(r, vocab.ParseID[[]byte])
		case 1:
			loot.Points = r.uint(1, 1_000_000)
		case 2:
			if !r.null() {
				loot.PowerUp = parsed(r, vocab.ParsePowerUp)
			}
		}
	}
	return loot
}

var defaultRules = Rules{
	DurationMs:      600_000,
	SpeedMax:        10,
	EnergyMax:       100,
	EnergyPerS:      5,
	PowerUpEnergy:   30,
	PowerUpMs:       5_000,
	StartPowerUps:   [...]uint8{vocab.Boost: 1, vocab.Reach: 1, vocab.Double: 1},
	WaypointsInPlay: 8,
	WaypointMs:      3_000,
}

var rulesFields = []field{
	optional("duration_ms"), optional("speed_max"), optional("energy_max"),
	optional("energy_per_s"), optional("power_up_energy"), optional("power_up_ms"),
	optional("start_power_ups"), optional("waypoints_in_play"), optional("waypoint_ms"),
}

func readRules(r *reader, rules *Rules) {
	for o := newObject(rulesFields); r.next(&o); {
		switch o.index {
		case 0:
			rules.DurationMs = r.uint(500, dayMs)
		case 1:
			rules.SpeedMax = r.float(isSpeed)
		case 2:
			rules.EnergyMax = r.uint(0, 1_000)
		case 3:
			rules.EnergyPerS = r.uint(0, 1_000)
		case 4:
			rules.PowerUpEnergy = r.uint(0, 1_000)
		case 5:
			rules.PowerUpMs = r.uint(1, 3_600_000)
		case 6:
			readStartPowerUps(r, &rules.StartPowerUps)
		case 7:
			rules.WaypointsInPlay = r.uint(1, 64)
		case 8:
			rules.WaypointMs = r.uint(1, dayMs)
		}
	}
}

// In the order of the power-ups, none aside.
var startFields = []field{optional("boost"), optional("reach"), optional("double")}

func readStartPowerUps(r *reader, counts *[vocab.PowerUpCount]uint8) {
	for o := newObject(startFields); r.next(&o); {
		counts[int(vocab.Boost)+o.index] = uint8(r.uint(0, math.MaxUint8))
	}
}

func isRadius(value float64) bool { return value > 0 && value <= RadiusMax }

func isSpeed(value float64) bool { return value > 0 && value <= 1_000_000 }
