package report

import (
	"encoding/json"
	"fmt"
)

// StageResult is what one stage tells of itself: LoadResult, Inspection,
// FixResult, Conversion or Validation.
type StageResult interface {
	// StageName is the name of the stage that has this result.
	StageName() string
}

// ResultOf reads the result of one stage. It is empty where the stage did not
// run, or failed and has nothing to show.
func ResultOf[T StageResult](r *Report) (T, error) {
	var result T
	for _, stage := range r.Pipeline.Stages {
		if stage.Name != result.StageName() || len(stage.Result) == 0 {
			continue
		}
		if err := json.Unmarshal(stage.Result, &result); err != nil {
			var none T
			return none, fmt.Errorf("reading the result of stage %s: %w", stage.Name, err)
		}
	}
	return result, nil
}
