module gantral.dev/verify

go 1.21
