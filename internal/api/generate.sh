#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes holdfastv1/ from proto/, here or below the folder that is given. Needs
# protoc (Debian: protobuf-compiler); its plugins are tools of this module.
set -eu
cd "$(dirname "$0")"
to=${1:-../..}
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
go build -o "$tools" google.golang.org/protobuf/cmd/protoc-gen-go connectrpc.com/connect/cmd/protoc-gen-connect-go
PATH="$tools:$PATH" protoc -I proto \
	--go_out="$to" --go_opt=module=holdfast \
	--connect-go_out="$to" --connect-go_opt=module=holdfast \
	proto/holdfast/v1/*.proto
