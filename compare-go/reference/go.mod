module treasurehunt

go 1.26.0

require (
	github.com/bufbuild/protocompile v0.14.1 // tests: reads hunt.proto, to hold the codec against it
	github.com/pelletier/go-toml/v2 v2.4.3 // the configuration file, with the line of what is not well-formed
	google.golang.org/protobuf v1.36.12 // protowire: the primitives of the encoding
)

require (
	github.com/gobwas/ws v1.5.0 // WebSocket frames: the quickest that is correct (README.md)
	github.com/prometheus/client_golang v1.25.0 // /metrics, and what the runtime and the process say of themselves
	github.com/prometheus/common v0.73.1 // expfmt: OpenMetrics text
	github.com/valyala/fasthttp v1.74.0 // the HTTP library of hunt-fasthttp
)

require (
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/klauspost/compress v1.20.1 // indirect
	github.com/molecule-man/go-brrr v1.0.1 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/pandatix/go-abnf v0.5.3 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	golang.org/x/sync v0.22.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
