package metrics

import (
	"net/http"
	"net/http/pprof"
)

// ProfilesPath begins the paths of [Profiles].
const ProfilesPath = "/debug/pprof/"

// Profiles answers with the profiles of the runtime.
func Profiles() http.Handler {
	profiles := http.NewServeMux()
	profiles.HandleFunc(ProfilesPath, pprof.Index)
	profiles.HandleFunc(ProfilesPath+"cmdline", pprof.Cmdline)
	profiles.HandleFunc(ProfilesPath+"profile", pprof.Profile)
	profiles.HandleFunc(ProfilesPath+"symbol", pprof.Symbol)
	profiles.HandleFunc(ProfilesPath+"trace", pprof.Trace)
	return profiles
}
