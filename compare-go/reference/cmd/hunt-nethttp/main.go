// Command hunt-nethttp is the treasure-hunt server on net/http.
package main

import (
	"os"

	"treasurehunt/internal/api"
	"treasurehunt/internal/config"
	"treasurehunt/internal/nethttp"
	"treasurehunt/internal/play"
	"treasurehunt/internal/server"
)

func main() {
	library := server.Library{
		Program: "hunt-nethttp",
		Name:    "net/http",
		Options: nethttp.Listening,
		New: func(
			service *api.Service, hub *play.Hub, kind api.Listener, tuning config.Tuning,
		) server.Serving {
			return nethttp.New(service, hub, kind, tuning)
		},
	}
	os.Exit(server.Main(&library, os.Args[1:]))
}
