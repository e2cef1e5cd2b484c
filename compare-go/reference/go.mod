module treasurehunt

go 1.26

require (
	github.com/pelletier/go-toml/v2 v2.4.3
	google.golang.org/protobuf v1.36.12 // protowire: the primitives of the encoding
)

require (
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/ws v1.5.0 // indirect
)
