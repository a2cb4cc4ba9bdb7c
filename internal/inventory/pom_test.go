package inventory

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const shopPOM = `<?xml version="1.0" encoding="ISO-8859-1"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>com.example</groupId><artifactId>parent</artifactId><version>7</version></parent>
  <artifactId>shop</artifactId>
  <properties><log.version>2.14.1</log.version><a>${b}</a><b>${a}</b></properties>
  <dependencyManagement><dependencies>
    <dependency><groupId>org.m</groupId><artifactId>managed</artifactId><version>3.0</version><scope>test</scope></dependency>
    <dependency><groupId>org.m</groupId><artifactId>unused</artifactId><version>9.9</version></dependency>
    <dependency><groupId>org.m</groupId><artifactId>list</artifactId><version>1</version><type>pom</type><scope>import</scope></dependency>
  </dependencies></dependencyManagement>
  <dependencies>
    <dependency><groupId>org.l</groupId><artifactId>log</artifactId><version>${log.version}</version></dependency>
    <dependency><groupId>${project.groupId}</groupId><artifactId>own</artifactId><version>${project.version}-x</version></dependency>
    <dependency><groupId> org.m </groupId><artifactId>managed</artifactId></dependency>
    <dependency><groupId>org.m</groupId><artifactId>list</artifactId></dependency>
    <dependency><groupId>org.r</groupId><artifactId>range</artifactId><version>[1.0,2.0)</version></dependency>
    <dependency><groupId>org.r</groupId><artifactId>elsewhere</artifactId><version>${spring.version}</version></dependency>
    <dependency><groupId>org.r</groupId><artifactId>round</artifactId><version>${a}</version></dependency>
    <dependency><groupId>org.j</groupId><artifactId>junit</artifactId><version>4.12</version><scope>test</scope></dependency>
    <dependency><groupId>org.s</groupId><artifactId>file</artifactId><version>1</version><scope>system</scope></dependency>
  </dependencies>
  <build><plugins><plugin><dependencies><dependency><groupId>org.p</groupId><artifactId>plugin</artifactId><version>1</version></dependency></dependencies></plugin></plugins></build>
  <profiles><profile><dependencies><dependency><groupId>org.p</groupId><artifactId>profile</artifactId><version>1</version></dependency></dependencies></profile></profiles>
</project>
`

func TestPOM(t *testing.T) {
	inv := Lock("shop/pom.xml", []byte(shopPOM))
	var got []string
	for _, p := range inv.Packages {
		dev := ""
		if p.Dev {
			dev = " dev"
		}
		got = append(got, p.Name+" "+p.Version+dev)
	}
	slices.Sort(got)
	want := []string{
		"com.example:own 7-x", "org.j:junit 4.12 dev", "org.l:log 2.14.1", "org.m:list ", "org.m:managed 3.0 dev",
		"org.r:elsewhere ", "org.r:range ", "org.r:round ",
	}
	if diff := cmp.Diff(got, want); diff != "" || len(inv.Notes) > 0 {
		t.Errorf("-got +want\n%s\nnotes: %v", diff, inv.Notes)
	}
}

// TestPOMBounded: values that name each other many times are given up.
func TestPOMBounded(t *testing.T) {
	var values strings.Builder
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		values.WriteString("<" + string(c) + ">" + strings.Repeat("${"+string(c+1)+"}", 100) + "</" + string(c) + ">")
	}
	one := "<dependency><groupId>g</groupId><artifactId>x</artifactId><version>${a}</version></dependency>"
	inv := Lock("pom.xml", []byte("<project><properties>"+values.String()+"</properties><dependencies>"+strings.Repeat(one, 1000)+"</dependencies></project>"))
	for _, p := range inv.Packages {
		if p.Version != "" {
			t.Errorf("version is %q, want none", p.Version)
		}
	}
}

func FuzzPOM(f *testing.F) {
	f.Add([]byte(shopPOM))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, p := range Lock("pom.xml", text).Packages {
			if p.Name == "" || len(p.Name) > maxField || strings.Contains(p.Version, "${") {
				t.Errorf("package %+v", p)
			}
		}
	})
}
