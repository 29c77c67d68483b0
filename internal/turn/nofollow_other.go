//go:build !unix

package turn

const noFollow = 0
