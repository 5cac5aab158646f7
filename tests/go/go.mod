module atomicarena/tests

go 1.19

require atomicarena v0.0.0

replace atomicarena => ../../src/go
