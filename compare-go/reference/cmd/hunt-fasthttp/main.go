// Command hunt-fasthttp is the treasure-hunt server on fasthttp.
package main

import (
	"os"

	"treasurehunt/internal/api"
	"treasurehunt/internal/config"
	"treasurehunt/internal/fast"
	"treasurehunt/internal/play"
	"treasurehunt/internal/server"
)

func main() {
	library := server.Library{
		Program: "hunt-fasthttp",
		Name:    "fasthttp",
		Options: fast.Listening,
		New: func(
			service *api.Service, hub *play.Hub, kind api.Listener, tuning config.Tuning,
		) server.Serving {
			return fast.New(service, hub, kind, tuning)
		},
	}
	os.Exit(server.Main(&library, os.Args[1:]))
}
