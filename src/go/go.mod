module atomicarena

go 1.19
