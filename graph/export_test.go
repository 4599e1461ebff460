package graph

import "context"

// ByResolvers has operations read by resolvers, and no plan.
func ByResolvers(ctx context.Context) context.Context {
	return context.WithValue(ctx, howKey{}, &how{resolving: true})
}
