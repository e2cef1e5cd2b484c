module treasurehunt

go 1.26
