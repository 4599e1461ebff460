// Package ent is generated from ent/schema, and so is graph/ent.graphql.
package ent

// Run from the module's root, where gqlgen.yml and the paths in it are.
//go:generate go -C .. run ./ent/codegen
