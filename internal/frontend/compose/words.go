package compose

// split splits a command line into words as Compose does: blanks separate, quotes
// and backslashes keep together, and an operator of a shell ends the command.
// It reports false where quotes are not closed.
func split(s string) (words []string, ok bool) {
	words = []string{}
	var word []byte
	var quote byte
	started := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && quote != '\'':
			if i++; i == len(s) {
				return words, false
			}
			word, started = append(word, s[i]), true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word = append(word, c)
		case c == '\'' || c == '"':
			quote, started = c, true
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if started {
				words, word, started = append(words, string(word)), nil, false
			}
		case c == ';' || c == '&' || c == '|' || c == '<' || c == '>':
			if c == '>' && len(word) == 1 && word[0] >= '0' && word[0] <= '9' {
				started = false // the descriptor of a redirection
			}
			if started {
				words = append(words, string(word))
			}
			return words, true
		default:
			word, started = append(word, c), true
		}
	}
	if started {
		words = append(words, string(word))
	}
	return words, quote == 0
}
