//go:build !unix

package semaphore

const noFollow = 0
