package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

//go:embed plain_http_download.txtar
var plainHTTPDownloadDoc string

var plainHTTPDownload = &rule.Rule{
	Name:     "plain-http-download",
	Summary:  "code is downloaded over a connection anybody on the way can change",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 4.11"},
	Doc:      plainHTTPDownloadDoc,
	Build:    checkPlainHTTPDownload,
}

func checkPlainHTTPDownload(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		if plainSource(c.Command) && !verified(c.Script) {
			for i := 1; i < len(c.Words); i++ {
				if isProxy(c.Arg(i - 1)) {
					continue
				}
				reportPlain(p, c.Words[i])
			}
		}
	}
	for i := range instructions(b, everyStage, "ADD") {
		if len(i.Words) > 1 && flag(i, "checksum") == nil {
			for _, w := range i.Words[:len(i.Words)-1] {
				reportPlain(p, w)
			}
		}
	}
}

// plainSource reports whether c downloads from the addresses it names.
func plainSource(c *model.Command) bool {
	tool, _ := toolOf(c)
	return downloads(c) || c.Name == "git" || tool == "pip" || isNPM(tool) || tool == "gem" || c.Name == "rpm"
}

// isProxy reports whether the word after flag is an address that is not
// downloaded from.
func isProxy(flag string) bool {
	switch flag {
	case "-x", "--proxy", "-e", "--referer", "--referer=", "-H", "--header", "-d", "--data", "http.proxy":
		return true
	}
	return false
}

func reportPlain(p *rule.Pass, w model.Word) {
	const scheme = "http://"
	if !w.Known() || !strings.Contains(w.Value, scheme) {
		return
	}
	address := w.Value[strings.Index(w.Value, scheme):]
	if strings.Contains(w.Value, "proxy") || nearby(host(address)) {
		return
	}
	p.Report(w.Place(), "downloads from "+host(address)+" without encryption",
		rule.Do(func() []source.Edit { return encrypt(w.Span) }, "download over https"))
}

// encrypt returns the edit that makes the http address under at one of https.
func encrypt(at source.Span) []source.Edit {
	text := at.Text()
	i := strings.Index(text, "http://")
	if i < 0 || strings.Count(text, "http://") > 1 {
		return nil
	}
	after := at.Start + i + len("http")
	return []source.Edit{{Span: at.File.Span(after, after), New: "s", Key: "s"}}
}
