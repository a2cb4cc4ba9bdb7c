package project

import (
	"testing"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

func TestLocateInPOM(t *testing.T) {
	f := source.NewFile("shop/pom.xml", []byte(`<project>
<dependency><groupId>a</groupId><artifactId>x</artifactId></dependency>
<dependency><groupId>b</groupId><artifactId> x </artifactId><version>1</version></dependency>
<dependency><groupId>a</groupId><artifactId>x</artifactId><version>1</version></dependency>
<dependency><groupId>${g}</groupId><artifactId>y</artifactId></dependency>
`))
	for name, want := range map[string]string{"a:x": "shop/pom.xml:4:45", "b:x": "shop/pom.xml:3:46", "c:y": "shop/pom.xml:5:48", "d:z": "shop/pom.xml:1:1"} {
		got := NewLocator(f).Locate(&model.Package{Name: name, Version: "1", Ecosystem: "Maven"})
		if got := got.Span.Position().String(); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
