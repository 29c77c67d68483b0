package pluginprocess

import "testing"

func TestLogWanted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environment []string
		want        bool
	}{
		"nothing":      {[]string{"PATH=/bin", "TF_VAR_TF_LOG=x"}, false},
		"empty":        {[]string{"TF_LOG="}, false},
		"everything":   {[]string{"PATH=/bin", "TF_LOG=trace"}, true},
		"the provider": {[]string{"TF_LOG_PROVIDER=info"}, true},
		"the SDK":      {[]string{"TF_LOG_SDK_PROTO=debug"}, true},
	} {
		if got := logWanted(test.environment); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
