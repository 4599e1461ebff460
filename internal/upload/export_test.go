package upload

// SetPartLength makes parts shorter, so that tests have many of them.
func (s *Service) SetPartLength(n int64) { s.partLength = n }
