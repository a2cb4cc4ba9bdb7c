package imagetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base32"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
)

// small makes the small image of the base system.
func (b *builder) small() error {
	b.log("the small image")
	plants, err := newPlants()
	if err != nil {
		return err
	}
	said := map[string]string{"accesskey": plants.AccessKey, "privatekey": plants.PrivateKey, "password": plants.Password}
	if said["dpkg"], err = b.dpkg(); err != nil {
		return err
	}
	list := command{dir: b.path("app/small/srv/web"), args: []string{"npm", "ls", "--all", "--long", "--json"}}
	if said["npm"], err = b.run(list); err != nil {
		return err
	}
	if said["go"], err = b.run(command{dir: b.path("programs"), args: []string{"go", "version", "-m", "usr"}}); err != nil {
		return err
	}
	if err := b.save("small", said); err != nil {
		return err
	}
	const credentials, key = "root/.aws/credentials", "srv/web/deploy.pem"
	err = b.files("plants.tar", map[string]string{
		credentials: "[default]\naws_access_key_id = " + plants.AccessKey + "\n", key: plants.PrivateKey,
	})
	if err != nil {
		return err
	}
	if err := b.files("deleted.tar", map[string]string{whiteout(credentials): "", whiteout(key): ""}); err != nil {
		return err
	}
	if err := b.pack("small.tar", b.path("app/small")); err != nil {
		return err
	}
	if err := b.pack("programs.tar", b.path("programs")); err != nil {
		return err
	}
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "DB_PASSWORD=" + plants.Password}
	return b.archive("small", env, []step{
		{"ADD rootfs.tar / # buildkit", "base.tar"},
		{"COPY credentials deploy.pem / # buildkit", "plants.tar"},
		{"CMD [\"bash\"]", ""}, // what a base image ends in
		{"RUN npm install # buildkit", "small.tar"},
		{"COPY bin /usr/local/bin # buildkit", "programs.tar"},
		{"RUN rm /root/.aws/credentials /srv/web/deploy.pem # buildkit", "deleted.tar"},
		{"ENV DB_PASSWORD=" + plants.Password, ""},
		{"CMD [\"/usr/local/bin/service\"]", ""},
	})
}

// newPlants makes secrets that never were any.
func newPlants() (*Plants, error) {
	var random [20]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, err
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	letters := base32.StdEncoding.EncodeToString(random[:])
	return &Plants{
		AccessKey:  "AKIA" + letters[:16],
		PrivateKey: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		Password:   strings.ToLower(letters[16:]),
	}, nil
}

// large makes the large image of the base system.
func (b *builder) large() error {
	before, err := b.tree()
	if err != nil {
		return err
	}
	packages := strings.Fields(text("large/debian"))
	b.log("%d packages of Debian and what they need", len(packages))
	if _, err := b.inside("apt-get", "update", "-q"); err != nil {
		return err
	}
	install := []string{"apt-get", "install", "-q", "-y", "--no-install-recommends", "-o", "DPkg::Options::=--force-unsafe-io"}
	if _, err := b.inside(append(install, packages...)...); err != nil {
		return err
	}
	if _, err := b.inside("apt-get", "clean"); err != nil {
		return err
	}
	b.log("the large image")
	if err := b.packChanges("debian.tar", before); err != nil {
		return err
	}
	if err := b.pack("large.tar", b.path("app/large")); err != nil {
		return err
	}
	said := map[string]string{}
	if said["dpkg"], err = b.dpkg(); err != nil {
		return err
	}
	if said["npm"], err = b.npmInside(); err != nil {
		return err
	}
	if said["go"], err = b.goInside(); err != nil {
		return err
	}
	if err := b.save("large", said); err != nil {
		return err
	}
	return b.archive("large", []string{"PATH=/usr/local/bin:/usr/bin:/bin"}, []step{
		{"ADD rootfs.tar / # buildkit", "base.tar"},
		{"CMD [\"bash\"]", ""},
		{"RUN apt-get update && apt-get install -y --no-install-recommends " + strings.Join(packages, " ") + " # buildkit", "debian.tar"},
		{"RUN npm install # buildkit", "large.tar"},
		{"COPY bin /usr/local/bin # buildkit", "programs.tar"},
		{"CMD [\"/usr/local/bin/service\"]", ""},
	})
}

// npmInside lists the packages of the large application by the npm of the image.
func (b *builder) npmInside() (string, error) {
	if err := os.Rename(b.path("app/large/srv/web"), b.path("root/srv/web")); err != nil {
		return "", err
	}
	return b.inside("sh", "-c", "cd /srv/web && npm ls --all --long --json")
}

// goInside lists the modules of all Go programs by the go of the image.
func (b *builder) goInside() (string, error) {
	programs, err := os.ReadDir(b.path("programs/usr/local/bin"))
	if err != nil {
		return "", err
	}
	for _, p := range programs {
		from := b.path("programs/usr/local/bin/" + p.Name())
		if err := os.Rename(from, filepath.Join(b.path("root/usr/local/bin"), p.Name())); err != nil {
			return "", err
		}
	}
	return b.inside("go", "version", "-m", "/usr")
}
